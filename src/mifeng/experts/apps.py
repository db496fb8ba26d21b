"""The experts context as a Django app (专家)."""

from django.apps import AppConfig


class ExpertsConfig(AppConfig):
    """Name the app; nothing runs when it loads."""

    name = "mifeng.experts"
    default_auto_field = "django.db.models.BigAutoField"
