#!/usr/bin/env python3
"""Records what the project in tests/compat/reference answers to further requests: tests/compat/more.jsonl.

    PYTHON tests/compat/drf/record_tracker.py

PYTHON is one of a virtual environment with the releases that ask.sh names, and channels, djangochannelsrestframework, channelsmultiplexer,
channels-redis, drf-nested-routers, djangorestframework-simplejwt and pillow besides. Each group starts from the fixture; an exchange that the project
fails at is recorded as it is.
"""
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import threading
import wsgiref.simple_server

HERE = os.path.dirname(os.path.abspath(__file__))
COMPAT = os.path.dirname(HERE)
sys.path[:0] = [COMPAT, os.path.join(COMPAT, "reference")]
import replay  # noqa: E402

ADMIN, ALICE, BOB = (("Authorization", "Token " + digit * 40) for digit in "123")
JSON, FORM = ("Content-Type", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")
HEADERS = ["content-type", "allow", "www-authenticate", "location", "vary", "x-frame-options", "x-content-type-options", "referrer-policy",
           "cross-origin-opener-policy"]


def ask(method, path, body=None, *headers):
    return method, path, list(headers) + ([JSON] if body is not None and FORM not in headers else []), body


# Of which only the shape is told: they are the moment of the recording.
VOLATILE = {("POST", "/api/tickets/1/comments/"): {"/created_at": "datetime"}, ("POST", "/api/tickets/1/close/"): {"/updated_at": "datetime"}}


def issue(**more):
    """A new issue as JSON."""
    return json.dumps(dict({"team": "ops", "key": "NEW-1", "summary": "Something new", "opened_on": "2024-01-01"}, **more))


GROUPS = {
    "more-assign": [
        ask("POST", "/desk/issues/1/assign/", '{"user": 2}'),
        ask("POST", "/desk/issues/1/assign/", '{"user": 2, "comment": "yours"}', BOB),
        ask("GET", "/desk/issues/1/", None),
        ask("POST", "/desk/issues/1/assign/", '{"user": "3", "notify": "no"}', BOB),
        ask("POST", "/desk/issues/1/assign/", "{}", BOB),
        ask("POST", "/desk/issues/1/assign/", '{"user": null}', BOB),
        ask("POST", "/desk/issues/1/assign/", '{"user": 5}', BOB),
        ask("POST", "/desk/issues/1/assign/", '{"user": 99}', BOB),
        ask("POST", "/desk/issues/1/assign/", '{"user": "x"}', BOB),
        ask("POST", "/desk/issues/1/assign/", '{"user": true}', BOB),
        ask("POST", "/desk/issues/1/assign/", '{"user": [2]}', BOB),
        ask("POST", "/desk/issues/1/assign/", '{"user": ""}', BOB),
        ask("POST", "/desk/issues/1/assign/", '{"user": 2, "comment": ""}', BOB),
        ask("POST", "/desk/issues/1/assign/", '{"user": 2, "comment": "longer than twenty characters"}', BOB),
        ask("POST", "/desk/issues/1/assign/", '{"user": 2, "comment": null, "notify": null}', BOB),
        ask("POST", "/desk/issues/1/assign/", '[]', BOB),
        ask("POST", "/desk/issues/1/assign/", "user=4&comment=form", BOB, FORM),
        ask("POST", "/desk/issues/1/assign.json", '{"user": 2}', BOB),
        ask("POST", "/desk/issues/999/assign/", '{"user": 2}', BOB),
        ask("POST", "/desk/issues/x/assign/", '{"user": 2}', BOB),
        ask("GET", "/desk/issues/1/assign/", None, BOB),
        ask("OPTIONS", "/desk/issues/1/assign/", None, BOB),
        ask("OPTIONS", "/desk/issues/1/assign/", None),
        ask("GET", "/desk/issues/1/", None),
    ],
    "more-watch": [
        ask("POST", "/desk/issues/2/watch/"),
        ask("DELETE", "/desk/issues/2/watch/"),
        ask("POST", "/desk/issues/2/watch/", None, BOB),
        ask("GET", "/desk/issues/2/"),
        ask("POST", "/desk/issues/2/watch/", None, BOB),
        ask("GET", "/desk/issues/2/"),
        ask("POST", "/desk/issues/2/watch/", '{"anything": 1}', ALICE),
        ask("DELETE", "/desk/issues/2/watch/", None, BOB),
        ask("DELETE", "/desk/issues/2/watch/", None, BOB),
        ask("GET", "/desk/issues/2/"),
        ask("GET", "/desk/issues/2/watch/", None, BOB),
        ask("PUT", "/desk/issues/2/watch/", "{}", BOB),
        ask("POST", "/desk/issues/999/watch/", None, BOB),
        ask("POST", "/desk/issues/2/watch.json", None, BOB),
        ask("POST", "/desk/issues/2/watch/?kind=bug", None, BOB),
        ask("DELETE", "/desk/issues/2/watch/", None, BOB, ("Accept", "text/html")),
        ask("OPTIONS", "/desk/issues/2/watch/"),
    ],
    "more-purge": [
        ask("POST", "/desk/issues/purge/"),
        ask("POST", "/desk/issues/purge/", None, BOB),
        ask("GET", "/desk/issues/purge/", None, ADMIN),
        ask("DELETE", "/desk/issues/2/", None, BOB),
        ask("DELETE", "/desk/issues/5/", None, BOB),
        ask("POST", "/desk/issues/purge/", None, ADMIN),
        ask("POST", "/desk/issues/purge/", "{}", ADMIN),
        ask("GET", "/desk/hyper-issues/?x=1"),
        ask("OPTIONS", "/desk/issues/purge/", None, ADMIN),
    ],
    "more-components": [
        ask("POST", "/desk/issues/", issue(components=[1, 2]), BOB),
        ask("POST", "/desk/issues/", issue(key="NEW-2", components=[1, 4]), BOB),
        ask("POST", "/desk/issues/", issue(key="NEW-2", components=[4], severity=1), BOB),
        ask("POST", "/desk/issues/", issue(key="NEW-2", components=[99]), BOB),
        ask("POST", "/desk/issues/", issue(key="NEW-2", summary="", components=[4]), BOB),
        ask("POST", "/desk/issues/", issue(key="NEW-2", summary="   "), BOB),
        ask("POST", "/desk/issues/", issue(key="NEW-2", summary=None), BOB),
        ask("POST", "/desk/issues/", issue(key="NEW-2", summary="abc"), BOB),
        ask("POST", "/desk/issues/", issue(key="NEW-3", components=[], watchers=["bob", "alice"]), BOB),
        ask("PATCH", "/desk/issues/33/", '{"components": [4]}', BOB),
        ask("PATCH", "/desk/issues/33/", '{"components": [1, 1]}', BOB),
        ask("PATCH", "/desk/issues/33/", '{"team": "web"}', BOB),
        ask("PATCH", "/desk/issues/33/", '{"team": "web", "components": [5, 4]}', BOB),
        ask("PATCH", "/desk/issues/33/", '{"components": "4"}', BOB),
        ask("PATCH", "/desk/issues/33/", '{"components": null}', BOB),
        ask("PATCH", "/desk/issues/33/", '{"watchers": ["zoe", "nobody"]}', BOB),
        ask("PATCH", "/desk/issues/33/", '{"watchers": []}', BOB),
    ],
    "more-flat": [
        ask("GET", "/flat/teams"), ask("GET", "/flat/teams/ops"), ask("GET", "/flat/teams/"), ask("GET", "/flat/teams/ops/"),
        ask("GET", "/flat/teams/none"), ask("OPTIONS", "/flat/teams"), ask("GET", "/flat/people/alice/logs"),
        ask("GET", "/flat/people/Alice/logs"), ask("GET", "/flat/people/alice1/logs"), ask("GET", "/flat/people/nobody/logs"),
        ask("GET", "/flat/people/alice/logs/"), ask("GET", "/flat/people/alice/logs/1"), ask("GET", "/flat/people//logs"),
        ask("POST", "/flat/people/alice/logs", "{}"), ask("OPTIONS", "/flat/people/alice/logs"), ask("GET", "/flat/people/al%69ce/logs"),
        ask("GET", "/flat/people/%C3%A4/logs"), ask("HEAD", "/flat/people/bob/logs"),
    ],
    "more-notices": [
        ask("GET", "/desk/notices/"), ask("OPTIONS", "/desk/notices/"),
        ask("POST", "/desk/notices/", '{"posted_on": "2024-02-29", "slug": "leap"}'),
        ask("POST", "/desk/notices/", '{"posted_on": "2024-02-28", "slug": "leap", "title": "Leap day"}'),
        ask("POST", "/desk/notices/", '{"posted_on": "2025-02-01", "slug": "leap", "title": "Leap day"}'),
        ask("POST", "/desk/notices/", '{"posted_on": "2024-05-01", "slug": "may", "code": "L1"}'),
        ask("POST", "/desk/notices/", '{"posted_on": "2024-05-01", "slug": "may", "title": "Leap day", "code": "L2"}'),
        ask("POST", "/desk/notices/", '{"posted_on": "2024-05-02", "slug": "may", "code": "L2"}'),
        ask("POST", "/desk/notices/", '{"posted_on": "2024-02-02", "slug": "x", "title": "", "code": null}'),
        ask("POST", "/desk/notices/", '{"slug": "x"}'), ask("POST", "/desk/notices/", "{}"),
        ask("PATCH", "/desk/notices/2/", '{"title": "New"}'),
        ask("PATCH", "/desk/notices/2/", '{"title": "New", "posted_on": "2024-02-01", "slug": "plan", "code": null}'),
        ask("PATCH", "/desk/notices/2/", '{"posted_on": "2024-02-29", "slug": "leap", "title": "t", "code": "q"}'),
        ask("PUT", "/desk/notices/1/", '{"posted_on": "2024-02-29", "slug": "leap", "title": "Leap day", "code": "L1"}'),
        ask("PUT", "/desk/notices/1/", '{"posted_on": "2023-02-28", "slug": "leap", "title": "Leap day", "code": "L1"}'),
        ask("DELETE", "/desk/notices/3/"),
    ],
    "more-report": [
        ask("POST", "/desk/report/", '{"a": [1, 2.50, null, "x"], "b": true}'),
        ask("POST", "/desk/report/", "a=1&b=2", FORM), ask("POST", "/desk/report/", ""), ask("POST", "/desk/report/", "{"),
        ask("POST", "/desk/report/", '{"a": 1}', ("Accept", "text/csv")), ask("POST", "/desk/report/?format=txt", '{"a": "b"}'),
    ],
    "more-issue-actions": [
        ask("GET", "/desk/issues/2/steps/2/"), ask("GET", "/desk/issues/2/steps/1/"), ask("GET", "/desk/issues/2/steps/x/"),
        ask("GET", "/desk/issues/999/steps/2/"), ask("GET", "/desk/issues/2/steps/99999999999999999999/"),
        ask("OPTIONS", "/desk/issues/2/steps/2/"), ask("GET", "/desk/issues/count-by-kind/"),
        ask("GET", "/desk/issues/count-by-kind/?kind=bug"), ask("GET", "/desk/issues/count-by-kind/?severity=x"),
        ask("GET", "/desk/issues/count-by-kind/?search=DNS"), ask("POST", "/desk/issues/count-by-kind/", "{}", BOB),
    ],
    "more-memberships": [
        ask("GET", "/desk/memberships/"), ask("OPTIONS", "/desk/memberships/"),
        ask("POST", "/desk/memberships/", '{"team": "ops", "user": "carol"}'),
        ask("POST", "/desk/memberships/", '{"team": "ops", "user": "carol", "role": "guest"}'),
        ask("POST", "/desk/memberships/", '{"team": "none", "user": "nobody", "role": "boss"}'),
        ask("POST", "/desk/memberships/", "{}"), ask("PATCH", "/desk/memberships/1/", '{"role": "lead"}'),
        ask("PATCH", "/desk/memberships/1/", '{"team": "web"}'), ask("PATCH", "/desk/memberships/1/", '{"user": "bob"}'),
        ask("PUT", "/desk/memberships/1/", '{"team": "ops", "user": "alice"}'), ask("DELETE", "/desk/memberships/1/"),
        ask("GET", "/desk/teams/ops/"), ask("PATCH", "/desk/teams/ops/", '{"members": [1, 2]}', ADMIN),
        ask("POST", "/desk/teams/", '{"code": "new", "name": "New", "members": [1]}', ADMIN),
        ask("POST", "/desk/teams/", '{"code": "a b", "name": "", "lead": "zoe"}', ADMIN),
        ask("POST", "/desk/teams/", '{"code": "n2", "name": "N"}', BOB), ask("POST", "/desk/teams/", '{"code": "n2", "name": "N"}'),
        ask("OPTIONS", "/desk/teams/", None, ADMIN), ask("OPTIONS", "/desk/teams/ops/", None, ADMIN), ask("OPTIONS", "/desk/teams/", None, BOB),
        ask("DELETE", "/desk/teams/new/", None, ADMIN), ask("GET", "/desk/teams/OPS/"), ask("GET", "/desk/teams/desk-2/"),
    ],
    "more-sprints": [
        ask("GET", "/desk/sprints/"), ask("OPTIONS", "/desk/sprints/"),
        ask("POST", "/desk/sprints/", '{"team": 1, "name": "s", "starts": "2024-02-02", "ends": "2024-02-01"}'),
        ask("POST", "/desk/sprints/", '{"team": 3, "name": "s", "starts": "2024-02-02", "ends": "2024-02-03", "active": true}'),
        ask("POST", "/desk/sprints/", '{"team": 3, "name": "t", "starts": "2024-02-02", "ends": "2024-02-03", "active": true}'),
        ask("POST", "/desk/sprints/", '{"team": 3, "name": "u", "starts": "2024-02-02", "ends": "2024-02-03", "velocity": -1}'),
        ask("POST", "/desk/sprints/", '{"team": 3, "name": "u", "starts": "2024-02-02", "ends": "2024-02-03", "velocity": 5}'),
        ask("POST", "/desk/sprints/", '{"team": 2, "name": "u", "starts": "2024-02-02", "ends": "2024-02-03", "velocity": 6}'),
        ask("POST", "/desk/sprints/", '{"team": 9, "name": "", "starts": "x", "ends": null}'), ask("POST", "/desk/sprints/", "{}"),
    ],
    "more-worklogs": [
        ask("GET", "/desk/issues/2/worklogs/"), ask("GET", "/desk/issues/2/worklogs/?limit=1"), ask("GET", "/desk/issues/2/worklogs/?limit=1&offset=1"),
        ask("POST", "/desk/issues/2/worklogs/", '{"started_at": "2024-05-01T08:00:00Z", "minutes": 5}'),
        ask("POST", "/desk/issues/2/worklogs/", '{"started_at": "2024-05-01T08:00:00Z", "minutes": 5, "author": "alice", "issue": 1}', BOB),
        ask("POST", "/desk/issues/2/worklogs/", '{"started_at": "2024-05-01T08:00:00+05:00", "minutes": 0}', BOB),
        ask("POST", "/desk/issues/2/worklogs/", '{"started_at": "soon", "minutes": 1441, "note": null}', BOB),
        ask("POST", "/desk/issues/999/worklogs/", '{"started_at": "2024-05-01T08:00:00Z", "minutes": 5}', BOB),
        ask("GET", "/desk/issues/999/worklogs/"), ask("GET", "/desk/issues/1/worklogs/2/"), ask("GET", "/desk/issues/2/worklogs/1/"),
        ask("PATCH", "/desk/issues/2/worklogs/1/", '{"minutes": 16}', BOB), ask("DELETE", "/desk/issues/2/worklogs/1/", None, BOB),
        ask("OPTIONS", "/desk/issues/2/worklogs/", None, BOB), ask("OPTIONS", "/desk/issues/2/worklogs/"), ask("GET", "/desk/issues/2/worklogs.json"),
    ],
    "more-issue-filters": [ask("GET", "/desk/issues/?" + query) for query in (
        "order=points", "order=-points,due_at", "order=team", "order=-team&p=2", "order=nothing", "order=points,nothing", "component=Database",
        "component=Database&component=Network", "component=None", "owner=2", "owner=null", "owner=99", "owner=x", "kind=bug&kind=task", "kind=none",
        "kind_not=bug", "kind_not=none", "opened=today", "opened=year", "opened=none", "opened_between=2023-11-10,2023-12-01", "opened_between=2023-11-10",
        "opened_between=a,b", "due_after=2023-05-01", "due_before=2023-05-05T04:30:00", "due_after=x", "no_due=true", "no_due=false", "no_due=1", "no_due=x",
        "watcher=alice", "watcher=nobody", "mine=true", "team=ops", "team=ops,web", "team=", "severity__in=1,2", "severity__in=1,x", "severity__range=1,2",
        "severity__gte=2", "points__lt=1", "points__isnull=true", "points__range=1,2", "points=1.5", "points=x", "key=OPS-3", "key__startswith=WEB",
        "key__iregex=%5Eweb", "key__iregex=(", "opened_on__year__gt=2022", "opened_on__week_day=3", "opened_on__quarter=4", "opened_on__quarter=9",
        "duplicate_of=1", "duplicate_of__isnull=false", "duplicate_of=999", "team__lead__username=alice", "team__lead__username__icontains=LI",
        "due_at__date=2023-05-05", "due_at__hour=4", "due_at__year=2024", "archived=true", "archived=false", "p=end", "p=2", "p=0", "p=99",
        "search=dns", "search=backup+missing", "search=OPS", "search=Database", "search=alice", "ordering=key", "ordering=-severity,key", "ordering=nothing")],
    "more-mine": [ask("GET", "/desk/issues/?mine=true", None, ALICE), ask("GET", "/desk/issues/?mine=false", None, ALICE), ask("GET", "/desk/issues/?mine=x", None, ALICE),
                  ask("GET", "/desk/issues/?mine=True", None, BOB), ask("GET", "/desk/issues/?mine=1", None, BOB)],
    "more-steps": [
        ask("PATCH", "/desk/issues/2/", '{"steps": [{"id": 3, "text": "kept"}, {"text": "new", "position": 7}]}', BOB),
        ask("PATCH", "/desk/issues/2/", '{"steps": [{"id": 1, "text": "of another"}]}', BOB), ask("PATCH", "/desk/issues/2/", '{"steps": [{"id": "x", "text": ""}]}', BOB),
        ask("PATCH", "/desk/issues/2/", '{"steps": {}}', BOB), ask("PATCH", "/desk/issues/2/", '{"steps": null}', BOB), ask("PATCH", "/desk/issues/2/", '{"steps": []}', BOB),
        ask("POST", "/desk/issues/", issue(key="NEW-9", steps=[{"id": 4, "text": "a"}, {"text": "b", "done": True}]), BOB),
        ask("POST", "/desk/issues/", issue(key="new", points="1.3", score=2, tags=["a", 1], severity=4, kind="x", opened_on="x", reporter=1), BOB),
        ask("POST", "/desk/issues/", issue(key="NEW-8", points="1.5", score=-1, tags=[], meta={"a": None}, severity="1", due_at="2023-01-01T00:00:00Z"), BOB),
        ask("POST", "/desk/issues/", issue(key="OPS-3", duplicate_of=999, assignee=99, slug="a b"), BOB), ask("POST", "/desk/issues/", "{}", BOB),
        ask("PUT", "/desk/issues/3/", issue(key="OPS-3", severity=2), BOB), ask("DELETE", "/desk/issues/3/", None, BOB), ask("GET", "/desk/issues/3/"),
        ask("DELETE", "/desk/issues/4/"),
    ],
    "more-lab": [ask("POST", "/desk/lab/", body) for body in (
        '{"code": "abc1", "handle": "über-uns", "raw": "  x ", "short": "abc"}', '{"code": "abc1\\n", "handle": "a b", "raw": "", "short": "a"}',
        '{"code": "ABC1", "short": "abcde", "maybe": null, "secret": "s"}', '{"maybe": "yes", "document": {"a": [1.0, null]}}', '{"maybe": "x", "document": null}',
        '{"when": "01.02.2024 03:04"}', '{"when": "2024-02-01T03:04:05Z"}', '{"when": "2024-02-01"}', '{"day": "01/02/2024"}', '{"day": "2024-02-01"}',
        '{"clock": "03:04:05.5"}', '{"clock": "3 pm"}', '{"wait": "1 02:03:04"}', '{"wait": "P1DT2H"}', '{"wait": "x"}', '{"wait": 61}', '{"pause": "0:00:30"}',
        '{"pause": "2 00:00:00"}', '{"pause": "0:02:00"}', '{"small": 0, "ratio": 1.5}', '{"small": "10", "ratio": "0.5"}', '{"small": 1.5, "big": "9007199254740993"}',
        '{"address": {"street": "Nowhere"}}', '{"address": {"street": "Main", "zip": "1234"}}', '{"address": {"street": "Main", "zip": "12345", "geo": {"lat": "1.5", "lon": 181}}}',
        '{"address": {"geo": null}}', '{"address": null}', '{"address": []}', '{"contacts": []}', '{"contacts": [{"name": "a"}, {"mail": "x"}]}',
        '{"contacts": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}', '{"contacts": {"name": "a"}}', '{"contacts": [1]}', '{"level": 1}', '{"level": "2"}', '{"level": "x"}',
        '{"level": 3}', '{"level": ""}', '{"level": null}', '{"source": "mine"}', '{"tags": ["a"], "numbers": [1], "matrix": [[1]], "options": {"a": 1}, "anything": {"b": []}}')]
        + [ask("OPTIONS", "/desk/lab/"), ask("OPTIONS", "/desk/palette/"), ask("PATCH", "/desk/lab/", '{"contacts": [{}]}'), ask("PATCH", "/desk/palette/", "{}"),
           ask("POST", "/desk/palette/", '{"colors": ["red", "red"], "extra": [1, "2"]}'), ask("POST", "/desk/palette/", '{"colors": ["pink"]}'),
           ask("POST", "/desk/lab/", "small=3&maybe=on&tags=a&tags=b&address.street=Main&contacts[0]name=x", FORM)],
    "more-versions": [ask("GET", path, None, *headers) for path, headers in (
        ("/desk/version/path/v1/", []), ("/desk/version/path/v2/", []), ("/desk/version/path/v3/", []), ("/desk/version/accept/", []),
        ("/desk/version/accept/", [("Accept", "application/json; version=2.0")]), ("/desk/version/accept/", [("Accept", "application/json; version=9")]),
        ("/desk/version/query/", []), ("/desk/version/query/?v=b", []), ("/desk/version/query/?v=c", []), ("/desk/version/ns1/", []), ("/desk/version/ns2/", []),
        ("/desk/version/ns9/", []))] + [ask("POST", "/desk/version/path/v1/", "{}"), ask("OPTIONS", "/desk/version/path/v1/")],
    "more-tickets": [
        ask("OPTIONS", "/api/tickets/", None, BOB), ask("OPTIONS", "/api/projects/", None, BOB), ask("GET", "/api/tickets/1/comments/"),
        ask("POST", "/api/tickets/1/comments/", '{"text": "hi"}', BOB), ask("POST", "/api/tickets/1/comments/", '{"text": ""}', BOB), ask("POST", "/api/tickets/1/comments/", '{"text": "hi"}'),
        ask("OPTIONS", "/api/tickets/1/comments/", None, BOB), ask("GET", "/api/tickets/open-count/"), ask("OPTIONS", "/api/tickets/open-count/"),
        ask("POST", "/api/tickets/1/close/", None, BOB), ask("POST", "/api/tickets/999/close/", None, BOB), ask("POST", "/api/tickets/1/close/"), ask("OPTIONS", "/api/tickets/1/close/", None, BOB),
        ask("GET", "/api/tickets/999/comments/"), ask("GET", "/api/tickets/1/close/", None, BOB), ask("GET", "/api/"), ask("GET", "/desk/"), ask("GET", "/recipe/"),
        ask("OPTIONS", "/api/notes/", None, BOB), ask("POST", "/api/notes/", '{"text": "mine", "owner": 1}', BOB), ask("GET", "/api/notes/", None, BOB), ask("GET", "/api/notes/"),
        ask("OPTIONS", "/api/profiles/", None, ADMIN), ask("OPTIONS", "/api/samples/"), ask("OPTIONS", "/api/orders/"), ask("OPTIONS", "/api/hyper-labels/"), ask("OPTIONS", "/api/bulk-events/"),
        ask("OPTIONS", "/desk/hyper-issues/"), ask("OPTIONS", "/desk/components/"), ask("OPTIONS", "/desk/shifts/"), ask("OPTIONS", "/desk/entries/"), ask("OPTIONS", "/desk/feed/"),
        ask("OPTIONS", "/desk/attachments/"), ask("OPTIONS", "/desk/screenshots/"), ask("OPTIONS", "/desk/card/1/", None, BOB), ask("OPTIONS", "/desk/report/"), ask("OPTIONS", "/desk/drop/x"),
        ask("OPTIONS", "/desk/raise/api/"), ask("OPTIONS", "/desk/quick/"), ask("OPTIONS", "/desk/auth/basic/", None, BOB), ask("OPTIONS", "/desk/auth/jwt/"), ask("OPTIONS", "/desk/public/"),
        ask("OPTIONS", "/jwt/token/"), ask("OPTIONS", "/jwt/refresh/"), ask("OPTIONS", "/jwt/verify/"), ask("OPTIONS", "/jwt/blacklist/"), ask("OPTIONS", "/jwt/sliding/"), ask("OPTIONS", "/jwt/sliding/refresh/"),
        ask("OPTIONS", "/session/login/"), ask("OPTIONS", "/session/logout/"), ask("OPTIONS", "/desk/auth/session/", None, BOB), ask("OPTIONS", "/desk/auth/remember/"), ask("OPTIONS", "/desk/auth/bearer/"), ask("OPTIONS", "/desk/slow/"), ask("OPTIONS", "/desk/version/accept/"), ask("POST", "/api-token-auth/", '{"username": "bob"}'), ask("OPTIONS", "/session/whoami/", None, BOB), ask("OPTIONS", "/api-token-auth/"), ask("POST", "/session/whoami/", "{", BOB),
        ask("GET", "/api/burst/"), ask("OPTIONS", "/api/anon-user-rate/"), ask("GET", "/api/deep-tickets/1/"), ask("OPTIONS", "/api/deep-tickets/"), ask("OPTIONS", "/api/users/", None, ADMIN),
    ],
}


def make_database(path):
    for suffix in ("", "-wal", "-shm", "-journal"):
        if os.path.exists(path + suffix):
            os.remove(path + suffix)
    db = sqlite3.connect(path)
    for name in ("schema.sql", "fixture.sql"):
        with open(os.path.join(COMPAT, name), encoding="utf-8") as text:
            db.executescript(text.read())
    db.close()


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *words):
        pass


def record(port, group, requests):
    for number, (method, path, headers, body) in enumerate(requests, 1):
        sent = [list(header) for header in headers]
        raw = (body or "").encode()
        lengths = [["Content-Length", str(len(raw))]] if body is not None else []
        reply = replay.exchange("127.0.0.1", port, method, path, [("Host", "testserver")] + [tuple(h) for h in sent + lengths], raw)
        one = {"id": "%s/%02d" % (group, number), "group": group, "reset": number == 1, "method": method, "path": path, "headers": sent}
        if body is not None:
            one["body"] = body
        one["status"] = reply.status
        one["response_headers"] = {name: reply.header(name) for name in HEADERS if reply.header(name) is not None}
        one["response_body"] = reply.body.decode()
        if reply.status < 300 and (method, path) in VOLATILE:
            one["volatile"] = VOLATILE[method, path]
        if reply.status == 500:
            one["tags"] = ["reference-500"]
        yield one


def main():
    state = tempfile.mkdtemp(prefix="freshet-record-")
    os.environ.update(REF_STATE=state, DJANGO_SETTINGS_MODULE="refsite.settings")
    make_database(os.path.join(state, "db.sqlite3"))
    from refsite.wsgi import application
    from django.core.cache import cache
    server = wsgiref.simple_server.make_server("127.0.0.1", 0, application, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(os.path.join(COMPAT, "more.jsonl"), "w", encoding="utf-8") as out:
        for group, requests in GROUPS.items():
            make_database(os.path.join(state, "db.sqlite3"))
            cache.clear()
            for one in record(server.server_port, group, requests):
                out.write(json.dumps(one, ensure_ascii=False) + "\n")
    server.shutdown()
    shutil.rmtree(state)


if __name__ == "__main__":
    main()
