"""What bench/rest.c and bench/auth.c serve, by Django REST framework: the same tables (bench/rest.sql, bench/auth.sql), fields and URLs, in one file.

DRF_SETTINGS: `usual` are those of a new project and DRF's defaults. `lean` is without middleware (but that which gives answers a
length), authentication and renderers beside JSON, and keeps its connection to the database, which is in WAL mode as freshet's is.
A commit is on disk in both. gunicorn serves `wsgi`, uvicorn `asgi`.
"""
import os
import sqlite3
import uuid

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.abspath("rest.db"), "OPTIONS": {"timeout": 20}}
LEAN = {
    "DATABASES": {"default": dict(DATABASE, CONN_MAX_AGE=None)},
    "MIDDLEWARE": ["django.middleware.common.CommonMiddleware"], "INSTALLED_APPS": ["rest_framework", "drf"], "USE_I18N": False, "USE_L10N": False,
    "REST_FRAMEWORK": {"DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": [], "UNAUTHENTICATED_USER": None,
                       "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
                       "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"]}}
USUAL = {
    "DATABASES": {"default": DATABASE},
    "MIDDLEWARE": ["django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
                   "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
                   "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
                   "django.middleware.clickjacking.XFrameOptionsMiddleware"],
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages", "rest_framework",
                       "rest_framework.authtoken", "drf"],
    "USE_I18N": True, "USE_L10N": True}

IS_LEAN = os.environ.get("DRF_SETTINGS") == "lean"
settings.configure(
    SECRET_KEY="of the benchmarks", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True, TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", LOGGING_CONFIG=None,
    **(LEAN if IS_LEAN else USUAL))
if IS_LEAN:
    sqlite3.connect(DATABASE["NAME"]).execute("PRAGMA journal_mode = WAL")  # the file keeps it
django.setup()

from django.core import validators  # noqa: E402  (the settings come first)
from django.db import models, transaction  # noqa: E402
from rest_framework import authentication, pagination, permissions, routers, serializers, viewsets  # noqa: E402


class Note(models.Model):
    title = models.CharField(max_length=200)
    done = models.BooleanField(default=False)
    priority = models.IntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        app_label, db_table, managed, ordering = "drf", "note", False, ["-updated_at", "-id"]


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = Note, "__all__"


class Twenty(pagination.PageNumberPagination):
    page_size, page_size_query_param, max_page_size = 20, "page_size", 100


class Notes(viewsets.ModelViewSet):
    queryset, serializer_class, pagination_class = Note.objects.all(), NoteSerializer, Twenty


# ---- tickets, with what belongs to them ----

def table(name):
    return type("Meta", (), {"app_label": "drf", "db_table": "tracker_" + name, "managed": False, "ordering": ["id"]})


class Person(models.Model):
    username = models.CharField(max_length=150, unique=True)
    email = models.EmailField(blank=True)
    is_staff = models.BooleanField(default=False)
    Meta = table("person")


class Project(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField()
    description = models.TextField(blank=True)
    archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    owner = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="projects")
    Meta = table("project")


class Label(models.Model):
    name = models.CharField(max_length=50, unique=True)
    slug = models.SlugField(max_length=50, unique=True)
    color = models.CharField(max_length=10)
    Meta = table("label")


class Ticket(models.Model):
    STATES = [("new", "New"), ("open", "Open"), ("done", "Done"), ("wontfix", "Won't fix")]
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=80)
    body = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=STATES, default="new")
    priority = models.IntegerField(default=2)
    cost = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    due = models.DateField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    assignee = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="tickets")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tickets")
    labels = models.ManyToManyField(Label, blank=True, related_name="tickets")
    Meta = table("ticket")


class Comment(models.Model):
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    author = models.ForeignKey(Person, on_delete=models.CASCADE)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="comments")
    Meta = table("comment")


class ProjectSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = Project, ["id", "name", "slug", "archived"]


class LabelSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = Label, "__all__"


class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = Person, ["id", "username"]


class CommentSerializer(serializers.ModelSerializer):
    author = serializers.ReadOnlyField(source="author.username")

    class Meta:
        model, fields = Comment, ["id", "author", "text", "created_at"]


class RichSerializer(serializers.ModelSerializer):
    state_label = serializers.CharField(source="get_state_display", read_only=True)
    project = ProjectSerializer(read_only=True)
    assignee = PersonSerializer(read_only=True)
    labels = LabelSerializer(many=True, read_only=True)
    comments = CommentSerializer(many=True, read_only=True)
    comment_count = serializers.SerializerMethodField()

    class Meta:
        model = Ticket
        fields = ["id", "number", "title", "state", "state_label", "priority", "cost", "due", "project", "assignee", "labels", "comments",
                  "comment_count", "created_at", "updated_at"]

    def get_comment_count(self, ticket):
        return ticket.comments.count()


class PrefetchedSerializer(RichSerializer):
    comment_count = serializers.IntegerField()


class Fifty(pagination.PageNumberPagination):
    page_size = 50


class Rich(viewsets.ReadOnlyModelViewSet):
    """As a serializer with relations is written first: each row asks for its own."""
    queryset, serializer_class, pagination_class = Ticket.objects.all(), RichSerializer, Fifty


class Prefetched(viewsets.ReadOnlyModelViewSet):
    """As it is written by those who count queries: five for a page."""
    queryset = (Ticket.objects.select_related("project", "assignee").prefetch_related("labels", "comments__author")
                .annotate(comment_count=models.Count("comments")).order_by("id"))
    serializer_class, pagination_class = PrefetchedSerializer, Fifty


# ---- orders, written with their lines ----

class Order(models.Model):
    customer = models.CharField(max_length=40)
    Meta = table("order")


class OrderLine(models.Model):
    sku = models.CharField(max_length=12)
    quantity = models.PositiveIntegerField(validators=[validators.MinValueValidator(1)])
    price = models.DecimalField(max_digits=8, decimal_places=2)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    Meta = table("orderline")


class OrderLineSerializer(serializers.ModelSerializer):
    class Meta:
        model, fields = OrderLine, ["id", "sku", "quantity", "price"]


class OrderSerializer(serializers.ModelSerializer):
    lines = OrderLineSerializer(many=True)

    class Meta:
        model, fields = Order, ["id", "customer", "lines"]

    def create(self, data):
        lines = data.pop("lines")
        with transaction.atomic():
            order = Order.objects.create(**data)
            for line in lines:
                OrderLine.objects.create(order=order, **line)
        return order


class Orders(viewsets.ModelViewSet):
    queryset, serializer_class, pagination_class = Order.objects.all(), OrderSerializer, Fifty


# ---- notes for whoever is known ----

class ModelPermissionsWithView(permissions.DjangoModelPermissions):
    perms_map = dict(permissions.DjangoModelPermissions.perms_map, GET=["%(app_label)s.view_%(model_name)s"])


class TokenNotes(Notes):
    authentication_classes, permission_classes = [authentication.TokenAuthentication], [permissions.IsAuthenticated]


class ModelNotes(TokenNotes):
    permission_classes = [ModelPermissionsWithView]


router = routers.SimpleRouter()
for prefix, viewset in (("notes", Notes), ("rich", Rich), ("prefetched", Prefetched), ("orders", Orders), ("token/notes", TokenNotes), ("model/notes", ModelNotes)):
    router.register(prefix, viewset, basename=prefix)
urlpatterns = [path("api/", include(router.urls))]
wsgi, asgi = get_wsgi_application(), get_asgi_application()
