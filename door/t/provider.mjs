// An identity provider: oidc-provider, which gives tokens to clients, and a
// small server beside it that signs any token a test asks for with the same
// keys, so that bad ones are bad in one thing alone.
//
//	node provider.mjs PORT CONTROL-PORT		prints "ready"; commands by POST to
//	the second port:
//	/sign		{"header": …, "claims": … or "raw": text, "key": "rsa", "ec", …,
//				"hmac": "pem", …}
//	/rotate		a new RSA key; the provider starts again
//	/stop /start	the provider's own address
//	/fetches	how often the keys were fetched
import http from 'node:http';
import crypto from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(process.env.LOOPIT_NODE_MODULES + '/x');
const { default: Provider } = await import(require.resolve('oidc-provider'));

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const audience = 'https://leads.example.com';

function makeKey(kind, kid, options = {}) {
  const { privateKey, publicKey } = kind === 'ec'
    ? crypto.generateKeyPairSync('ec', { namedCurve: options.curve ?? 'P-256' })
    : crypto.generateKeyPairSync('rsa', { modulusLength: options.bits ?? 2048 });
  return { kid, privateKey, publicKey, jwk: { ...privateKey.export({ format: 'jwk' }), kid, ...options.jwk } };
}

const keys = {
  rsa: makeKey('rsa', 'rsa-1', { jwk: { alg: 'RS256', use: 'sig' } }),
  ec: makeKey('ec', 'ec-1', { jwk: { alg: 'ES256', use: 'sig' } }),
  p384: makeKey('ec', 'p384-1', { curve: 'P-384', jwk: { alg: 'ES384', use: 'sig' } }),
  encryption: makeKey('rsa', 'encryption-1', { jwk: { alg: 'RSA-OAEP', use: 'enc' } }),
  other: makeKey('rsa', 'other-1'),
};
keys.short = makeKey('rsa', 'short-1', { bits: 1024 });

// What the provider signs with, and what stands beside it in its set: keys
// that verify no token, whatever the token says.
const own = ['rsa', 'ec', 'p384'];
const beside = ['encryption', 'short'];
const symmetric = { kty: 'oct', kid: 'symmetric-1', k: Buffer.from('everybody knows this secret here').toString('base64url'), alg: 'HS256' };
let fetches = 0;
let server;

async function start() {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'sender', client_secret: 'a-secret-of-the-sender', grant_types: ['client_credentials'],
      redirect_uris: [], response_types: [],
    }],
    jwks: { keys: own.map((name) => keys[name].jwk) },
    scopes: ['leads'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource) => ({
          scope: 'leads', audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 3600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  const callback = provider.callback();
  server = http.createServer((request, response) => {
    if (request.url !== '/jwks') return callback(request, response);
    fetches++;
    const set = [...own, ...beside].map((name) => ({
      ...keys[name].publicKey.export({ format: 'jwk' }), kid: keys[name].kid, alg: keys[name].jwk.alg, use: keys[name].jwk.use,
    }));
    response.setHeader('Content-Type', 'application/jwk-set+json');
    response.end(JSON.stringify({ keys: [...set, symmetric] }));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
}

async function stop() {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function sign({ header, claims, key, raw, hmac }) {
  const text = `${encode(header)}.${raw !== undefined ? encode(raw) : encode(claims)}`;
  let signature = Buffer.alloc(0);
  if (hmac) {
    const secret = {
      pem: () => keys[key].publicKey.export({ format: 'pem', type: 'spki' }),
      der: () => keys[key].publicKey.export({ format: 'der', type: 'spki' }),
      modulus: () => Buffer.from(keys[key].publicKey.export({ format: 'jwk' }).n, 'base64url'),
      symmetric: () => Buffer.from(symmetric.k, 'base64url'),
    }[hmac]();
    signature = crypto.createHmac('sha256', secret).update(text).digest();
  } else if (key) {
    const hash = { 384: 'sha384', 512: 'sha512' }[String(header.alg).slice(-3)] ?? 'sha256';
    signature = crypto.sign(hash, Buffer.from(text), {
      key: keys[key].privateKey,
      dsaEncoding: 'ieee-p1363',
      ...(String(header.alg).startsWith('PS') ? { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}),
    });
  }
  return `${text}.${signature.toString('base64url')}`;
}

const commands = {
  '/sign': async (body) => sign(JSON.parse(body)),
  '/rotate': async () => {
    const number = Number(keys.rsa.kid.split('-')[1]) + 1;
    keys.old = keys.rsa;
    keys.rsa = makeKey('rsa', `rsa-${number}`, { jwk: { alg: 'RS256', use: 'sig' } });
    await stop();
    await start();
    return keys.rsa.kid;
  },
  '/stop': async () => { await stop(); return 'stopped'; },
  '/start': async () => { await start(); return 'started'; },
  '/fetches': async () => String(fetches),
};

await start();
http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => commands[request.url](Buffer.concat(parts).toString()).then(
    (text) => response.end(text), (error) => { response.statusCode = 500; response.end(String(error.stack)); }));
}).listen(Number(process.argv[3]), '127.0.0.1', () => console.log('ready ' + process.argv[3]));
