"""What is asked of both about users: (group, method, target, headers, body). Each group starts from the same rows."""
import base64
import hashlib
import hmac
import json

JSON = [["Content-Type", "application/json"]]
FORM = [["Content-Type", "application/x-www-form-urlencoded"]]
MULTI = [["Content-Type", "multipart/form-data; boundary=XbX"]]
SECRET = b"reference-secret-key-only-for-the-golden-corpus"
ANN, BOB, ROOT, IDA, MAX, FEW = (letter * 40 for letter in "abcdef")
READS = ("GET", "HEAD", "OPTIONS")


def shown(value):
    return [["Authorization", value]]


def base(text):
    return base64.b64encode(text.encode("utf-8") if isinstance(text, str) else text).decode()


# ---- the header Authorization ----

HEADERS = ["", " ", "Token", "Token ", "token", "Tok", "Tokens " + ANN, "Token" + ANN, "Token:" + ANN, "Token=" + ANN, "Token," + ANN, "Token, " + ANN, "Token " + ANN, "token " + ANN, "TOKEN " + ANN, "tOkEn  " + ANN,
           "Token\t" + ANN, "Token \t " + ANN, " Token " + ANN, "Token " + ANN + " ", "Token " + ANN + "\t", "Token " + ANN + " x", "Token " + ANN + " " + BOB, "Token " + ANN + "," + BOB, "Token " + ANN.upper(), "Token " + ANN[:-1], "Token " + ANN + "a",
           "Token \"" + ANN + "\"", "Token '" + ANN + "'", "Token token=" + ANN, "Token key=\"" + ANN + "\"", "Token " + "0" * 40, "Token x", "Token *", "Token %", "Token '", "Token ' OR '1'='1", "Token 'OR'1'='1", "Token null", "Token None", "Token 1", "Token " + IDA,
           "Token t\u00f6k\u00e9n", "Token t\u00d6k\u00e9n", "Token t\u00f6ken", "Token \u00e4", "Token \U0001f600", "Token\u00a0" + ANN, "Token " + ANN + "\u00a0", "Token\u2003" + ANN, "T\u00f6ken " + ANN, "\uff34oken " + ANN, "Token " + "a" * 41, "Token " + "a" * 4000, "Token " + "\u00e4" * 2000, "Bearer " + ANN, "bearer " + ANN,
           "Bearer", "Bearer ", "Bearer a b", "Basic " + ANN, "Basic", "Basic ", "basic", "BASIC", "Basic a b", "Basic a", "Basic =", "Basic ====", "Basic !", "Basic *", "Basic " + base("ann:horse battery 1"), "basic " + base("ann:horse battery 1"), "BASIC  " + base("ann:horse battery 1"),
           "Basic\t" + base("ann:horse battery 1"), "Basic " + base("ann:horse battery 1").rstrip("="), "Basic " + base("ann:horse battery 1") + "=", "Basic " + base("ann:horse battery 1") + "====", "Basic " + base("ann:horse battery 1")[:-1], "Basic " + base("ann:horse battery 1") + "x",
           "Basic " + base("ann:horse battery 1") + " ", "Basic " + base("ann:horse battery 1")[:6] + "!" + base("ann:horse battery 1")[6:], "Basic " + base("ann:horse battery 1")[:6] + " " + base("ann:horse battery 1")[6:], "Basic ann:horse", "Basic " + base("ann"), "Basic " + base(""), "Basic " + base(":"), "Basic " + base("::"),
           "Basic " + base("ann:"), "Basic " + base(":horse battery 1"), "Basic " + base("ann:horse battery 2"), "Basic " + base("ann:Horse battery 1"), "Basic " + base("ann:horse battery 1 "), "Basic " + base("ann :horse battery 1"), "Basic " + base(" ann:horse battery 1"), "Basic " + base("Ann:horse battery 1"), "Basic " + base("ann:horse:battery 1"),
           "Basic " + base("nobody:horse battery 1"), "Basic " + base("ida:horse battery 4"), "Basic " + base("ida:wrong"), "Basic " + base("few:!unusable"), "Basic " + base("few:"), "Basic " + base("broken:x"), "Basic " + base("old:horse battery 6"), "Basic " + base("empty:"), "Basic " + base("spaces: horse "), "Basic " + base("spaces:horse"),
           "Basic " + base("a:b:horse"), "Basic " + base("\u00dcnal:p\u00e4ss:w\u00f6rd"), "Basic " + base("\u00dcnal:p\u00e4ss:w\u00f6rd".encode("latin-1")), "Basic " + base("U\u0308nal:p\u00e4ss:w\u00f6rd"), "Basic " + base("\u00dcnal:pass:word"), "Basic " + base(b"ann:\xff\xfe"), "Basic " + base(b"ann:horse battery 1\x00"), "Basic " + base(b"\x00ann:horse battery 1"),
           "Basic " + base(b"an\x00n:x"), "Basic " + base("\ufeffann:horse battery 1"), "Basic " + base("ann:horse battery 1\r\n"), "Basic " + base("ann:horse battery 1\n"), "Basic " + base("ann\nx:y"), "Basic " + base("x" * 200 + ":y"), "Basic " + base("ann:" + "y" * 3000), "Basic " + base("' OR 1=1 --:x"), "Basic \u00e4\u00f6", "Basic \u0661", "Basic " + base("ann:horse battery 1").replace("=", "%3D"),
           "Digest username=\"ann\"", "Negotiate abc", "Tokenx " + ANN, "Basicx " + base("ann:horse battery 1"), ANN, ":", ",", "=", "Token,Basic", "Token Basic", "Basic Token", "Bearer Token " + ANN, "JWT " + ANN]


def headers():
    group = "users-header"
    for header in HEADERS:
        for way in ("token", "basic"):
            yield group, "GET", "/known/%s/" % way, shown(header), b""
    few = [header for header in HEADERS if len(header) < 30][::3]  # without what would be hashed
    for number, header in enumerate(few):
        yield group, "GET", "/who/%s/" % ("token", "basic")[number % 2], shown(header), b""
    for way in ("bearer", "all", "session-first", "none", "desk", "jwt", "both-tokens"):
        for header in few[::3] + ["Token " + ANN, "Bearer " + ANN, "Basic " + base("ann:horse battery 1")]:
            yield group, "GET", "/known/%s/" % way, shown(header), b""
    for way in ("token", "bearer", "basic", "desk", "session", "jwt", "all", "session-first", "jwt-or-token", "both-tokens", "none"):
        for where, method in (("who", "GET"), ("who", "POST"), ("known", "POST"), ("known", "FOO"), ("known", "OPTIONS")):
            for header in ([], shown("Token " + ANN), shown("Token x")):
                yield group, method, "/%s/%s/" % (where, way), header, b""


# ---- JSON Web Tokens ----

def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(claims, header=None, key=SECRET, digest=hashlib.sha256):
    text = "%s.%s" % (url64(json.dumps(header if header is not None else {"alg": "HS256", "typ": "JWT"}).encode()),
                      url64(claims if isinstance(claims, bytes) else json.dumps(claims).encode()))
    return "%s.%s" % (text, url64(hmac.new(key, text.encode(), digest).digest()) if key is not None else "")


FAR = 4102444800  # 2100
GOOD = {"token_type": "access", "exp": FAR, "iat": 1700000000, "jti": "1" * 32, "user_id": "1"}
RIGHT = jwt(GOOD)


def claims(**more):
    return {key: value for key, value in dict(GOOD, **more).items() if value is not ...}


TOKENS = [RIGHT, RIGHT + "=", RIGHT[:-1], RIGHT + "A", RIGHT.replace(".", ".."), RIGHT + ".", "." + RIGHT, RIGHT.rsplit(".", 1)[0], RIGHT.rsplit(".", 1)[0] + ".", RIGHT.split(".")[0], "a.b.c", "..", ".", "...", "a", "\u00e4.b.c", RIGHT.upper(),
          jwt(GOOD, key=b"other"), jwt(GOOD, key=b""), jwt(GOOD, {"alg": "none"}, None), jwt(GOOD, {"alg": "none"}), jwt(GOOD, {"alg": "None"}, None), jwt(GOOD, {"alg": "HS384"}, digest=hashlib.sha384), jwt(GOOD, {"alg": "HS512"}, digest=hashlib.sha512), jwt(GOOD, {"alg": "RS256"}), jwt(GOOD, {"alg": "hs256"}),
          jwt(GOOD, {}), jwt(GOOD, {"typ": "JWT"}), jwt(GOOD, {"alg": None}), jwt(GOOD, {"alg": 1}), jwt(GOOD, {"alg": "HS256"}), jwt(GOOD, {"alg": "HS256", "typ": "at+jwt"}), jwt(GOOD, {"alg": "HS256", "kid": "x"}), jwt(GOOD, {"alg": "HS256", "kid": 1}), jwt(GOOD, {"alg": "HS256", "crit": ["exp"]}),
          jwt(GOOD, {"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}}), jwt(GOOD, []), jwt(GOOD, "x"), jwt([]), jwt("x"), jwt(None), jwt(1), jwt(b"{"), jwt(b""), jwt(b"{}"), jwt(b"\xff"),
          jwt(claims(exp=...)), jwt(claims(exp=None)), jwt(claims(exp="x")), jwt(claims(exp=str(FAR))), jwt(claims(exp=FAR + 0.5)), jwt(claims(exp=1)), jwt(claims(exp=0)), jwt(claims(exp=-1)), jwt(claims(exp=True)), jwt(claims(exp=[])), jwt(claims(exp=10 ** 30)), jwt(claims(nbf=FAR - 1)), jwt(claims(nbf=1)), jwt(claims(nbf="x")), jwt(claims(nbf=None)),
          jwt(claims(iat=FAR - 1)), jwt(claims(iat="x")), jwt(claims(iat=...)), jwt(claims(iat=None)), jwt(claims(jti=...)), jwt(claims(jti=None)), jwt(claims(jti=1)), jwt(claims(jti="")), jwt(claims(token_type=...)), jwt(claims(token_type=None)), jwt(claims(token_type="refresh")), jwt(claims(token_type="sliding")), jwt(claims(token_type="Access")), jwt(claims(token_type=["access"])),
          jwt(claims(user_id=...)), jwt(claims(user_id=None)), jwt(claims(user_id=1)), jwt(claims(user_id="01")), jwt(claims(user_id=" 1")), jwt(claims(user_id="1.0")), jwt(claims(user_id=1.0)), jwt(claims(user_id=True)), jwt(claims(user_id="99")), jwt(claims(user_id="ann")), jwt(claims(user_id="")), jwt(claims(user_id=-1)), jwt(claims(user_id="4")), jwt(claims(user_id=10 ** 30)), jwt(claims(user_id="9" * 30)),
          jwt(claims(aud="x")), jwt(claims(aud=["x"])), jwt(claims(aud=1)), jwt(claims(iss="x")), jwt(claims(iss=1)), jwt(claims(sub="1")), jwt(claims(sub=1)), jwt(claims(more="\u00e4\u0000")), jwt(json.dumps(GOOD)[:-1].encode() + b',"exp":1}'), jwt(json.dumps(GOOD, indent=2).encode()), jwt(claims(more="x" * 4000))]


def tokens():
    for token in TOKENS:
        yield "users-jwt", "GET", "/known/jwt/", shown("Bearer " + token), b""
    for header in ("Bearer", "Bearer ", "bearer " + RIGHT, "BEARER " + RIGHT, "Bearer  " + RIGHT, "Bearer\t" + RIGHT, " Bearer " + RIGHT, "Bearer " + RIGHT + " ", "Bearer " + RIGHT + " x", "Bearer x " + RIGHT, "JWT " + RIGHT, "Token " + RIGHT, RIGHT, "Bearer" + RIGHT,
                   "Bearer, " + RIGHT, "Bearer \"" + RIGHT + "\"", "B\u00e4rer " + RIGHT, ""):
        yield "users-jwt", "GET", "/known/jwt/", shown(header), b""
        yield "users-jwt", "GET", "/who/jwt/", shown(header), b""
    for header in ("Token " + ANN, "Bearer " + RIGHT, "Bearer x", "Token x", "Bearer", "Token", ""):
        yield "users-jwt", "GET", "/known/jwt-or-token/", shown(header), b""
    for token in TOKENS:
        yield "users-jwt", "POST", "/jwt/verify/", JSON, json.dumps({"token": token}).encode()
    refresh = [claims(token_type="refresh", jti="%032d" % i) for i in range(12)]
    for body in [{"refresh": jwt(refresh[0])}, {"refresh": jwt(refresh[0])}, {"refresh": jwt(dict(refresh[1], user_id="4"))}, {"refresh": jwt(dict(refresh[2], user_id="99"))},
                 {"refresh": jwt(claims(token_type="refresh", jti="2", user_id=...))}, {"refresh": jwt(dict(refresh[3], exp=1))}, {"refresh": jwt(dict(refresh[4], more=[1, {"a": None}]))},
                 {"refresh": RIGHT}, {"refresh": jwt(refresh[5], key=b"other")}, {"refresh": " " + jwt(refresh[6]) + " "}, {"refresh": jwt(claims(token_type="refresh", jti=...))}]:
        yield "users-jwt-refresh", "POST", "/jwt/refresh/", JSON, json.dumps(body).encode()
    for path in ("/jwt/blacklist/", "/jwt/blacklist/", "/jwt/refresh/", "/jwt/verify/"):
        yield "users-jwt-refresh", "POST", path, JSON, json.dumps({"refresh": jwt(refresh[7]), "token": jwt(refresh[7])}).encode()
    for body in ({"token": jwt(claims(token_type="sliding", refresh_exp=FAR))}, {"token": jwt(claims(token_type="sliding", refresh_exp=1))}, {"token": jwt(claims(token_type="sliding"))},
                 {"token": RIGHT}, {"token": jwt(claims(token_type="sliding", refresh_exp="x"))}, {"token": jwt(claims(token_type="sliding", refresh_exp=FAR, user_id="99"))}):
        yield "users-jwt-refresh", "POST", "/jwt/slide/", JSON, json.dumps(body).encode()


# ---- sessions ----

KEY = "a" * 32
COOKIES = ["", "sessionid", "sessionid=", "sessionid=" + KEY, "sessionid=\"" + KEY + "\"", "sessionid= " + KEY, " sessionid=" + KEY, "sessionid =" + KEY, "sessionid=" + KEY + ";", ";sessionid=" + KEY, ";;; sessionid=" + KEY, "a=b; sessionid=" + KEY, "a=b;sessionid=" + KEY, "a=b,sessionid=" + KEY, "a=b, sessionid=" + KEY,
           "sessionid=" + KEY + "; sessionid=" + "b" * 32, "sessionid=x; sessionid=" + KEY, "sessionid=" + KEY + "; sessionid=x", "sessionid=; sessionid=" + KEY, "SessionID=" + KEY, "SESSIONID=" + KEY, "sessionid=" + KEY.upper(), "sessionid=" + KEY + "a", "sessionid=" + KEY[:-1], "sessionid=" + "z" * 32, "sessionid=short-7",
           "sessionid=12345678", "sessionid=" + "x" * 41, "sessionid=" + "x" * 4000, "sessionid=old-" + "a" * 28, "sessionid=anonymous-" + "a" * 22, "sessionid=hash-" + "a" * 27, "sessionid=backend-" + "a" * 24, "sessionid=gone-" + "a" * 27, "sessionid=text-" + "a" * 27, "sessionid=raw-" + "a" * 28, "sessionid=" + "d" * 32,
           "sessionid=%61" + KEY[1:], "sessionid=" + KEY + "%20", "sessionid='" + KEY + "'", "sessionid=\"" + KEY, "sessionid=" + KEY + "\"", "sessionid=\"\\141" + KEY[1:] + "\"", "sessionid==" + KEY, "sessionid=" + KEY + "=", "sessionid=\u00e4" + KEY[1:], "s\u00e9ssionid=" + KEY, "sessionid=" + KEY + "; csrftoken=x", "$Version=1; sessionid=" + KEY,
           "a; sessionid=" + KEY, "=b; sessionid=" + KEY, "\"a; b\"; sessionid=" + KEY, "a=\"b; sessionid=" + KEY, "a=\"b; c\"; sessionid=" + KEY, "sessionid=" + KEY + "\t", "sessionid=\t" + KEY, "sessionid=' OR 1=1 --", "__Host-sessionid=" + KEY, "xsessionid=" + KEY, "sessionid[]=" + KEY, "sessionid=" + KEY + " x"]


def sessions():
    for cookie in COOKIES:
        for way in ("session", "all"):
            yield "users-cookies", "GET", "/known/%s/" % way, [["Cookie", cookie]], b""
    for cookie in ("sessionid=" + KEY, "sessionid=x", ""):
        for header in ("Token " + BOB, "Token x", "Basic " + base("max:horse battery 5"), "Basic x", "Token", "Bearer x"):
            for way in ("all", "session-first"):
                yield "users-cookies", "GET", "/known/%s/" % way, [["Cookie", cookie]] + shown(header), b""


# ---- CSRF ----

BARE = "abcdefghijklmnopqrstuvwxyzABCDEF"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def masked(secret, mask="Z" * 32):
    return mask + "".join(LETTERS[(LETTERS.index(a) + LETTERS.index(b)) % 62] for a, b in zip(secret, mask))


VALUES = [None, "", " ", BARE, BARE.lower(), masked(BARE), masked(BARE, LETTERS[:32]), masked(BARE, LETTERS[30:62]), masked("x" * 32), "x" * 32, "x" * 64, BARE[:-1], BARE + "x", masked(BARE)[:-1], masked(BARE) + "x", BARE[:-1] + "-", masked(BARE)[:-1] + "!", "\u00e4" * 16, "\u00e4" * 32, "x", "x" * 1000, "\"" + BARE + "\"", BARE + " ", "null"]
ORIGINS = ["http://testserver", "https://testserver", "http://testserver/", "http://testserver:80", "http://testserver:8000", "http://TESTSERVER", "HTTP://testserver", "null", "", " ", "testserver", "//testserver", "http://", "http:/testserver", "https://trusted.example", "http://trusted.example", "https://trusted.example:443", "https://trusted.example/", "https://Trusted.example",
           "https://a.wild.example", "https://a.b.wild.example", "https://wild.example", "http://a.wild.example", "https://awild.example", "https://.wild.example", "https://a.wild.example:8443", "https://A.WILD.example", "https://a.wild.example.evil", "https://*.wild.example", "https://evil.example", "https://testserver.evil", "file://", "chrome-extension://abc", "https://[::1]", "https://[::1", "https://a.wild.example/path", "https://user@a.wild.example", "https://a.wild.example@evil.example"]
REFERERS = [None, "", " ", "https://testserver/", "https://testserver", "https://testserver/a?b#c", "https://TESTSERVER/", "https://testserver:443/", "https://testserver:8443/", "http://testserver/", "HTTPS://testserver/", "//testserver/", "testserver", "https://", "https:///a", "https:/testserver", "https:testserver", "https://[::1", "https://[::1]/", "https://trusted.example/a", "http://trusted.example/",
            "https://trusted.example:443/", "https://a.wild.example/", "https://a.b.wild.example/", "https://wild.example/", "https://evil.example/?https://testserver/", "https://testserver.evil/", "https://evil@testserver/", "https://testserver@evil/", "https://evil.example\\@testserver/", "about:blank", "ftp://testserver/", "https://\u00e4.example/", "https://testserver?x", "https://testserver#x", "javascript:alert(1)", "https://a.wild.example:1/"]
SECURE = [["X-Forwarded-Proto", "https"]]


def writes(cookie=BARE, token=BARE, more=(), session=KEY):
    parts = (["sessionid=" + session] if session else []) + (["csrftoken=" + cookie] if cookie is not None else [])
    return [["Cookie", "; ".join(parts)]] * bool(parts) + ([["X-CSRFToken", token]] if token is not None else []) + list(more)


def csrf():
    to = "/who/session/"
    for method in ("GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "PATCH", "DELETE", "FOO"):
        for token in (None, BARE, "x"):
            yield "users-csrf", method, to, writes(token=token), b""
    for cookie in VALUES:
        yield "users-csrf", "POST", to, writes(cookie=cookie), b""
        yield "users-csrf", "POST", to, writes(cookie=cookie, token=cookie), b""
        yield "users-csrf", "GET", to, writes(cookie=cookie), b""
    for token in VALUES:
        yield "users-csrf", "POST", to, writes(token=token), b""
        yield "users-csrf", "POST", to, writes(cookie=masked(BARE), token=token), b""
        yield "users-csrf", "PUT", to, writes(token=token), b""
        if token is not None:
            form = ("csrfmiddlewaretoken=" + token.replace(" ", "+")).encode()
            part = ('--XbX\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n%s\r\n--XbX--\r\n' % token).encode()
            for header in (None, BARE, "x"):
                yield "users-csrf", "POST", to, FORM + writes(token=header), form
            yield "users-csrf", "PUT", to, FORM + writes(token=None), form
            yield "users-csrf", "POST", to, MULTI + writes(token=None), part
            yield "users-csrf", "POST", to, JSON + writes(token=None), json.dumps({"csrfmiddlewaretoken": token}).encode()
    for query in ("csrfmiddlewaretoken=" + BARE, "X-CSRFToken=" + BARE):
        yield "users-csrf", "POST", to + "?" + query, writes(token=None), b""
    for name in ("x-csrftoken", "X-Csrf-Token", "X-CSRF-TOKEN", "CSRFToken", "X-XSRF-Token"):
        yield "users-csrf", "POST", to, writes(token=None, more=[[name, BARE]]), b""
    for body in (b"csrfmiddlewaretoken=" + BARE.encode() + b"&csrfmiddlewaretoken=x", b"csrfmiddlewaretoken=x&csrfmiddlewaretoken=" + BARE.encode(), b"a=%zz&csrfmiddlewaretoken=" + BARE.encode(), b"csrfmiddlewaretoken=%61" + BARE[1:].encode(), b"csrfmiddlewaretoken", b""):
        yield "users-csrf", "POST", to, FORM + writes(token=None), body
    for number, origin in enumerate(ORIGINS):
        for more in ([], SECURE)[number % 2:]:
            yield "users-csrf", "POST", to, writes(more=[["Origin", origin]] + more), b""
    for referer in REFERERS:
        said = [["Referer", referer]] if referer is not None else []
        yield "users-csrf", "POST", to, writes(more=said + SECURE), b""
    for more in ([["Origin", "https://evil.example"], ["Referer", "https://testserver/"]], [["Origin", "https://testserver"], ["Referer", "https://evil.example/"]], [["Origin", "null"], ["Referer", "https://testserver/"]]):
        yield "users-csrf", "POST", to, writes(more=more + SECURE), b""
    for session in ("", "x", "d" * 32, "hash-" + "a" * 27, "b" * 32):  # who is not logged in is not asked
        for token in (None, BARE, "x"):
            for way in ("session", "all", "session-first"):
                yield "users-csrf", "POST", "/known/%s/" % way, writes(token=token, session=session), b""
    for header in ("Token " + BOB, "Basic " + base("bob:horse battery 2"), "Token x"):  # nor who shows something else first
        for way in ("all", "session-first"):
            yield "users-csrf", "POST", "/known/%s/" % way, writes(cookie=None, token=None) + shown(header), b""


# ---- permissions ----

MAY = ["any", "known", "staff", "known-or-read", "model", "model-or-read", "model-view", "owner", "known-owner", "staff-or-read", "staff-or-owner", "known-and-owner", "unknown", "not-owner", "never", "known-never", "staff-or-known-read"]
ASKERS = [[], shown("Token " + ANN), shown("Token " + BOB), shown("Token " + ROOT), shown("Token " + MAX), shown("Token " + FEW), shown("Token " + IDA), shown("Token x")]


def may():
    """A seventh of each product, another seventh for the next permission."""
    body, number = b'{"text":"new"}', 0
    for place, name in enumerate(MAY):
        for who in ASKERS:
            for method, key in [(method, "") for method in ("GET", "POST", "PUT", "OPTIONS", "HEAD")] + [(method, "%d/" % key) for key in (1, 2, 3) for method in ("GET", "PATCH", "PUT", "POST", "OPTIONS")] + [("GET", "99/"), ("PATCH", "99/"), ("GET", "x/"), ("DELETE", "99/")]:
                number += 1
                data = method in ("POST", "PATCH", "PUT")
                if (number + place) % 7 == 0:
                    yield "users-may", method, "/may/%s/%s" % (name, key), who + JSON * data, body * data
        for who in ASKERS[place % 4::4]:
            yield "users-may", "PATCH", "/may/%s/1/" % name, who + JSON, b"{"
            yield "users-may", "POST", "/may/%s/" % name, who + JSON, b'{"text":null}'
            yield "users-may", "POST", "/may/%s/" % name, who + [["Content-Type", "text/plain"]], b"x"
            yield "users-may", "GET", "/may/%s/" % name, who + [["Accept", "text/html"]], b""
        for who in ASKERS:  # each permission has a row of its own to lose
            yield "users-may", "DELETE", "/may/%s/%d/" % (name, 4 + place), who, b""
    for who in ASKERS:
        yield "users-may", "GET", "/may/", who, b""


# ---- throttles ----

def throttles():
    ann, bob, wrong = shown("Token " + ANN), shown("Token " + BOB), shown("Token x")
    for name in ("both", "all"):
        group = "users-often-" + name
        for who in (ann, [], bob, wrong, [], ann, [], ann, bob, [], ann, ann, bob, [], wrong, [["X-Forwarded-For", "1.2.3.4"]], [["X-Forwarded-For", "1.2.3.4, 5.6.7.8"]], [["X-Forwarded-For", "1.2.3.4"]],
                    [["X-Forwarded-For", " 1.2.3.4 "]], [["X-Forwarded-For", "1.2.3.4"]], [["X-Forwarded-For", "1.2.3.4"]], [["X-Forwarded-For", ""]], [["X-Forwarded-For", "x"]], ann, []):
            yield group, "GET", "/often/%s/" % name, who, b""
    for number in range(6):
        for method in ("POST", "OPTIONS", "TRACE", "PATCH"):
            yield "users-often-methods", method, "/often/twice/", ann, b""
    for name in ("twice", "twice-again", "twice", "twice-again"):  # one scope
        yield "users-often-methods", "GET", "/often/%s/" % name, ann, b""
    for name in ("user", "both", "all", "user", "both", "all", "anon", "twice"):
        yield "users-often-methods", "GET", "/often/%s/" % name, bob, b""


# ---- logins ----

GOOD_LOGIN = {"username": "ann", "password": "horse battery 1"}
WRONG = [None, True, False, 0, 1, 1.5, "", " ", "\t", [], ["ann"], {}, {"a": 1}, "x" * 151, "x" * 5000, "a\u0000b", "\u0000", "\u00e4", "\ud800", "\U0001f600", "ANN", " ann ", "ann\n", "' OR 1=1 --", "ann\u00a0", "\u202eann", "null", "1"]
BODIES = ['', ' ', 'null', 'true', '1', '"x"', '[]', '[{}]', '{}', '{', '{"username":"ann"', '{"username":"ann","password":"horse battery 1"} x', '{"username":"ann","username":"bob","password":"horse battery 2"}', '\ufeff{}', '{"USERNAME":"ann","password":"horse battery 1"}',
          '{"username":"ann","password":"horse battery 1","more":1}', '{"username":"ann","password":"horse battery 1","token":"x"}', '{"username":NaN,"password":"x"}', "{'username':'ann'}", '{"username":"\\u0061nn","password":"horse battery 1"}']
PAIRS = [("ann", "horse battery 1"), ("ann", "horse battery 2"), ("ann", " horse battery 1"), ("ann", "horse battery 1 "), (" ann", "horse battery 1"), ("Ann", "horse battery 1"), ("nobody", "horse battery 1"), ("ida", "horse battery 4"), ("ida", "x"), ("few", "!unusable"), ("few", "x"), ("broken", "x"), ("old", "horse battery 6"), ("old", "horse battery 6"), ("old", "x"),
         ("empty", ""), ("empty", " "), ("spaces", " horse "), ("spaces", "horse"), ("a:b", "horse"), ("\u00dcnal", "p\u00e4ss:w\u00f6rd"), ("U\u0308nal", "p\u00e4ss:w\u00f6rd"), ("\u00dcnal", "pa\u0308ss:w\u00f6rd"), ("\u00fcnal", "p\u00e4ss:w\u00f6rd"), ("root", "horse battery 3"), ("max", "horse battery 5"), ("ann@a.io", "horse battery 1"), ("1", "horse battery 1")]


def logins():
    for path in ("/token/", "/jwt/pair/"):
        group = "users-login"
        for name, password in PAIRS if path == "/token/" else PAIRS[::6]:
            yield group, "POST", path, JSON, json.dumps({"username": name, "password": password}).encode()
        for name in ("username", "password"):
            yield group, "POST", path, JSON, json.dumps({key: value for key, value in GOOD_LOGIN.items() if key != name}).encode()
            for value in WRONG if path == "/token/" else WRONG[::4]:
                yield group, "POST", path, JSON, json.dumps(dict(GOOD_LOGIN, **{name: value})).encode()
        for body in BODIES if path == "/token/" else BODIES[:8]:
            yield group, "POST", path, JSON, body.encode()
        yield group, "POST", path, JSON, json.dumps({"username": None, "password": None}).encode()
        yield group, "POST", path, JSON, json.dumps({"username": [], "password": {}}).encode()
    path, group = "/token/", "users-login"
    for body in (b"", b"username=ann&password=horse+battery+1", b"username=ann&password=horse%20battery%201", b"username=ann", b"password=x", b"username=&password=", b"username=+&password=+", b"username=ann&username=bob&password=horse+battery+2", b"username=bob&username=ann&password=horse+battery+2", b"username=ann&password=x&password=horse+battery+1",
                 b"username=%C3%9Cnal&password=p%C3%A4ss:w%C3%B6rd", b"username=%DCnal&password=p%E4ss:w%F6rd", b"username=a%00n&password=x", b"username=ann;password=x", b"username[]=ann&password=x", b"username=ann&password=%zz", b"\xff=\xff", b"username=ann&password=" + b"x" * 5000):
        yield group, "POST", path, FORM, body
    parts = '--XbX\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    for body in (parts % ("username", "ann") + parts % ("password", "horse battery 1") + "--XbX--\r\n", parts % ("username", "ann") + "--XbX--\r\n", "", "--XbX--\r\n", parts % ("username", "ann") + parts.replace('"%s"', '"%s"; filename="a.txt"') % ("password", "x") + "--XbX--\r\n"):
        yield group, "POST", path, MULTI, body.encode()
    for kind in ("text/plain", "application/xml", "", "application/json; charset=utf-16", "multipart/form-data", "x"):
        yield group, "POST", path, [["Content-Type", kind]], json.dumps(GOOD_LOGIN).encode()
    yield group, "POST", path, [], json.dumps(GOOD_LOGIN).encode()
    for path in ("/token/", "/jwt/pair/", "/jwt/refresh/", "/jwt/verify/", "/jwt/blacklist/", "/jwt/sliding/", "/jwt/slide/"):
        for method in ("GET", "PUT", "DELETE", "OPTIONS", "TRACE"):
            yield "users-login", method, path, JSON, json.dumps(GOOD_LOGIN).encode() if method == "PUT" else b""
        for header in (shown("Token x"), shown("Token " + ANN), [["Cookie", "sessionid=" + KEY]]):
            yield "users-login", "POST", path, JSON + header, b"{}"
        yield "users-login", "POST", path[:-1], JSON, b"{}"
        yield "users-login", "POST", path + "?username=ann&password=horse+battery+1", JSON, b"{}"
        yield "users-login", "POST", path, JSON + [["Accept", "text/html"]], b"{}"
    for path, name in (("/jwt/refresh/", "refresh"), ("/jwt/verify/", "token"), ("/jwt/blacklist/", "refresh"), ("/jwt/slide/", "token")):
        yield "users-login", "POST", path, JSON, b"{}"
        for value in WRONG[::2]:
            yield "users-login", "POST", path, JSON, json.dumps({name: value}).encode()
        for body in BODIES[:11:2]:
            yield "users-login", "POST", path, JSON, body.encode()
    yield "users-login", "POST", "/jwt/sliding/", JSON, json.dumps(GOOD_LOGIN).encode()
    yield "users-login", "POST", "/jwt/sliding/", JSON, json.dumps(dict(GOOD_LOGIN, password="x")).encode()


def volatile(record):
    """What differs from run to run, by its kind."""
    kinds = {"token": "any" if record["path"].startswith("/token/") else "jwt", "access": "jwt", "refresh": "jwt"}
    if record["status"] != 200 or not record["path"].startswith(("/token/", "/jwt/")):
        return {}
    return {"/" + name: kind for name, kind in kinds.items() if '"%s":"' % name in record["response_body"]}


PARTS = (headers, tokens, sessions, csrf, may, throttles, logins)
