"""The parties context as a Django app (主体)."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    """Name the app; nothing runs when it loads."""

    name = "mifeng.parties"
    default_auto_field = "django.db.models.BigAutoField"
