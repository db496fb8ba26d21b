"""The way to a certificate authority (数字证书认证机构接口): it says whose key a public key is, and takes it back.

A supplier proves that it holds the private half (a PKCS#10 request); whose it is, the authority has found out by other
means and says itself: names inside a request are never taken over. What it issues is checked by
``mifeng.rules.certificates.verify_certificate`` alone, with nothing but its root and its list of revoked certificates.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mifeng.rules.certificates import Use


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate names (证书主体): full name, and unified social credit code of 18 characters."""

    organisation: str
    credit_code: str


class Ca(Protocol):
    """A certificate authority (认证机构). Certificates and lists are DER; instants are aware and come from outside.

    Any call raises ``OSError`` when the authority cannot be reached.
    """

    def root(self) -> bytes:
        """Return the authority's own certificate."""
        ...

    def issue(self, request: bytes, subject: Subject, at: datetime, use: Use = Use.SIGNING) -> bytes:
        """Return a certificate, valid from ``at``, for the key of a request.

        Raises:
            ValueError: when the request is misshapen, not signed by its own key or not on P-256, or the subject is
                misshapen.
        """
        ...

    def revoke(self, certificate: bytes, at: datetime) -> None:
        """Revoke a certificate of this authority from an instant on; revoking again changes nothing.

        Raises:
            ValueError: when it is not one of this authority's.
        """
        ...

    def crl(self, at: datetime) -> bytes:
        """Return the list of the certificates revoked until an instant, valid for some days from then on."""
        ...
