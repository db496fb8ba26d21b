"""The venues context as a Django app (场所)."""

from django.apps import AppConfig


class VenuesConfig(AppConfig):
    """Name the app; nothing runs when it loads."""

    name = "mifeng.venues"
    default_auto_field = "django.db.models.BigAutoField"
