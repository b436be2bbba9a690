"""A Django project in one file: a model of each kind of field, optional, required and with defaults; pages, keys of texts,
filters. Its answers are recorded by record.py; tests/apps/compat_kinds.c is the same in C."""
import os

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"], SECRET_KEY="not one", ROOT_URLCONF=__name__, USE_TZ=True, TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SITE_DB"]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "django_filters"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware",
                "django.middleware.clickjacking.XFrameOptionsMiddleware"],
    REST_FRAMEWORK={"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
                    "DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}])
django.setup()

from datetime import timedelta  # noqa: E402
from decimal import Decimal  # noqa: E402
from uuid import UUID  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.urls import include, path  # noqa: E402
from django_filters.rest_framework import DjangoFilterBackend  # noqa: E402
from rest_framework import filters, pagination, routers, serializers, viewsets  # noqa: E402

CHOICES = [("a", "Aa"), ("b", "Bb"), ("c c", "Cc")]
NUMBERS = [(1, "One"), (2, "Two"), (30, "Thirty")]


class Label(models.Model):
    name = models.CharField(max_length=50, unique=True)

    class Meta:
        app_label, db_table, ordering = "kinds", "kinds_label", ["id"]


def model_of(name, defaults=None, **options):
    """A model with a field of each kind; defaults by the field's name."""
    def of(field, kind, **more):
        given = {"default": defaults[field]} if defaults and field in defaults else {}
        return kind(**options, **more, **given)
    fields = {
        "b": of("b", models.BooleanField), "c": of("c", models.CharField, max_length=20), "x": of("x", models.TextField),
        "i": of("i", models.IntegerField), "g": of("g", models.BigIntegerField), "f": of("f", models.FloatField),
        "d": of("d", models.DecimalField, max_digits=8, decimal_places=3), "day": of("day", models.DateField),
        "t": of("t", models.TimeField), "dt": of("dt", models.DateTimeField), "du": of("du", models.DurationField),
        "u": of("u", models.UUIDField), "j": of("j", models.JSONField), "e": of("e", models.EmailField),
        "w": of("w", models.URLField), "s": of("s", models.SlugField), "ip": of("ip", models.GenericIPAddressField),
        "ch": of("ch", models.CharField, max_length=5, choices=CHOICES), "ci": of("ci", models.IntegerField, choices=NUMBERS),
        "label": of("label", models.ForeignKey, to=Label, on_delete=models.PROTECT, related_name=name.lower() + "s"),
        "__module__": __name__,
        "Meta": type("Meta", (), {"app_label": "kinds", "db_table": "kinds_" + name.lower(), "ordering": ["id"]})}
    return type(name, (models.Model,), fields)


Opt = model_of("Opt", null=True, blank=True)
Req = model_of("Req")
Def = model_of("Def", {"b": True, "c": "see", "x": "ex", "i": 5, "g": 6, "f": 1.5, "d": Decimal("2.500"), "day": "2020-01-02", "t": "03:04:00",
                       "dt": "2020-01-02T03:04:05Z", "e": "a@b.io", "w": "http://a.io", "s": "slug", "ip": "1.2.3.4", "ch": "a", "ci": 2, "du": timedelta(days=1), "u": UUID("6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60"),
                       "j": dict, "label": 1},
               blank=True)


class Item(models.Model):
    name = models.CharField(max_length=30)
    n = models.IntegerField(default=0)
    url = models.URLField(blank=True, default="")
    label = models.ForeignKey(Label, null=True, blank=True, on_delete=models.SET_NULL, related_name="items")

    class Meta:
        app_label, db_table, ordering = "kinds", "kinds_item", ["n", "id"]


class Code(models.Model):
    code = models.CharField(primary_key=True, max_length=20)
    name = models.CharField(max_length=30, blank=True, default="")

    class Meta:
        app_label, db_table, ordering = "kinds", "kinds_code", ["code"]


def make_tables():
    with connection.schema_editor() as editor:
        for model in (Label, Opt, Req, Def, Item, Code):
            editor.create_model(model)


def begin():
    """Before each group."""


class Pages(pagination.PageNumberPagination):
    page_size, page_size_query_param, max_page_size = 5, "page_size", 8


def viewset_of(one, **more):
    meta = type("Meta", (), {"model": one, "fields": "__all__"})
    serializer = type(one.__name__ + "Serializer", (serializers.ModelSerializer,), {"Meta": meta})
    return type(one.__name__ + "ViewSet", (viewsets.ModelViewSet,),
                dict(queryset=one.objects.all(), serializer_class=serializer, **more))


ORDERED = ["exact", "lt", "gte", "in"]
FILTERS = {"b": ["exact"], "c": ["exact", "icontains", "startswith", "in", "isnull"], "x": ["contains"], "i": ORDERED + ["range"],
           "g": ["exact"], "f": ["exact", "lt"], "d": ["exact", "gte"], "day": ["exact", "gte"], "t": ["exact", "lt"],
           "dt": ["exact", "gte"], "du": ["exact", "gte"], "u": ["exact"], "e": ["exact"], "s": ["exact"], "ch": ["exact", "in"],
           "ci": ["exact"], "label": ["exact", "isnull", "in"]}

router = routers.DefaultRouter()
router.register("label", viewset_of(Label))
router.register("opt", viewset_of(Opt, filter_backends=[DjangoFilterBackend, filters.OrderingFilter], filterset_fields=FILTERS,
                                  ordering_fields="__all__"))
router.register("req", viewset_of(Req))
router.register("def", viewset_of(Def))
router.register("item", viewset_of(Item, pagination_class=Pages, filter_backends=[DjangoFilterBackend, filters.OrderingFilter],
                                   filterset_fields={"n": ["exact"], "name": ["icontains"]}, ordering_fields=["n", "name"]))
router.register("code", viewset_of(Code))
urlpatterns = [path("api/", include(router.urls))]
