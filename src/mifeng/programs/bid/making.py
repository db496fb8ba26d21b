"""A new bid folder (建立投标文件夹): the policy that a bid is made for, and the keys that belong to it alone."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mifeng.programs.bid.content import blank_bid
from mifeng.programs.bid.folder import (
    BID,
    CERTIFICATE,
    CLOSED,
    KEYS,
    OPEN,
    POLICY,
    SLOTS_FILE,
    SUBMIT_KEY,
    Folder,
    State,
    write_whole,
)
from mifeng.programs.bid.identity import (
    Holder,
    matching,
    new_code,
    now,
    public_point,
    read_certificate,
    signer,
)
from mifeng.programs.bid.reception import address, fetched
from mifeng.programs.bid.texts import Failed
from mifeng.rules.certificates import point_of
from mifeng.rules.curve import encode_scalar
from mifeng.rules.errors import Unfair
from mifeng.rules.seal.envelope import SLOTS
from mifeng.rules.seal.policy import Policy, check_policy, parse_policy, policy_hash
from mifeng.rules.seal.sealing import draw_secrets
from mifeng.rules.seal.wrap import format_recovery, recovery_key

RECEPTION = "/reception/"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a policy came from (规则来源): its bytes, itself, and the platform's address where it is known."""

    data: bytes
    policy: Policy
    server: str


@dataclass(frozen=True, slots=True)
class Bidder:
    """Who bids, as given (投标人): full name, credit code, files of certificate, key and encryption certificates."""

    supplier: str
    code: str
    certificate: Path
    key: Path
    encryption: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A folder just made (新建结果)."""

    holder: Holder
    submit_key: bytes
    policy_hash: bytes


def policy_source(path: Path | None, url: str, patience: float, expected: str = "") -> Source:
    """Return a policy from a file or from the platform, once it is sound.

    Args:
        path: file; None for the address.
        url: address that ends in ``/reception/<lot_ref>/policy``.
        patience: seconds to go on asking.
        expected: hash printed in the notice, to be compared; empty for none.

    Raises:
        Failed: ``source-missing``, ``policy-unreadable``, ``policy-unsound``, ``policy-hash``.
    """
    if (path is None) == (not url):
        raise Failed("source-missing")
    server = ""
    try:
        if path is not None:
            data = path.read_bytes()
        else:
            server, _, place = address(url).partition(RECEPTION)
            data = fetched(url, patience)
        policy = parse_policy(data)
        if server and place.partition("/")[0] != policy.lot_ref.hex():
            raise ValueError(f"{urlsplit(url).path}: the policy is of another package")
    except (OSError, ValueError) as error:
        raise Failed("policy-unreadable", error=error) from error
    try:
        check_policy(policy)
    except Unfair as unfair:
        rules = "、".join(str(reason.facts.get("rule", reason.code)) for reason in unfair.reasons)
        raise Failed("policy-unsound", rules=rules) from None
    found, wanted = policy_hash(data).hex(), "".join(expected.split()).lower()
    if wanted and wanted != found:
        raise Failed("policy-hash", expected=wanted, found=found)
    return Source(data, policy, server)


def make_folder(folder: Folder, policy: Source, bidder: Bidder, show_code: Callable[[str], None]) -> Made:
    """Make a bid folder; cut short, it is made again from the start, since nothing can have been sealed with it.

    Args:
        folder: the place.
        policy: what the bid is made for.
        bidder: who bids.
        show_code: shows the recovery code; it is called once and the code is kept nowhere.

    Raises:
        Failed: ``folder-made``, or what is wrong with a certificate.
    """
    holder = matching(read_certificate(bidder.certificate), bidder.supplier, bidder.code)
    signer(bidder.key, holder, now())
    if len(bidder.encryption) >= SLOTS:
        raise Failed("slots-many", most=SLOTS - 1)
    own = [public_point(matching(read_certificate(one), bidder.supplier, bidder.code)) for one in bidder.encryption]
    folder.prepare()
    with folder.alone():
        if folder.is_made:
            raise Failed("folder-made", folder=folder.path)
        drawn = draw_secrets(policy.policy, secrets.token_bytes)
        code = new_code()
        slots = [*own, point_of(recovery_key(code).public_key())]
        write_whole(folder.path / POLICY, policy.data, OPEN)
        certificate = x509.load_der_x509_certificate(holder.der).public_bytes(Encoding.PEM)
        write_whole(folder.path / CERTIFICATE, certificate, OPEN)
        folder.keep_secret(SUBMIT_KEY, encode_scalar(drawn.submit))
        write_whole(folder.path / KEYS / SLOTS_FILE, "".join(f"{one.hex()}\n" for one in slots).encode(), CLOSED)
        if not (folder.path / BID).exists():
            write_whole(folder.path / BID, blank_bid(), OPEN)
        show_code(format_recovery(code))
        found = policy_hash(policy.data)
        folder.remember(
            State(
                supplier=holder.organisation,
                code=holder.credit_code,
                key=str(bidder.key.absolute()),
                policy_hash=found.hex(),
                bid_ref=drawn.bid_ref.hex(),
                server=policy.server,
            )
        )
        return Made(holder, drawn.submit_key, found)
