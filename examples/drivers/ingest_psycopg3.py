# Hands a webhook's body to the database with psycopg 3.  The body is on standard
# input; the connection is libpq's (PGHOST and so on).
import sys

import psycopg


def ingest_body(connection, body):
    """body: the request's bytes, not decoded"""
    with connection.transaction():
        cursor = connection.execute("SELECT loopit_ingest_webhook(%s)", (body,))
        return cursor.fetchone()[0]


def ingest_text(connection, text):
    """text: the request's body as a str"""
    with connection.transaction():
        cursor = connection.execute("SELECT loopit_ingest_webhook_text(%s)", (text,))
        return cursor.fetchone()[0]


if __name__ == "__main__":
    connection = psycopg.connect("")
    body = sys.stdin.buffer.read()
    if sys.argv[1] == "text":
        outcome = ingest_text(connection, body.decode())
    else:
        outcome = ingest_body(connection, body)
    connection.close()
    print(outcome["log_id"])
