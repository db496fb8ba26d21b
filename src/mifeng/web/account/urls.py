"""Addresses of the account room."""

from django.urls import path, register_converter

from mifeng.web.account import views


class LeafConverter:
    """A leaf of the log in an address: 64 hex digits."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        """Return the leaf as it stands in the address."""
        return value

    def to_url(self, value: str) -> str:
        """Return the leaf for an address."""
        return value


register_converter(LeafConverter, "leaf")

app_name = "account"
urlpatterns = [
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("home", views.home, name="home"),
    path("scale", views.scale, name="scale"),
    path("language", views.language, name="language"),
    path("inbox", views.inbox, name="inbox"),
    path("receipts/<leaf:leaf>.proof", views.receipt_proof, name="receipt-proof"),
    path("receipts/<leaf:leaf>", views.receipt, name="receipt"),
]
