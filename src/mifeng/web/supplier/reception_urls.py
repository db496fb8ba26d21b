"""Addresses of the reception, for programs; a package is known by its opaque reference."""

from django.urls import path, register_converter

from mifeng.web.supplier import api


class Hex32Converter:
    """Thirty-two bytes in lower-case hexadecimal."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        """Return the digits as they stand in the address."""
        return value

    def to_url(self, value: str) -> str:
        """Return the digits for an address."""
        return value


register_converter(Hex32Converter, "hex32")

app_name = "reception"
urlpatterns = [
    path("<hex32:lot_ref>/policy", api.policy, name="policy"),
    path("<hex32:lot_ref>/bind", api.bind, name="bind"),
    path("<hex32:lot_ref>/nonce", api.nonce, name="nonce"),
    path("<hex32:lot_ref>/upload/<hex32:sha256>", api.upload, name="upload"),
    path("<hex32:lot_ref>/submit", api.submit, name="submit"),
    path("<hex32:lot_ref>/withdraw", api.withdraw, name="withdraw"),
    path("<hex32:lot_ref>/status", api.status, name="status"),
    path("<hex32:lot_ref>/key", api.key, name="key"),
    path("<hex32:lot_ref>/record", api.record, name="record"),
]
