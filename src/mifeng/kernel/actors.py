"""Who acts (行为人).

An :class:`Actor` is fixed once per request or job and passed down as an argument; nothing reads the acting person
from a session, so the same action can be called by a page, a job or a story.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in a post (岗位), or the platform's clock.

    Args:
        role: ``agency``, ``buyer``, ``host``, ``guest``, ``supervisor``, ``bidder``, ``librarian``, ``expert`` or
            ``clock``.
        handle: opaque name under which the ledger knows the post; says nothing about the person.
        organisation: primary key of the organisation the post belongs to, as text; empty for the clock.
        site: primary key of the site, as text, for officers; else empty.
        region: GB/T 2260 code of the organisation's region.
        key: idempotency key of this request; empty when none was sent.
        fingerprint: SHA-256 of what the request carries, compared when a key comes again.
        seat: label of the seat for whoever holds a temporary post there (席位岗); empty for every other post.
    """

    role: str
    handle: str
    organisation: str = ""
    site: str = ""
    region: str = ""
    post: str = ""
    key: str = ""
    fingerprint: bytes = b""
    seat: str = ""

    def with_key(self, key: str, fingerprint: bytes) -> "Actor":
        """Return the same actor carrying the idempotency key of one request."""
        return replace(self, key=key, fingerprint=fingerprint)


CLOCK = Actor(role="clock", handle="clock")
