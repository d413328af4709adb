<?php
// Hands a webhook's body to the database with PHP's PDO.  The body is on standard
// input (php://input in a web server); the second argument is a DSN, pgsql:...

// $body: the request's bytes.  PDO::PARAM_LOB is what makes it a bytea.
function ingest_body(PDO $pdo, string $body): string
{
    $statement = $pdo->prepare('SELECT loopit_ingest_webhook(?)');
    $statement->bindValue(1, $body, PDO::PARAM_LOB);
    $statement->execute();
    return $statement->fetchColumn();
}

// $text: the request's body, which has to be UTF-8
function ingest_text(PDO $pdo, string $text): string
{
    $statement = $pdo->prepare('SELECT loopit_ingest_webhook_text(?)');
    $statement->execute([$text]);
    return $statement->fetchColumn();
}

$pdo = new PDO($argv[2], null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
$body = file_get_contents('php://stdin');
$outcome = $argv[1] === 'text' ? ingest_text($pdo, $body) : ingest_body($pdo, $body);
echo json_decode($outcome)->log_id, "\n";
