"""The tenders context as a Django app (项目)."""

from django.apps import AppConfig


class TendersConfig(AppConfig):
    """Name the app; nothing runs when it loads."""

    name = "mifeng.tenders"
    default_auto_field = "django.db.models.BigAutoField"
