# Databases with other encodings: the meaning of a payload does not depend on the
# encoding of the database.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Loopit qw(new_node dealership);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('encodings', 'fsync = off');
my @encodings = qw(UTF8 LATIN1 WIN1252 EUC_JP SQL_ASCII);

foreach my $encoding (@encodings)
{
	my $database = lc $encoding;
	$node->safe_psql('postgres',
		"CREATE DATABASE $database ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	$node->safe_psql($database, 'CREATE EXTENSION loopit_leads');
	$node->safe_psql($database, 'SELECT loopit_setup()');
	$node->safe_psql($database, dealership());
}

# Statements and results are bytes of UTF-8; SQL_ASCII does not convert them.
sub query
{
	my ($encoding, $sql) = @_;
	local $ENV{PGCLIENTENCODING} = $encoding eq 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8';
	return $node->safe_psql(lc $encoding, $sql);
}

my $number = 0;

# Ingests a lead of a new person, with the given prospect and other parts, and
# returns the result of a query on the outcome o and the person p.
sub lead
{
	my ($encoding, $answer, $prospect, $more) = @_;
	$number++;
	my $payload = qq("id": $number, "dealership": {"id": 356}, )
	  . qq("prospect": {"email": "p$number\@example.com"$prospect}) . ($more // '');
	my $got = query($encoding, qq{
		SELECT loopit_ingest_lead('{$payload}')->>'status';
		SELECT $answer FROM loopit.ingest_log l LEFT JOIN loopit.person p ON p.id = l.person_id
		LEFT JOIN loopit.identity_document d ON d.person_id = p.id
		WHERE l.lead_reference = '$number'});
	$got =~ s/^processed\n// or die "lead $number: $got";
	return $got;
}

my %space = (
	'no-break space' => "\xc2\xa0",
	'next line' => "\xc2\x85",
	'ideographic space' => "\xe3\x80\x80",
	'em space' => "\xe2\x80\x83",
	'byte-order mark' => "\xef\xbb\xbf",
	'tab and blank' => '\t ');
my %has = (
	UTF8 => [ keys %space ],
	LATIN1 => [ 'no-break space', 'next line', 'tab and blank' ],
	WIN1252 => [ 'no-break space', 'tab and blank' ],
	EUC_JP => [ 'ideographic space', 'tab and blank' ],
	SQL_ASCII => [ keys %space ]);
my %letter = (
	UTF8 => "\xc3\xa9",
	LATIN1 => "\xc3\xa9",
	WIN1252 => "\xc3\xa9",
	EUC_JP => "\xe5\xb1\xb1",
	SQL_ASCII => "\xe5\xb1\xb1");

foreach my $encoding (@encodings)
{
	is(query($encoding, 'SHOW server_encoding'), $encoding, "$encoding: the database's");

	# All white space that the encoding has is trimmed.
	foreach my $name (sort @{ $has{$encoding} })
	{
		my $s = $space{$name};
		my $letter = $letter{$encoding};
		is( lead($encoding, 'p.first_name', qq{, "first_name": "$s$s${letter}n$s$letter$s"}),
			"${letter}n" . ($s eq '\t ' ? "\t " : $s) . $letter, "$encoding: $name is trimmed at the ends");
		is( lead($encoding, q{p.first_name IS NULL AND l.outcome->'issues' = '[]'}, qq{, "first_name": "$s$s"}),
			't', "$encoding: $name alone is nothing");
		is( lead($encoding, q{l.email LIKE 'x%@example.com' AND l.status = 'processed'},
				qq{, "email": "$s x$number\@example.com$s"}),
			't', "$encoding: $name is trimmed of an e-mail address");
		is( query($encoding, qq{SELECT loopit.is_trimmed(E'$s$letter'), loopit.is_trimmed(E'$letter$s'),
				loopit.is_trimmed(E'$letter$s$letter')}),
			'f|f|t', "$encoding: a loader may not store $name at an end");
	}

	# The limit counts characters, not bytes.
	my $letter = $letter{$encoding};
	my $most = $letter x 255;
	is(lead($encoding, 'p.last_name', qq{, "last_name": "$most"}), $most, "$encoding: 255 characters are taken");
	is(lead($encoding, q{p.last_name IS NULL, l.outcome->'issues'->0->>'code'}, qq{, "last_name": "$most$letter"}),
		't|too_long', "$encoding: 256 are not");
}

# The name of a country that is not ASCII: in encodings that have its characters.
my $passport = '"passport_number": "P1", "passport_expiry": "01/01/2030", "passport_dob": "01/01/1990"';
foreach my $encoding (@encodings)
{
	my @names = ("C\xc3\xb4te d''Ivoire", "c\xc3\xb4te D''IVOIRE", "C\xc3\x94TE d''ivoire", "Cote d''Ivoire", 'Ivory Coast');
	is( lead($encoding, 'd.issuing_country', '', qq{, "additional_details": {"passport_country": "$_", $passport}}),
		'CI', "$encoding: $_ is CI")
	  for @names;
	is( lead($encoding, q{l.outcome->'issues'->0->>'code'}, '',
			qq{, "additional_details": {"passport_country": "C\xc3\xb4te", $passport}}),
		'passport_country_unknown', "$encoding: half of it is not");
}

# The reference of a payload without an id is the same everywhere.
sub reference
{
	my ($encoding, $more) = @_;
	return query($encoding, qq{
		SELECT loopit_ingest_lead('{"dealership": {"id": 356}, "prospect": {"email": "d\@example.com",
		"first_name": "Ann$more", "b": 1.50, "aa": [true, null]}}')->>'lead_reference'});
}

my $ascii = reference('UTF8', '');
like($ascii, qr/^sha256:[0-9a-f]{64}$/, 'a digest');
is( $ascii,
	query('UTF8', q{SELECT 'sha256:' || encode(sha256(convert_to(payload::text, 'UTF8')), 'hex')
		FROM loopit.ingest_log ORDER BY id DESC LIMIT 1}),
	'of the text of the payload');
is(reference($_, ''), $ascii, "$_: the same digest") for qw(LATIN1 WIN1252 EUC_JP SQL_ASCII);
my $latin = reference('UTF8', "\xc3\xa9\xc2\xa0");
isnt($latin, $ascii, 'another payload, another digest');
is(reference('LATIN1', "\xc3\xa9\xc2\xa0"), $latin, 'LATIN1: the same digest beyond ASCII');
is(reference('SQL_ASCII', "\xc3\xa9\xc2\xa0"), $latin, 'SQL_ASCII: the same digest beyond ASCII');
my $japanese = reference('UTF8', "\xe5\xb1\xb1\xe7\x94\xb0");
is(reference('EUC_JP', "\xe5\xb1\xb1\xe7\x94\xb0"), $japanese, 'EUC_JP: the same digest beyond ASCII');

# Names of locations and plans match, and the outcome is in the encoding of the
# database.
foreach my $encoding (@encodings)
{
	my $letter = $letter{$encoding};
	query($encoding, "UPDATE loopit.package SET name = 'Plan $letter' WHERE workspace_id = 7");
	query($encoding, "UPDATE loopit.location SET name = 'Depot $letter' WHERE workspace_id = 7");
	is( lead($encoding, q{l.booking_action, l.outcome->'booking'->>'location_from', l.outcome->'issues'}, '',
			qq{, "item": {"vin": "vin1"}, "location": {"location_name": "DEPOT $letter"},
			"additional_details": {"subscription_plan": " Plan $letter "}}),
		'created|payload|[]', "$encoding: names beyond ASCII match");
}
# What makes no difference in a name: the forms that each encoding has.
my %mark = (
	'soft hyphen' => "\xc2\xad",
	'left-to-right mark' => "\xe2\x80\x8e",
	'pop directional isolate' => "\xe2\x81\xa9",
	'zero-width space' => "\xe2\x80\x8b");
my %apostrophe = (
	'right quote' => "\xe2\x80\x99",
	'left quote' => "\xe2\x80\x98",
	'acute' => "\xc2\xb4",
	'grave' => '`');
my %hyphen = (
	'en dash' => "\xe2\x80\x93",
	'hyphen' => "\xe2\x80\x90");
my %forms = (
	UTF8 => [ sort keys %space, keys %mark, keys %apostrophe, keys %hyphen ],
	LATIN1 => [ 'no-break space', 'next line', 'soft hyphen', 'acute', 'grave' ],
	WIN1252 => [ 'no-break space', 'soft hyphen', 'right quote', 'left quote', 'acute', 'grave', 'en dash' ],
	EUC_JP => [ 'ideographic space', 'right quote', 'left quote', 'acute', 'grave', 'hyphen' ],
	SQL_ASCII => [ sort keys %space, keys %mark, keys %apostrophe, keys %hyphen ]);
foreach my $encoding (@encodings)
{
	my $letter = $letter{$encoding};
	my @named = ('l.booking_action, l.outcome->\'booking\'->>\'location_from\', l.outcome->\'issues\'', '');
	my $plan = qq{"additional_details": {"subscription_plan": "Plan $letter"}};
	query($encoding, "UPDATE loopit.location SET name = 'Rio''s North-$letter' WHERE workspace_id = 7");
	foreach my $form (@{ $forms{$encoding} })
	{
		my ($vin, $location) = ('vin1', "rio''s north-$letter");
		if (my $s = $space{$form}) { $vin = "vi${s}n${s}1"; $location =~ s/ /$s/; }
		if (my $s = $mark{$form}) { $_ = "$s$_$s" for $vin, $location; }
		if (my $s = $apostrophe{$form}) { $location =~ s/\'\'/$s/; }
		if (my $s = $hyphen{$form}) { $location =~ s/-/$s/; }
		is( lead($encoding, @named, qq{, "item": {"vin": "$vin"}, "location": {"location_name": "$location"}, $plan}),
			'created|payload|[]', "$encoding: a VIN and a location with $form");
		is( lead($encoding, q{l.email LIKE 'x%@example.com' AND p.first_name = 'A'},
				qq{, "email": "$mark{$form}x$number\@example.com$mark{$form}", "first_name": "$mark{$form}A$mark{$form}"}),
			't', "$encoding: $form is trimmed")
		  if $mark{$form};
		next unless my $between = $space{$form} // $hyphen{$form};
		my $email = $number . '-licence@example.com';
		is( lead($encoding, q{d.card_number, l.outcome->'issues'}, qq{, "email": "$email"},
				qq{, "additional_details": {"license_expiry": "01/01/2100", "license_dob": "01/01/1990", $_}}),
			'C|[]', "$encoding: a licence whose number has $form")
		  for '"license_number": "123", "license_card_number": "C"', qq{"license_number": "1${between}23"};
	}
}

# A body with a mark that the encoding lacks is kept as it came.
my $body = unpack 'H*', qq({"id": "marked", "dealership": {"id": 356}, "prospect": {"email": "m\xe2\x80\x8e\@example.com"}});
foreach my $encoding (qw(LATIN1 WIN1252 EUC_JP))
{
	is( query($encoding, qq{SELECT loopit_ingest_webhook('\\x$body')->>'reason';
			SELECT encode(raw_body, 'hex') = '$body' FROM loopit.ingest_log WHERE lead_reference = 'marked'}),
		"payload_malformed\nt", "$encoding: a mark that it lacks");
}
is( $node->safe_psql('latin1', q{SELECT count(*) FROM loopit.ingest_log WHERE status = 'failed'}),
	'0', 'nothing failed');

done_testing();
