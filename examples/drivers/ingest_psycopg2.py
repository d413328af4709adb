# Hands a webhook's body to the database with psycopg2.  The body is on standard
# input; the connection is libpq's (PGHOST and so on).
import sys

import psycopg2


def ingest_body(connection, body):
    """body: the request's bytes, not decoded"""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT loopit_ingest_webhook(%s)", (psycopg2.Binary(body),))
        return cursor.fetchone()[0]


def ingest_text(connection, text):
    """text: the request's body as a str"""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT loopit_ingest_webhook_text(%s)", (text,))
        return cursor.fetchone()[0]


if __name__ == "__main__":
    connection = psycopg2.connect("")
    body = sys.stdin.buffer.read()
    if sys.argv[1] == "text":
        outcome = ingest_text(connection, body.decode())
    else:
        outcome = ingest_body(connection, body)
    print(outcome["log_id"])
