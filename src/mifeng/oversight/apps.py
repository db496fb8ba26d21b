"""The oversight context as a Django app (监督)."""

from django.apps import AppConfig


class OversightConfig(AppConfig):
    """Name the app; nothing runs when it loads."""

    name = "mifeng.oversight"
    default_auto_field = "django.db.models.BigAutoField"
