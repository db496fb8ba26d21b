"""The evaluation context as a Django app (评标)."""

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    """Name the app; nothing runs when it loads."""

    name = "mifeng.evaluation"
    default_auto_field = "django.db.models.BigAutoField"
