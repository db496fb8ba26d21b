"""The kernel as a Django app (内核)."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Name the app; nothing runs when it loads."""

    name = "mifeng.kernel"
    default_auto_field = "django.db.models.BigAutoField"
