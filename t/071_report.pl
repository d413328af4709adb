# The report tells what to do first: an installation that is broken in seven ways
# shows each with its remedy, no value of a name or a payload reaches a browser or
# a terminal unescaped, nothing personal is on it, and it fits a telephone, a
# screen and a terminal.
use strict;
use warnings;
use Cwd ();
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('report', 'fsync = off', "timezone = 'Australia/Sydney'");

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

sub text_form
{
	return sql("SELECT loopit_report(html => false)");
}

# A text without its line breaks, so that a sentence can be searched for.
sub flowing
{
	return $_[0] =~ s/\s+/ /gr;
}

# The tasks of a report, in order: level, headline, sentences and statements.
sub tasks
{
	my ($todo) = flowing(text_form()) =~ /What to do first -+ (.*?) In this period -/;
	return grep { /\S/ } split(/ (?=\d+\. (?:FIX|ASK|LATER|NOW): )/, " $todo");
}

# The one task that matches.
sub task_like
{
	my ($pattern, $name) = @_;
	my @found = grep { /$pattern/ } tasks();
	is(scalar(@found), 1, "one task: $name") or diag(text_form());
	return $found[0] // '';
}

# Elements are closed in the order in which they were opened, and what stands in
# between is text: an answer to "is it well-formed" that needs no library.
sub is_well_formed
{
	my ($html, $name) = @_;
	my @open;
	my $wrong = '';
	$html =~ s/\A<!DOCTYPE html>\n// or $wrong = 'no doctype';
	while ($html =~ m{\G(?:<(/?)([a-z0-9]+)((?: [a-zA-Z-]+="[^"<>]*")*)(/?)>|&(?:[a-z]+|#[0-9]+|#x[0-9A-F]+);|[^<&])}gc)
	{
		my ($end, $tag, $empty) = ($1, $2, $4);
		next unless defined $tag;
		if (!$end) { push @open, $tag unless $empty; }
		elsif (pop(@open) // '') { $wrong ||= '' }
	}
	$wrong ||= 'stops at ' . substr($html, pos($html) // 0, 60) if (pos($html) // 0) < length $html;
	$wrong ||= "not closed: @open" if @open;
	is($wrong, '', $name);
	my ($ret, $out, $err) = $node->psql('postgres', 'SELECT xmlparse(document $x$<a/>$x$)');
	SKIP:
	{
		skip 'the server has no XML', 1 if $ret != 0;
		is(sql('SELECT xmlparse(document loopit_report()) IS DOCUMENT'), 't', "$name: XML agrees");
	}
}

sub lines_too_long
{
	my ($text) = @_;
	utf8::decode($text);
	# characters of East Asia take two columns
	return grep { my $wide = () = /\p{EastAsianWidth=Wide}/g; length($_) + $wide > 80 } split /\n/, $text;
}

# Ingests n leads that are n minutes apart, the newest that many days ago.
my $number = 0;
sub leads
{
	my ($count, $days, $change) = @_;
	$change //= "'{}'";
	my $first = $number + 1;
	$number += $count;
	sql(qq{
		CREATE TEMP TABLE came AS SELECT (loopit_ingest_lead(jsonb_build_object('id', 'ref' || i,
			'dealership', jsonb_build_object('id', 356),
			'prospect', jsonb_build_object('email', 'person' || i || '\@example.com', 'first_name', 'Mia', 'last_name', 'Secretname'),
			'item', jsonb_build_object('vin', 'VIN' || 1 + i % 20),
			'location', '{"location_name": "Depot"}'::jsonb,
			'additional_details', '{"subscription_plan": "Premium", "license_number": 7654321, "license_dob": "31/12/1990", "license_expiry": "31/12/2040"}'::jsonb)
			|| ($change)::jsonb) ->> 'log_id')::bigint AS id, i FROM generate_series($first, $number) i;
		UPDATE loopit.ingest_log l SET received_at = now() - interval '$days days' - i % 600 * interval '1 minute'
		FROM came WHERE came.id = l.id;});
}

# Before there is anything, and with one lead
like(flowing(text_form()), qr/1\. NOW: No lead has been received yet/, 'an empty log');
is_well_formed(sql('SELECT loopit_report()'), 'an empty log is well-formed');
like(sql('BEGIN; DELETE FROM loopit.dealership; SELECT loopit_report(html => false); ROLLBACK'), qr/NOW: Load workspaces and dealerships/, 'no dealership');
leads(1, 0);
like(flowing(text_form()), qr/1\. NOW: Nothing needs to be done/, 'one lead, and nothing is wrong');
like(text_form(), qr/^ +1  lead \(1 delivery\)\n +1  booked \(100\.0 % of leads\)\n +0  asked, not booked\n +0  rejected\n +0  failed\n +0  open in all$/m,
	'the totals of one lead');
is_well_formed(sql('SELECT loopit_report()'), 'one lead is well-formed');

# Three weeks of leads without any problem.
leads(30, $_) for reverse 1 .. 20;
leads(10, $_, q{'{"dealership": {"id": 900}}'}) for reverse 12 .. 20;
leads(30, 0);
like(flowing(text_form()), qr/Nothing needs to be done|Dealership 900/, 'a good month');
is(scalar(grep { !/Dealership 900/ && !/NOW/ } tasks()), 0, 'has no task but the silent dealership')
  or diag(text_form());

# Broken on purpose
sql(q{UPDATE loopit.package SET name = 'Premiums' WHERE workspace_id = 7});
leads(12, 0);
sql(q{UPDATE loopit.package SET name = 'Premium' WHERE workspace_id = 7});
leads(7, 0, q{'{"dealership": {"id": 999}}'});
leads(3, 0, q{'{"item": {"vin": "VINUNKNOWN77"}}'});
leads(20, 0, q{jsonb_build_object('additional_details', '{"subscription_plan": "Premium", "license_number": 7654321, "license_dob": "31/12/1990", "licence_expiry": "31/12/2040"}'::jsonb)});
sql(q{CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END';
	CREATE TRIGGER refuse BEFORE INSERT ON loopit.person FOR EACH ROW EXECUTE FUNCTION refuse()});
leads(4, 0);
sql(q{DROP TRIGGER refuse ON loopit.person});
leads(2, 0, q{'{"prospect": {"email": "none"}}'});
leads(1, 0, q{'{"location": {"location_name": "Nowhere"}, "item": {"vin": "HOMELESS1"}}'});

# The package has its name again, so that only the replay is left; then it has not.
my $task = task_like(qr/Premium/, 'a package that is there again');
like($task, qr/FIX: 12 leads wait to be replayed: the package "Premium" is there now/, 'its leads are to be replayed');
sql(q{UPDATE loopit.package SET name = 'Premiums' WHERE workspace_id = 7});
$task = task_like(qr/12 leads wait/, 'a renamed package');
like($task, qr/^\s*1\. FIX: 12 leads wait for the package "Premium", which workspace "Dealer A" \(7\) does not have /,
	'most leads wait for it, so it is first');
like($task, qr/The workspace has a package "Premiums"\. All came in this period/, 'the package that may be meant, and since when');
like($task, qr/INSERT INTO loopit\.package \(workspace_id, name\) VALUES \(7, 'Premium'\);/, 'the statement that adds it');
my ($replay) = $task =~ /(SELECT loopit_replay_lead\(log_id\) FROM .*?;)/;
is($replay, q{SELECT loopit_replay_lead(log_id) FROM loopit.unresolved_lead WHERE reason = 'package_not_found' AND workspace_id = 7;},
	'the statement that replays');

$task = task_like(qr/dealership 999/, 'an unknown dealership');
like($task, qr/FIX: 7 leads wait for dealership 999, which no workspace has .*INSERT INTO loopit\.dealership \(id, workspace_id\) VALUES \(999, :workspace_id\);.*WHERE reason = 'workspace_not_found' AND dealership_id = 999;/, 'what to do about it');
$task = task_like(qr/database error/, 'a trigger that raises');
like($task, qr/FIX: 4 leads failed with a database error \(SQLSTATE P0001\) A trigger or a function raised it\..*log id, \d+\..*WHERE reason = 'database_error';/, 'what to do about it');
$task = task_like(qr/for 2 vehicles|for 1 vehicle|VINUNKNOWN77/, 'an unknown vehicle');
like($task, qr/"VINUNKNOWN77" \(3 leads\)/, 'its VIN');
$task = task_like(qr/Dealership 900/, 'a silent dealership');
like($task, qr/ASK: Dealership 900 has sent nothing for 1[12] days It belongs to workspace "Dealer B" \(8\)\. Its last lead came on .*; until then it sent 1\d a day\./, 'since when, and what it used to send');
$task = task_like(qr/license_expiry/, 'a field that the sender renamed');
like($task, qr/ASK: Driver licences are not stored: \d+\.\d % of leads, 0\.0 % before additional_details\.license_expiry: .* with 20 leads, all of dealership 356\. The website may have renamed this field\. New there, and not read: additional_details\.licence_expiry\./,
	'the old share and the new one, and the new name');
$task = task_like(qr/e-mail address/, 'leads that only the sender can correct');
like($task, qr/LATER: 2 leads were not stored: the value is not a valid e-mail address/, 'come last');

my $levels = join(' ', map { /(FIX|ASK|LATER)/ } tasks());
like($levels, qr/^(FIX )+(ASK )+(LATER ?)+$/, 'the order of the tasks');

# What it says is true: fixed as it says, the tasks go.
sql(q{UPDATE loopit.package SET name = 'Premium' WHERE workspace_id = 7; INSERT INTO loopit.dealership VALUES (999, 7)});
sql($replay);
sql($_) for flowing(text_form()) =~ /(SELECT loopit_replay_lead\(log_id\) FROM loopit\.unresolved_lead WHERE reason = '(?:workspace_not_found|database_error)'.*?;)/g;
is(scalar(grep { /Premium|999|database error/ } tasks()), 0, 'the statements settle what they are for');

# Nothing personal is on it.
for my $form (text_form(), sql('SELECT loopit_report()'))
{
	unlike($form, qr/Secretname|person\d|\d\@example|ref\d|7654321/, 'nothing personal');
}
leads(3, 0, q{jsonb_build_object('prospect', jsonb_build_object('email', 'x@example.org', 'first_name', 'Zoltan'),
	'additional_details', jsonb_build_object('subscription_plan', (ARRAY['mail zoltan.k@example.org', 'for Zoltan', 'call 0412 345 678'])[1 + i % 3]))});
$task = task_like(qr/3 leads wait for a package/, 'plans that are personal');
unlike(text_form(), qr/zoltan|0412/i, 'are not shown');
like($task, qr/The name is not shown, because it may be personal: it is in row \d+ of loopit\.ingest_log/, 'but where they are');
sql(q{UPDATE loopit.ingest_log SET dismissed_at = now() WHERE dismissed_at IS NULL});

# Hostile names
my $hostile = q{E'<script>alert(1)</script>"&\\'' || chr(27) || '[31m' || chr(155) || chr(8238) || chr(8203) || chr(1) || chr(917569) || chr(65534) || '漢字漢字' || repeat(chr(1513), 90)};
sql(qq{UPDATE loopit.workspace SET name = $hostile WHERE id = 7;
	UPDATE loopit.package SET name = $hostile WHERE workspace_id = 7});
leads(3, 0, qq{jsonb_build_object('additional_details', jsonb_build_object('subscription_plan', $hostile))});
leads(3, 0, q{jsonb_build_object('additional_details', jsonb_build_object('subscription_plan', E'O\'Hara; \\\\ DROP'), 'item', jsonb_build_object('vin', 'VIN1'))});
leads(3, 0, qq{jsonb_build_object('item', jsonb_build_object('vin', $hostile || '1'))});
leads(3, 0, qq{jsonb_build_object('item', jsonb_build_object('vin', 'HOMELESS1'), 'location', jsonb_build_object('location_name', $hostile))});
sql(q{UPDATE loopit.ingest_log SET outcome = jsonb_set(outcome, '{issues}', jsonb_build_array(jsonb_build_object('code', E'<img onerror=x>\u202e', 'field', E'</td>\u0007')))
	WHERE id = (SELECT max(id) FROM loopit.ingest_log)});
sql(q{UPDATE loopit.ingest_log SET reason = E'<b>\u202e''x', status = 'rejected', booking_reason = NULL WHERE id = (SELECT max(id) - 1 FROM loopit.ingest_log)});
my $html = sql('SELECT loopit_report()');
my $text = text_form();
is_well_formed($html, 'hostile names are well-formed');
unlike($html, qr/<script|<img|<b>\W*[\\x]|<[^>]*onerror|\r|[^\x20-\x7e\n]/, 'no markup of theirs, and ASCII alone');
like($html, qr/&lt;script&gt;alert\(1\)/, 'they are shown as they are');
unlike($html, qr/&#x(?:1B|9B|202E|200B|E0041|FFFE|1);/, 'what nobody sees is written out, not sent to the browser');
like($html, qr/\\u202E/, 'as its code point');
unlike(join("\n", $html =~ /<[^>]*>/g, $html =~ m{<style>(.*)</style>}s),
	qr/<(?:script|link|iframe|object|embed|img|form|base)\b|\b(?:src|href|srcset|action|on[a-z]+)=|url\(|\@import/i,
	'nothing is fetched or run');
my $decoded = $text;
utf8::decode($decoded);
unlike($decoded, qr/[^\P{Cc}\n]|\p{Cf}|[\x{fffe}]/, 'no control or format character reaches a terminal');
is_deeply([ lines_too_long($text) ], [], 'no line is longer than 80 columns');
my ($statement) = flowing($text) =~ /(INSERT INTO loopit\.package .*?O''Hara.*?;) SELECT/;
sql(qq{INSERT INTO loopit.workspace (id, name) VALUES (9, 'empty')});
ok($statement, 'a name with a quote and a backslash is offered as a statement');
sql($statement);
is(sql(q{SELECT name FROM loopit.package WHERE workspace_id = 7 AND name LIKE 'O%'}), q{O'Hara; \\ DROP}, 'which adds that name');

# A sender that names thousands of packages gets a page of the same length.
leads(400, 0, q{jsonb_build_object('additional_details', jsonb_build_object('subscription_plan', 'Plan ' || i))});
cmp_ok(scalar(tasks()), '<=', 12, 'at most twelve tasks');
like(flowing(text_form()), qr/\d+ more, of fewer leads each, are left out/, 'and that there are more');

# Arguments
for my $since ("'-1 day'", "'0'", "'1 mon -40 days'")
{
	my ($ret, $out, $err) = $node->psql('postgres', "SELECT loopit_report($since)");
	like($err, qr/ERROR:  since must be positive\nHINT:  Give the time that the report covers/, "since $since");
}
for my $since ('NULL', "'10000 years'", "'178000000 years'", "'1 us'", "'-1 day 1 year'")
{
	like(sql("SELECT loopit_report($since, NULL)"), qr/^<!DOCTYPE html>/, "since $since is answered");
}
like(sql('SELECT loopit_report(NULL, false)'), qr/^Leads of the last 24 hours\n/, 'NULL is a day');
like(sql("SELECT loopit_report('10000 years', false)"), qr/^All leads of the log\n/, 'the whole log');
my ($ret, $out, $err) = $node->psql('postgres', 'CREATE ROLE nobody; SET ROLE nobody; SELECT loopit_report()');
like($err, qr/permission denied for function loopit_report/, 'PUBLIC may not read it');
is(sql(q{CREATE ROLE reader; GRANT EXECUTE ON FUNCTION loopit_report TO reader; SET ROLE reader;
	SET default_transaction_read_only = on; SELECT left(loopit_report(), 15)}), '<!DOCTYPE html>', 'a role that may read nothing else can, in a transaction that may not write');

# The extension in another schema: its functions are named with it.
sql('CREATE DATABASE other');
$node->safe_psql('other', $_) for 'CREATE SCHEMA "My ext"', 'CREATE EXTENSION loopit_leads SCHEMA "My ext"', 'SELECT "My ext".loopit_setup()';
$node->safe_psql('other', q{INSERT INTO loopit.workspace VALUES (7, 'A'); INSERT INTO loopit.dealership VALUES (356, 7);
	SELECT "My ext".loopit_ingest_lead('{"id": 1, "dealership": {"id": 1}, "prospect": {"email": "a@example.com"}}')});
like(flowing($node->safe_psql('other', 'SELECT "My ext".loopit_report(html => false)')), qr/SELECT "My ext"\.loopit_replay_lead\(log_id\)/,
	'functions of another schema');

# In a browser: a frame of each width tells how wide its page is.
my $chromium = (grep { -x } map { ("$_/chromium", "$_/chromium-browser", "$_/google-chrome") } split /:/, $ENV{PATH})[0];
SKIP:
{
	skip 'there is no Chromium', 3 unless $chromium;
	my $folder = Cwd::abs_path(PostgreSQL::Test::Utils::tempdir());
	my $page = $html =~ s/&/&amp;/gr =~ s/"/&quot;/gr;
	open(my $frames, '>', "$folder/frames.html") or die "frames.html: $!\n";
	print $frames '<!DOCTYPE html><meta charset="utf-8"/><body>';
	print $frames qq{<iframe style="width:${_}px;height:20000px;border:0" srcdoc="$page"></iframe>} for 360, 1200;
	print $frames q{<script>onload = () => { document.title = [...document.querySelectorAll('iframe')].map(frame => {
		const page = frame.contentDocument, root = page.documentElement;
		const right = Math.max(...[...page.querySelectorAll('body *')].map(e => e.getBoundingClientRect().right));
		return root.clientWidth + ':' + root.scrollWidth + ':' + (right <= root.clientWidth + 1) + ':' + page.querySelectorAll('.todo').length }).join(' ') }</script>};
	close($frames);
	my $dom = `'$chromium' --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir=$folder/profile --virtual-time-budget=20000 --dump-dom file://$folder/frames.html 2>/dev/null`;
	my ($title) = $dom =~ m{<title>(.*?)</title>};
	like($title // '', qr/^360:360:true:\d+ /, 'it fits 360 pixels');
	like($title // '', qr/ 1200:1200:true:\d+$/, 'and 1200');
	like($title // '', qr/:true:([1-9]\d*) /, 'and has tasks there');
}

$node->stop;
done_testing();
