"""The sittings context as a Django app (评审场次)."""

from django.apps import AppConfig


class SittingsConfig(AppConfig):
    """Name the app; nothing runs when it loads."""

    name = "mifeng.sittings"
    default_auto_field = "django.db.models.BigAutoField"
