-- prospect.email: an RFC 5321 mailbox with a dot-string local part and a
-- domain of LDH labels, in ASCII.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fresh :abs_srcdir '/sql/fixture/fresh.sql'
\set done :abs_srcdir '/sql/fixture/done.sql'
\ir :fresh

-- Each rule with what it lets pass and what it does not.
SELECT rule, value, replace(test.verdict('{prospect,email}', to_jsonb(value)), 'prospect.email ', '') AS verdict
FROM (VALUES
	(100, 'one @', 'ann@example.com'), (101, 'one @', 'example.com'), (102, 'one @', 'ann@@example.com'),
	(103, 'one @', 'ann@bob@example.com'), (104, 'one @', '@'),
	(200, 'local part of atoms', '@example.com'), (201, 'local part of atoms', 'a@example.com'),
	(202, 'local part of atoms', 'a.b.c@example.com'), (203, 'local part of atoms', '.ann@example.com'),
	(204, 'local part of atoms', 'ann.@example.com'), (205, 'local part of atoms', 'an..n@example.com'),
	(206, 'local part of atoms', '.@example.com'),
	(300, 'atext', '!#$%&''*+-/=?^_`{|}~@example.com'), (301, 'atext', '0@example.com'),
	(302, 'atext', '-@example.com'), (303, 'atext', 'ann+tag@example.com'),
	(304, 'atext', 'an n@example.com'), (305, 'atext', 'an"n@example.com'), (306, 'atext', 'an(n)@example.com'),
	(307, 'atext', 'an,n@example.com'), (308, 'atext', 'an:n@example.com'), (309, 'atext', 'an;n@example.com'),
	(310, 'atext', 'an<n@example.com'), (311, 'atext', 'an>n@example.com'), (312, 'atext', 'an[n@example.com'),
	(313, 'atext', 'an]n@example.com'), (314, 'atext', 'an\n@example.com'), (315, 'atext', E'an\tn@example.com'),
	(316, 'atext', E'an\x7Fn@example.com'), (317, 'atext', E'an\x01n@example.com'),
	(400, 'no quoted local part', '"ann"@example.com'), (401, 'no quoted local part', '"a@b"@example.com'),
	(402, 'nothing but the mailbox', 'Ann <ann@example.com>'), (403, 'nothing but the mailbox', '<ann@example.com>'),
	(404, 'nothing but the mailbox', 'mailto:ann@example.com'), (405, 'nothing but the mailbox', 'ann@example.com (Ann)'),
	(406, 'nothing but the mailbox', 'ann@example.com,bob@example.com'),
	(407, 'nothing but the mailbox', 'ann@example.com bob@example.com'),
	(500, 'two labels or more', 'ann@localhost'), (501, 'two labels or more', 'ann@example.com'),
	(502, 'two labels or more', 'ann@a.b.c.d.e.example.com'), (503, 'two labels or more', 'ann@'),
	(504, 'two labels or more', 'ann@.com'), (505, 'two labels or more', 'ann@example.'),
	(506, 'two labels or more', 'ann@example.com.'), (507, 'two labels or more', 'ann@example..com'),
	(508, 'two labels or more', 'ann@.'), (509, 'two labels or more', 'ann@e.c'),
	(600, 'letters, digits, hyphens', 'ann@my-example.com'), (601, 'letters, digits, hyphens', 'ann@xn--bcher-kva.example'),
	(602, 'letters, digits, hyphens', 'ann@a--b.com'), (603, 'letters, digits, hyphens', 'ann@3com.com'),
	(604, 'letters, digits, hyphens', 'ann@my_example.com'), (605, 'letters, digits, hyphens', 'ann@my example.com'),
	(606, 'letters, digits, hyphens', 'ann@example.c!m'), (607, 'letters, digits, hyphens', 'ann@example.com/x'),
	(608, 'letters, digits, hyphens', 'ann@example.com:25'),
	(700, 'no hyphen at an end', 'ann@-example.com'), (701, 'no hyphen at an end', 'ann@example-.com'),
	(702, 'no hyphen at an end', 'ann@example.-com'), (703, 'no hyphen at an end', 'ann@example.com-'),
	(704, 'no hyphen at an end', 'ann@-.com'), (705, 'no hyphen at an end', 'ann@a-b.c-d'),
	(800, 'last label not all digits', 'ann@123.com'), (801, 'last label not all digits', 'ann@example.123'),
	(802, 'last label not all digits', 'ann@127.0.0.1'), (803, 'last label not all digits', 'ann@example.1a'),
	(804, 'last label not all digits', 'ann@example.1-1'), (805, 'last label not all digits', 'ann@[127.0.0.1]'),
	(806, 'last label not all digits', 'ann@[IPv6:::1]'), (807, 'last label not all digits', 'ann@example.0'),
	(900, 'ASCII', 'änn@example.com'), (901, 'ASCII', 'ann@exämple.com'), (902, 'ASCII', 'ann@example.cöm'),
	(903, 'ASCII', 'ann＠example.com'), (904, 'ASCII', 'ann@example。com'), (905, 'ASCII', 'ann@еxample.com'),
	(906, 'ASCII', 'ann@example.１2'),
	(950, 'trimmed, any case', '  ann@example.com '), (951, 'trimmed, any case', 'ANN@EXAMPLE.COM'),
	(952, 'trimmed, any case', 'Ann@Example.Com ')
) v(n, rule, value) ORDER BY n;

-- Every character of ASCII between two letters: atext and the dot in the local
-- part; letters, digits, hyphen and the dot in the domain.
SELECT string_agg(chr(n), '' ORDER BY n) FILTER (WHERE in_local) AS in_local,
	string_agg(chr(n), '' ORDER BY n) FILTER (WHERE in_domain) AS in_domain
FROM (
	SELECT n, test.verdict('{prospect,email}', to_jsonb('a' || chr(n) || 'b@example.com')) = 'ok' AS in_local,
		test.verdict('{prospect,email}', to_jsonb('ann@a' || chr(n) || 'b.com')) = 'ok' AS in_domain
	FROM generate_series(1, 127) n) s;

-- Lengths: 64 octets of local part, 63 of a label, 254 in all.
SELECT what, length(value) AS octets, replace(test.verdict('{prospect,email}', to_jsonb(value)), 'prospect.email ', '') AS verdict
FROM (VALUES
	(1, 'local part of 64', repeat('a', 64) || '@example.com'),
	(2, 'local part of 65', repeat('a', 65) || '@example.com'),
	(3, 'local part of 64, with dots', repeat('a.', 31) || 'aa@example.com'),
	(4, 'local part of 65, with dots', repeat('a.', 32) || 'a@example.com'),
	(5, 'label of 63', 'a@' || repeat('b', 63) || '.com'),
	(6, 'label of 64', 'a@' || repeat('b', 64) || '.com'),
	(7, 'last label of 63', 'a@b.' || repeat('c', 63)),
	(8, 'last label of 64', 'a@b.' || repeat('c', 64)),
	(10, 'in all 254', repeat('a', 64) || '@' || repeat(repeat('b', 61) || '.', 3) || 'com'),
	(11, 'in all 255', repeat('a', 64) || '@' || repeat(repeat('b', 61) || '.', 3) || 'comm'),
	(12, 'in all 254, blanks around', '    ' || repeat('a', 64) || '@' || repeat(repeat('b', 61) || '.', 3) || 'com '),
	(13, 'in all 256', repeat('a', 64) || '@' || repeat(repeat('b', 61) || '.', 3) || 'comma'),
	(14, 'a megabyte', repeat('a', 1048576) || '@example.com')
) v(n, what, value) ORDER BY n;

-- Whatever is provided and no valid address is invalid, never wrong_type or
-- too_long; what is not provided is missing.
SELECT left(value::text, 20) AS value, test.verdict('{prospect,email}', value)
FROM (VALUES (1, '5'::jsonb), (2, 'true'), (3, '[]'), (4, '["ann@example.com"]'), (5, '{}'),
	(6, '{"address": "ann@example.com"}'), (7, to_jsonb(repeat('x', 300))), (8, '1e99'),
	(9, '""'), (10, '" "'), (11, 'null'), (12, NULL)) v(n, value) ORDER BY n;

-- Stored and matched in lower case, trimmed.
SELECT s.person FROM (VALUES (1, 'Bob.Brown@Example.COM'), (2, ' bob.brown@example.com'), (3, 'BOB.BROWN@EXAMPLE.COM'))
	v(n, email), LATERAL test.short(loopit_ingest_lead(test.lead_with('{prospect,email}', to_jsonb(email)))) s
ORDER BY n;
SELECT email FROM loopit.person;

-- The log has what was sent, for support to search by: at most 254 characters
-- of a string, trimmed, in (ASCII) lower case, valid or not.
SELECT count(loopit_ingest_lead(test.lead_with('{prospect,email}', value)))
FROM (VALUES ('" Not An ADDRESS\t"'::jsonb), ('"ÄNN@Example.com"'), (to_jsonb(repeat('X', 300))),
	(to_jsonb(repeat('Ü', 300))), ('5'), ('true'), ('["ann@example.com"]'), ('{}'), ('null'), (NULL)) v(value);
SELECT left(payload#>>'{prospect,email}', 20) AS sent, left(email, 20) AS logged, length(email), reason
FROM loopit.ingest_log ORDER BY id;
\ir :done
