"""The bidding context as a Django app (投标)."""

from django.apps import AppConfig


class BiddingConfig(AppConfig):
    """Name the app; nothing runs when it loads."""

    name = "mifeng.bidding"
    default_auto_field = "django.db.models.BigAutoField"
