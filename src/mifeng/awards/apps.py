"""The awards context as a Django app (定标)."""

from django.apps import AppConfig


class AwardsConfig(AppConfig):
    """Name the app; nothing runs when it loads."""

    name = "mifeng.awards"
    default_auto_field = "django.db.models.BigAutoField"
