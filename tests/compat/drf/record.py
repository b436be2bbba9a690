#!/usr/bin/env python3
"""Asks Django REST framework (site_kinds.py) what inputs.py says, and writes its answers as shown.jsonl has them.

    KINDS_DB=FILE record.py SCHEMA.sql FIXTURE.sql OUT.jsonl
"""
import base64
import io
import json
import os
import sqlite3
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inputs  # noqa: E402
import site_kinds as site  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402

KEPT = ("content-type", "allow", "location", "vary", "x-frame-options", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy")


def make_tables():
    """The tables as migrations would make them; returned as a script."""
    with connection.schema_editor() as editor:
        for model in site.MODELS:
            editor.create_model(model)
    db = sqlite3.connect(os.environ["KINDS_DB"])
    script = "".join(row[0] + ";\n" for row in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"))
    db.close()
    return script


def load(fixture):
    connection.close()
    db = sqlite3.connect(os.environ["KINDS_DB"])
    db.executescript("PRAGMA foreign_keys=OFF;" + "".join("DELETE FROM %s;" % model._meta.db_table for model in reversed(site.MODELS))
                     + "DELETE FROM sqlite_sequence;" + fixture)
    db.commit()
    db.close()


def ask(application, method, target, headers, body):
    path, _, query = target.partition("?")
    environ = {"REQUEST_METHOD": method, "PATH_INFO": urllib.parse.unquote(path, "latin-1"), "QUERY_STRING": query, "SCRIPT_NAME": "",
               "SERVER_NAME": "testserver", "SERVER_PORT": "80", "HTTP_HOST": "testserver", "SERVER_PROTOCOL": "HTTP/1.1",
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
        got["status"], got["headers"] = int(status.split()[0]), {name.lower(): value for name, value in head}

    answer = application(environ, start)
    text = b"".join(answer)
    answer.close()
    return got["status"], got["headers"], text


def main():
    schema_path, fixture_path, out_path = sys.argv[1:]
    schema = make_tables()
    with open(schema_path, "w", encoding="utf-8") as out:
        out.write(schema)
    with open(fixture_path, encoding="utf-8") as text:
        fixture = text.read()
    application = WSGIHandler()
    count, number, group = 0, 0, None
    with open(out_path, "w", encoding="utf-8") as out:
        for name, method, target, headers, body in inputs.everything():
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
            if method == "POST" and status == 201 and '"id":' in record["response_body"]:
                record["volatile"] = {"/id": "number"}  # what one refuses and the other takes shifts all that follow
            if status == 500:
                record["tags"] = ["reference-500"]
            out.write(json.dumps(record, ensure_ascii=True, separators=(",", ":")) + "\n")
            count += 1
    print("%d answers" % count)


if __name__ == "__main__":
    main()
