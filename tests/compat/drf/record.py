#!/usr/bin/env python3
"""Asks Django REST framework (site_WHAT.py) what inputs_WHAT.py says, and writes its answers as shown.jsonl has them.

    SITE_DB=FILE record.py WHAT SCHEMA.sql FIXTURE.sql OUT.jsonl
A site that has make_rows() makes the rows of the fixture, too.
"""
import base64
import importlib
import io
import json
import os
import sqlite3
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
inputs, site = (importlib.import_module(part + sys.argv[1]) for part in ("inputs_", "site_"))
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402

KEPT = ("content-type", "allow", "www-authenticate", "retry-after", "location", "vary", "x-frame-options", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy", "set-cookie", "set-cookie-attributes")


OWN = ("sqlite_", "django_migrations")  # tables that are the database's and Django's own affair


def open_database():
    connection.close()
    return sqlite3.connect(os.environ["SITE_DB"])


def make_tables():
    """The tables as migrations would make them; returned as a script."""
    site.make_tables()
    db = open_database()
    script = "".join(sql + ";\n" for name, sql in db.execute("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL") if not name.startswith(OWN))
    db.close()
    return script


def make_rows():
    """The rows that the site makes, as a script."""
    site.make_rows()
    db = open_database()
    script = "".join(line + "\n" for line in db.iterdump() if line.startswith("INSERT") and not line.startswith(tuple('INSERT INTO "' + name for name in OWN)))
    db.close()
    return script


def load(fixture):
    db = open_database()
    tables = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if not name.startswith(OWN)]
    db.executescript("PRAGMA foreign_keys=OFF;" + "".join("DELETE FROM %s;" % name for name in tables) + "DELETE FROM sqlite_sequence;" + fixture)
    db.commit()
    db.close()
    site.begin()


def cookies_of(head):
    """Names of cookies that are set, and what is said about each, as replay.py compares them."""
    cookies = [[part.strip() for part in value.split(";")] for name, value in head if name.lower() == "set-cookie"]
    said = ["; ".join([first.split("=", 1)[0]] + [part for part in rest if not part.lower().startswith("expires")]) for first, *rest in cookies]
    names = sorted(first.split("=", 1)[0] for first, *rest in cookies)
    return {"set-cookie": ", ".join(names), "set-cookie-attributes": " | ".join(sorted(said))} if cookies else {}


def everything():
    for part in inputs.PARTS:
        grouped = {}  # a group is asked in one run, whatever order they were made in
        for one in part():
            grouped.setdefault(one[0], []).append(one)
        for ones in grouped.values():
            yield from ones


def ask(application, method, target, headers, body):
    path, _, query = target.partition("?")
    environ = {"REQUEST_METHOD": method, "PATH_INFO": urllib.parse.unquote(path, "latin-1"), "QUERY_STRING": query, "SCRIPT_NAME": "",
               "SERVER_NAME": "testserver", "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "testserver", "SERVER_PROTOCOL": "HTTP/1.1",
               "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.version": (1, 0),
               "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False}
    if body or method in ("POST", "PUT", "PATCH"):
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in headers:
        key = name.upper().replace("-", "_")
        # As a server of WSGI passes them: without blanks around, and bytes as Latin-1.
        environ[key if key == "CONTENT_TYPE" else "HTTP_" + key] = value.strip(" \t").encode("utf-8").decode("latin-1")
    got = {}

    def start(status, head, problem=None):
        got["status"], got["headers"] = int(status.split()[0]), dict({name.lower(): value for name, value in head}, **cookies_of(head))

    answer = application(environ, start)
    text = b"".join(answer)
    answer.close()
    return got["status"], got["headers"], text


def main():
    schema_path, fixture_path, out_path = sys.argv[2:]
    schema = make_tables()
    with open(schema_path, "w", encoding="utf-8") as out:
        out.write(schema)
    if hasattr(site, "make_rows"):
        with open(fixture_path, "w", encoding="utf-8") as out:
            out.write(make_rows())
    with open(fixture_path, encoding="utf-8") as text:
        fixture = text.read()
    application = WSGIHandler()
    count, number, group = 0, 0, None
    with open(out_path, "w", encoding="utf-8") as out:
        for name, method, target, headers, body in everything():
            record = {}
            name = "drf-" + name
            if name != group:
                group, number = name, 0
                record["reset"] = True
                load(fixture)
            number += 1
            try:
                status, answered, text = ask(application, method, target, headers, body)
            except Exception as problem:  # what WSGI servers answer 500 to
                status, answered, text = 500, {}, str(problem).encode()
            record = dict({"id": "%s/%02d" % (group, number), "group": group}, **record)
            record.update(method=method, path=target, headers=headers)
            try:
                record["body"] = body.decode("utf-8")
            except UnicodeDecodeError:
                record["body_b64"] = base64.b64encode(body).decode()
            record.update(status=status, response_headers={k: answered[k] for k in KEPT if k in answered},
                          response_body="" if method == "HEAD" else text.decode("utf-8", "replace"))
            volatile = inputs.volatile(record)
            if volatile:
                record["volatile"] = volatile
            if status == 500:
                record["tags"] = ["reference-500"]
            out.write(json.dumps(record, ensure_ascii=True, separators=(",", ":")) + "\n")
            count += 1
    print("%d answers" % count)


if __name__ == "__main__":
    main()
