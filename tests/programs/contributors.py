"""A draw whose seed a witness is asked to contribute to: a policy, a log that lists its handle, its pool."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from mifeng.programs.witness.keys import make_contributor, make_key, read_contributor
from mifeng.rules import vrf
from mifeng.rules.draw.lots import Contribution, verify_contribution
from mifeng.rules.draw.pool import Cell, Tier, draw_handle, pool_facts
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.ledger import SigningKey, encode64, format_time, leaf_hash
from mifeng.rules.seal.policy import Contributor, Policy, Trustee, format_policy, policy_hash
from tests.programs.trustees import BUREAU, LOG, NOTARY, Ledger, leaf_of

PUBLISHED = datetime(2026, 1, 2, 8, tzinfo=UTC)
NAME, BODY = "witness.example/office", "市公证处"


def witness_folder(folder: Path, log: SigningKey = LOG) -> Path:
    """Return the folder of a contributor that knows one log and two witnesses, itself not among them."""
    make_key(folder, NAME)
    make_contributor(folder, NAME, BODY)
    (folder / "logs").write_text(f"{log.verifier}\n")
    (folder / "witnesses").write_text(f"{NOTARY.verifier}\n{BUREAU.verifier}\n")
    return folder


def contributor(folder: Path) -> Contributor:
    """Return how a policy names the contributor of a folder."""
    key = read_contributor(folder)
    assert key is not None
    return key.named


def other(name: str) -> Contributor:
    """Return a contributor of another body."""
    secret = leaf_hash(name.encode())
    public = SigningKey(name, NOTARY.kind, secret).verifier.public
    return Contributor(name, name, vrf.public_key(secret), public)


def policy(me: Contributor, **changes: Any) -> Policy:
    """Return a policy under which this contributor and two others make the seed."""
    fields: dict[str, Any] = {
        "lot_ref": b"\x11" * 32,
        "t": 2,
        "trustees": tuple(Trustee(f"t{n}", f"b{n}", other(f"t{n}").vrf, bytes([n]) * 32) for n in range(3)),
        "contributors": (other("witness-1"), me, other("witness-3")),
        "log": str(LOG.verifier),
        "witnesses": (str(NOTARY.verifier),),
        "envelope_bytes": 2**20,
        "window_minutes": 30,
    } | changes
    return Policy(**fields)


@dataclass
class Drawing:
    """One draw, and everything that is said about it."""

    policy: Policy
    ledger: Ledger = field(default_factory=Ledger)
    salt: bytes = b"r" * 32

    @cached_property
    def data(self) -> bytes:
        """Return the canonical bytes of the policy."""
        return format_policy(self.policy)

    @property
    def handle(self) -> bytes:
        """Return the handle."""
        return draw_handle("lot-1", "linhe", self.salt)

    def notice(self, *handles: bytes, **facts: Any) -> str:
        """Publish a notice that lists these handles, this draw's own by default; return the receipt."""
        named = {
            "lot_ref": self.policy.lot_ref.hex(),
            "policy_hash": policy_hash(self.data).hex(),
            "bids_due_at": format_time(PUBLISHED + timedelta(days=20)),
        } | facts
        lot = {"step": "publish", "subject": "tenders.lot:1", "from": "", "to": "published", "facts": named}
        listed = [one.hex() for one in handles or (self.handle,)]
        tender = {"step": "publish_notice", "subject": "tenders.tender:1", "facts": {"draw_handles": listed}}
        return self.ledger.receipt("publish_notice", [tender, lot], PUBLISHED)

    def pool(self, people: int = 5, **facts: Any) -> str:
        """Fix a pool of so many; return the receipt."""
        leaves = tuple(sorted(leaf_hash(b"person %d" % number) for number in range(people)))
        named = pool_facts(self.handle, [Cell("A08", 1, (Tier(1, leaves),))]) | facts
        move = {"step": "commit", "subject": "experts.draw:1", "from": "asked", "to": "pooled", "facts": named}
        return self.ledger.receipt("commit_pool", [move], PUBLISHED + timedelta(days=20))

    def request(self, notice: str, pool: str, /, **changes: Any) -> bytes:
        """Return the request for a contribution."""
        fields = {"policy": encode64(self.data), "notice": notice, "pool": pool, "handle": self.handle.hex()}
        return canonical(fields | changes)

    def verified(self, answer: tuple[int, str], pool: str, me: Contributor) -> bytes:
        """Make sure that an answer is the contribution to this pool; return its value."""
        status, body = answer
        assert status == 200, answer
        fields = parse_canonical(body.encode())
        assert isinstance(fields, dict)
        given = Contribution(me.name, bytes.fromhex(fields["pi"]), bytes.fromhex(fields["signature"]))
        return verify_contribution(me, self.handle, policy_hash(self.data), leaf_of(pool), given)

    def another(self, number: int) -> "Drawing":
        """Return another draw in the same log."""
        return replace(self, salt=number.to_bytes(32))
