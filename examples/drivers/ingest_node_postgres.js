// Hands a webhook's body to the database with node-postgres.  The body is on
// standard input; the connection is libpq's (PGHOST and so on).
const { Client } = require('pg');

// body: the request's bytes, a Buffer.  Express: express.raw({ type: '*/*' })
async function ingestBody(client, body) {
  const result = await client.query(
    'SELECT loopit_ingest_webhook($1) AS outcome', [body]);
  return result.rows[0].outcome;
}

// text: the request's body as a string.  Express: express.text({ type: '*/*' })
async function ingestText(client, text) {
  const result = await client.query(
    'SELECT loopit_ingest_webhook_text($1) AS outcome', [text]);
  return result.rows[0].outcome;
}

async function main() {
  const client = new Client();
  await client.connect();
  const body = require('fs').readFileSync(0);
  const outcome = process.argv[2] === 'text'
    ? await ingestText(client, body.toString('utf8'))
    : await ingestBody(client, body);
  await client.end();
  console.log(outcome.log_id);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
