"""A Django project in one file that asks who asks: each way in, each permission, throttles, logins, JSON Web Tokens. Its answers are
recorded by record.py; tests/apps/compat_users.c is the same in C."""
import os
from datetime import timedelta

import django
from django.conf import settings

SECRET = "reference-secret-key-only-for-the-golden-corpus"  # as ../run.py tells it to ours
settings.configure(
    ALLOWED_HOSTS=["testserver"], SECRET_KEY=SECRET, ROOT_URLCONF=__name__, USE_TZ=True, TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SITE_DB"]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "rest_framework",
                    "rest_framework.authtoken", "rest_framework_simplejwt.token_blacklist"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
                "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware", "django.middleware.clickjacking.XFrameOptionsMiddleware"],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.ScryptPasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"],
    CSRF_TRUSTED_ORIGINS=["https://trusted.example", "https://*.wild.example"],
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    SIMPLE_JWT={"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True, "LEEWAY": timedelta(seconds=30)},
    REST_FRAMEWORK={"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
                    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
                    "DEFAULT_THROTTLE_RATES": {"anon": "3/day", "user": "4/day", "twice": "2/day"}})
django.setup()

from django.contrib.auth import hashers  # noqa: E402
from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.core import signing  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.urls import include, path  # noqa: E402
from rest_framework import authentication, permissions, routers, serializers, throttling, viewsets  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402
from rest_framework.authtoken.views import obtain_auth_token  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_simplejwt import views as jwt  # noqa: E402
from rest_framework_simplejwt.authentication import JWTAuthentication  # noqa: E402


class Note(models.Model):
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=20)

    class Meta:
        app_label, db_table, ordering = "notes", "notes_note", ["id"]


def make_tables():
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Note)


# ---- rows ----

PASSWORDS = {"ann": "horse battery 1", "bob": "horse battery 2", "root": "horse battery 3", "ida": "horse battery 4", "max": "horse battery 5",
             "\u00dcnal": "p\u00e4ss:w\u00f6rd", "a:b": "horse", "spaces": " horse ", "empty": ""}


def add_user(name, **more):
    password = hashers.make_password(PASSWORDS[name], "s" * 22) if name in PASSWORDS else more.pop("password")
    return User.objects.create(username=name, password=password, date_joined="2026-01-02T03:04:05Z", **more)


def add_session(key, data, expires="2999-01-01T00:00:00Z"):
    Session.objects.create(session_key=key, session_data=SessionStore().encode(data), expire_date=expires)


def values_of(user, **more):
    return dict({"_auth_user_id": str(user.pk), "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                 "_auth_user_hash": user.get_session_auth_hash()}, **more)


def make_rows():
    """The same at each run: salts and times are given."""
    signing.TimestampSigner.timestamp = lambda self: "1xVWSj"
    kind = ContentType.objects.create(app_label="notes", model="note")
    may = {what: Permission.objects.create(content_type=kind, codename=what + "_note", name="Can %s note" % what)
           for what in ("add", "change", "delete", "view")}
    ann, bob = add_user("ann", email="ann@a.io"), add_user("bob", is_staff=True)
    root, ida = add_user("root", is_superuser=True, is_staff=True), add_user("ida", is_active=False)
    most, few = add_user("max"), add_user("few", password="!unusable")
    unal = add_user("\u00dcnal")
    for name in ("a:b", "spaces", "empty"):
        add_user(name)
    add_user("broken", password="scrypt$broken")
    add_user("old", password=hashers.PBKDF2PasswordHasher().encode("horse battery 6", "salt", 10))
    writers = Group.objects.create(name="writers")
    writers.permissions.add(*may.values())
    most.groups.add(writers)
    few.user_permissions.add(may["view"], may["change"])
    for user, key in ((ann, "a"), (bob, "b"), (root, "c"), (ida, "d"), (most, "e"), (few, "f")):
        Token.objects.create(user=user, key=key * 40, created="2026-01-02T03:04:05Z")
    Token.objects.create(user=unal, key="t\u00f6k\u00e9n", created="2026-01-02T03:04:05Z")
    for owner in [ann, bob, None] + [bob] * len(MAY):
        Note.objects.create(owner=owner, text="of %s" % (owner.username if owner else "nobody"))
    add_session("a" * 32, values_of(ann))
    add_session("b" * 32, values_of(bob))
    add_session("d" * 32, values_of(ida))
    add_session("old-" + "a" * 28, values_of(ann), "2020-01-01T00:00:00Z")
    add_session("anonymous-" + "a" * 22, {"cart": [1]})
    add_session("hash-" + "a" * 27, values_of(ann, _auth_user_hash="0" * 64))
    add_session("backend-" + "a" * 24, values_of(ann, _auth_user_backend="other.Backend"))
    add_session("gone-" + "a" * 27, values_of(ann, _auth_user_id="99"))
    add_session("text-" + "a" * 27, values_of(ann, _auth_user_id="ann"))
    add_session("short-7", values_of(ann))
    add_session("A" * 32, values_of(ann))
    Session.objects.create(session_key="raw-" + "a" * 28, session_data="tampered:1xVWSj:with", expire_date="2999-01-01T00:00:00Z")


def begin():
    """Before each group."""
    cache.clear()


# ---- who asks ----

class BearerAuthentication(authentication.TokenAuthentication):
    keyword = "Bearer"


class DeskAuthentication(authentication.BasicAuthentication):
    www_authenticate_realm = "desk"


class Who(APIView):
    def get(self, request):
        by = request.successful_authenticator
        return Response({"user": request.user.username, "by": type(by).__name__ if by else ""})

    post = put = patch = delete = get


TOKEN, SESSION, BASIC = authentication.TokenAuthentication, authentication.SessionAuthentication, authentication.BasicAuthentication
WAYS = {"token": [TOKEN], "bearer": [BearerAuthentication], "basic": [BASIC], "desk": [DeskAuthentication], "session": [SESSION],
        "jwt": [JWTAuthentication], "all": [TOKEN, SESSION, BASIC], "session-first": [SESSION, TOKEN], "jwt-or-token": [JWTAuthentication, TOKEN],
        "both-tokens": [TOKEN, BearerAuthentication], "none": []}


def who(ways, closed):
    return Who.as_view(authentication_classes=ways, permission_classes=[permissions.IsAuthenticated] if closed else [permissions.AllowAny])


# ---- what may be done ----

class OwnerOrReadOnly(permissions.BasePermission):
    message = "Only the owner may change this."

    def has_object_permission(self, request, view, obj):
        return request.method in permissions.SAFE_METHODS or obj.owner is None or obj.owner == request.user


class ReadOnly(permissions.BasePermission):
    def has_permission(self, request, view):
        return request.method in permissions.SAFE_METHODS


class Never(permissions.BasePermission):
    message = {"reason": "Sunday", "day": "7"}

    def has_permission(self, request, view):
        return False


class ModelPermissionsWithView(permissions.DjangoModelPermissions):
    perms_map = dict(permissions.DjangoModelPermissions.perms_map, **dict.fromkeys(["GET", "HEAD", "OPTIONS"], ["%(app_label)s.view_%(model_name)s"]))


P = permissions
MAY = {"any": [P.AllowAny], "known": [P.IsAuthenticated], "staff": [P.IsAdminUser], "known-or-read": [P.IsAuthenticatedOrReadOnly],
       "model": [P.DjangoModelPermissions], "model-or-read": [P.DjangoModelPermissionsOrAnonReadOnly], "model-view": [ModelPermissionsWithView],
       "owner": [OwnerOrReadOnly], "known-owner": [P.IsAuthenticated, OwnerOrReadOnly], "staff-or-read": [P.IsAdminUser | ReadOnly],
       "staff-or-owner": [P.IsAdminUser | OwnerOrReadOnly], "known-and-owner": [P.IsAuthenticated & OwnerOrReadOnly], "unknown": [~P.IsAuthenticated],
       "not-owner": [~OwnerOrReadOnly], "never": [Never], "known-never": [P.IsAuthenticated, Never],
       "staff-or-known-read": [P.IsAdminUser | (P.IsAuthenticated & ReadOnly)]}


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = Note, "__all__"


class Notes(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer


# ---- how often ----

class Twice(throttling.ScopedRateThrottle):
    pass


ANON, USER = throttling.AnonRateThrottle, throttling.UserRateThrottle
OFTEN = {"anon": ([ANON], None), "user": ([USER], None), "both": ([ANON, USER], None), "twice": ([Twice], "twice"),
         "twice-again": ([Twice], "twice"), "all": ([ANON, USER, Twice], "twice")}


def often(classes, scope):
    more = {"throttle_scope": scope} if scope else {}
    view = type("Who", (Who,), dict(more))
    return view.as_view(throttle_classes=classes, permission_classes=[permissions.AllowAny])


def undescribed(view):
    return type(view.__name__, (view,), {"description": ""}).as_view()


router = routers.DefaultRouter()
for name, classes in MAY.items():
    router.register(name, type("NoteViewSet", (Notes,), {"permission_classes": classes, "__doc__": None}), basename=name)
urlpatterns = ([path("who/%s/" % name, who(ways, False)) for name, ways in WAYS.items()]
               + [path("known/%s/" % name, who(ways, True)) for name, ways in WAYS.items()]
               + [path("often/%s/" % name, often(*one)) for name, one in OFTEN.items()]
               + [path("may/", include(router.urls)), path("token/", obtain_auth_token), path("jwt/pair/", undescribed(jwt.TokenObtainPairView)),
                  path("jwt/refresh/", undescribed(jwt.TokenRefreshView)), path("jwt/verify/", undescribed(jwt.TokenVerifyView)),
                  path("jwt/blacklist/", undescribed(jwt.TokenBlacklistView)), path("jwt/sliding/", undescribed(jwt.TokenObtainSlidingView)),
                  path("jwt/slide/", undescribed(jwt.TokenRefreshSlidingView))])
