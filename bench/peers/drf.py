"""What bench/rest.c serves, by Django REST framework: the same tables (bench/rest.sql), fields and URLs, in one file.

DRF_SETTINGS: `usual` are those of a new project and DRF's defaults; `lean` is without middleware (but that which gives
answers a length), authentication and renderers beside JSON. Both keep their connection to the database, which is in WAL mode
with synchronous=FULL as freshet's is. gunicorn serves `wsgi`, uvicorn `asgi`.
"""
import os

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

LEAN = {
    "MIDDLEWARE": ["django.middleware.common.CommonMiddleware"], "INSTALLED_APPS": ["rest_framework"], "USE_I18N": False, "USE_L10N": False,
    "REST_FRAMEWORK": {"DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": [], "UNAUTHENTICATED_USER": None,
                       "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
                       "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"]}}
USUAL = {
    "MIDDLEWARE": ["django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
                   "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
                   "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
                   "django.middleware.clickjacking.XFrameOptionsMiddleware"],
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages", "rest_framework"],
    "USE_I18N": True, "USE_L10N": True}

settings.configure(
    SECRET_KEY="of the benchmarks", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True, TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", LOGGING_CONFIG=None,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.abspath("rest.db"), "CONN_MAX_AGE": None,
                           "OPTIONS": {"timeout": 20}}},
    **(LEAN if os.environ.get("DRF_SETTINGS") == "lean" else USUAL))
django.setup()

from django.db import models  # noqa: E402  (the settings come first)
from rest_framework import pagination, routers, serializers, viewsets  # noqa: E402


class Note(models.Model):
    title = models.CharField(max_length=200)
    done = models.BooleanField(default=False)
    priority = models.IntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        app_label, db_table, managed, ordering = "bench", "note", False, ["-updated_at", "id"]


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = Note, "__all__"


class Twenty(pagination.PageNumberPagination):
    page_size, page_size_query_param, max_page_size = 20, "page_size", 100


class Notes(viewsets.ModelViewSet):
    queryset, serializer_class, pagination_class = Note.objects.all(), NoteSerializer, Twenty


router = routers.SimpleRouter()
router.register("notes", Notes)
urlpatterns = [path("api/", include(router.urls))]
wsgi, asgi = get_wsgi_application(), get_asgi_application()
