"""Trustees reached over HTTP (网络受托人): one at a fixed address, and those the platform starts itself."""

from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from mifeng.gateways.calling import client
from mifeng.gateways.trustee import Given, Outcome, Refused, Unreachable
from mifeng.rules.decisive import closed, keyed, published
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import encode64, format_time, parse_receipt
from mifeng.rules.seal.envelope import parse_seal
from mifeng.rules.seal.policy import Trustee as Named
from mifeng.rules.seal.policy import parse_policy, policy_hash
from mifeng.rules.seal.shapes import hex_of, list_of, object_of, point_of, text_of
from mifeng.rules.seal.statements import (
    Verdict,
    acknowledgement,
    batch,
    countersignature,
    submission,
    verify_ed25519,
)

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 5.0
MAX_ANSWER_BYTES = 1024 * 1024
SIGNATURE_BYTES = 64
HASH_BYTES = 32
MAX_CODE = 40

# From the answer's fields and the trustee's name: what must be signed, and what is given.
Reader = Callable[[object, str], tuple[bytes, Given]]


class HttpTrustee:
    """A trustee behind an address (网络受托人).

    Args:
        address: returns the address before the path; asked at each call, since it may change.
        key: returns the trustee's name, body and public keys; asked at each call, since it may not have made them yet.
    """

    def __init__(self, address: Callable[[], str], key: Callable[[], Named]) -> None:
        self._address = address
        self.key = key
        self._client = client(CONNECT_SECONDS, ANSWER_SECONDS)

    def deadline(self, policy: bytes, receipt: str) -> Outcome:
        """Ask for the countersignature of a deadline; see ``Trustee.deadline``."""
        lot_ref, hashed = parse_policy(policy).lot_ref, policy_hash(policy)
        leaf, body = _laid_open(receipt)
        named = published(body).lots.get(lot_ref.hex())
        if named is None:
            raise ValueError("the entry does not name this lot")
        due = format_time(named[1])

        def read(fields: object, name: str) -> tuple[bytes, Given]:
            given = _countersignature(fields)
            return countersignature("deadline", lot_ref, hashed, leaf, name, due), given

        return self._ask("/deadline", {"policy": encode64(policy), "receipt": receipt}, read)

    def stanza(self, seal: bytes, nonce: bytes, signature: bytes) -> Outcome:
        """Have the trustee try its share of a version; see ``Trustee.stanza``."""
        header = parse_seal(seal)

        def read(fields: object, name: str) -> tuple[bytes, Given]:
            shown = object_of(fields, {"verdict", "signature"}, "an acknowledgement")
            verdict = _verdict(shown["verdict"])
            version = header.bid_ref, header.version, header.envelope_hash
            return acknowledgement(header.policy_hash, *version, name, verdict), Given(_signature(shown), verdict)

        signed: dict[str, object] = {"nonce": nonce.hex(), "signature": signature.hex()}
        return self._ask("/stanza", signed | {"lot_ref": header.lot_ref.hex(), "seal": encode64(seal)}, read)

    def withdraw(
        self, lot_ref: bytes, bid_ref: bytes, version: int, envelope: bytes, nonce: bytes, signature: bytes
    ) -> Outcome:
        """Pass on a withdrawal; see ``Trustee.withdraw``."""
        statement = submission("withdraw", lot_ref, bid_ref, version, envelope, nonce)

        def read(fields: object, name: str) -> tuple[bytes, Given]:
            return statement, Given(_signature(object_of(fields, {"signature"}, "a withdrawal")))

        values = {"lot_ref": lot_ref, "bid_ref": bid_ref, "envelope": envelope, "nonce": nonce, "signature": signature}
        named: dict[str, object] = {key: value.hex() for key, value in values.items()}
        return self._ask("/withdraw", named | {"version": version}, read)

    def close(self, receipt: str) -> Outcome:
        """Ask for the countersignature of a list; see ``Trustee.close``."""
        leaf, body = _laid_open(receipt)
        listed = closed(body)
        lot_ref, hashed = bytes.fromhex(listed.lot_ref), bytes.fromhex(listed.policy_hash)

        def read(fields: object, name: str) -> tuple[bytes, Given]:
            given = _countersignature(fields)
            return countersignature("close", lot_ref, hashed, leaf, name, format_time(listed.due)), given

        return self._ask("/close", {"receipt": receipt}, read)

    def release(self, receipt: str) -> Outcome:
        """Ask for the shares; see ``Trustee.release``."""
        leaf, body = _laid_open(receipt)
        wanted = keyed(body)

        def read(fields: object, name: str) -> tuple[bytes, Given]:
            answer = object_of(fields, {"shares", "signature"}, "a release")
            shares = tuple(_share(row) for row in list_of(answer["shares"], "shares"))
            released = [bid_ref.hex() for bid_ref, _ in shares]
            if [bid_ref for bid_ref in wanted.bids if bid_ref in set(released)] != released:
                raise ValueError("shares of other bids, or in another order")
            given = Given(_signature(answer), shares=shares)
            return batch(bytes.fromhex(wanted.lot_ref), leaf, name, shares), given

        return self._ask("/release", {"receipt": receipt}, read)

    def close_connections(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _ask(self, path: str, fields: Mapping[str, object], read: Reader) -> Outcome:
        try:
            key, url = self.key(), f"{self._address()}{path}"
        except (OSError, ValueError) as error:
            return Unreachable(f"no trustee to ask: {error}")
        try:
            status, body = self._post(url, canonical(fields))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Unreachable(f"{url}: {error or type(error).__name__}")
        return _outcome(status, body, key, read)

    def _post(self, url: str, content: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer, read only up to a limit."""
        body = b""
        with self._client.stream("POST", url, content=content) as response:
            for piece in response.iter_raw():
                body += piece
                if len(body) > MAX_ANSWER_BYTES:
                    raise ValueError("the answer is too long")
            return response.status_code, body


def remote_trustee(address: str, pub: Path) -> HttpTrustee:
    """Return the trustee at a fixed address whose public keys stand in a file."""
    return HttpTrustee(lambda: address.rstrip("/"), lambda: parse_trustee(pub.read_bytes()))


def embedded_trustee(address_file: Path, pub: Path) -> HttpTrustee:
    """Return a trustee that the platform's supervisor starts: its address is read anew from its file at each call."""
    return HttpTrustee(lambda: address_file.read_text().strip(), lambda: parse_trustee(pub.read_bytes()))


def parse_trustee(data: bytes) -> Named:
    """Return the trustee that the bytes of a ``trustee.pub`` name.

    Raises:
        ValueError: when they are misshapen.
    """
    fields = object_of(parse_canonical(data), {"name", "organisation", "hpke", "verify"}, "a trustee")
    return Named(
        text_of(fields["name"], "name"),
        text_of(fields["organisation"], "organisation"),
        point_of(fields["hpke"], "hpke"),
        hex_of(fields["verify"], HASH_BYTES, "verify"),
    )


def _outcome(status: int, body: bytes, key: Named, read: Reader) -> Outcome:
    if status >= 500:
        return Unreachable(f"status {status}")
    try:
        fields = parse_canonical(body)
        if status != 200:
            return Refused(text_of(object_of(fields, {"refused"}, "a refusal")["refused"], "refused")[:MAX_CODE])
        statement, given = read(fields, key.name)
        verify_ed25519(key.verify, statement, given.signature)
    except ValueError as error:
        return Unreachable(f"status {status}: {error}")
    except Tampered:
        return Refused("signature-invalid")
    return given


def _laid_open(receipt: str) -> tuple[bytes, bytes]:
    """Return the leaf that a receipt is about, and the body it lays open."""
    disclosed = parse_receipt(receipt).disclosed
    if disclosed is None or disclosed.body is None:
        raise ValueError("the receipt does not lay the body of its entry open")
    return disclosed.leaf, disclosed.body


def _countersignature(fields: object) -> Given:
    shown = object_of(fields, {"countersignature"}, "a countersignature")
    return Given(hex_of(shown["countersignature"], SIGNATURE_BYTES, "countersignature"))


def _signature(fields: Mapping[str, object]) -> bytes:
    return hex_of(fields["signature"], SIGNATURE_BYTES, "signature")


def _verdict(value: object) -> Verdict:
    if value == "ok":
        return "ok"
    if value == "bad":
        return "bad"
    raise ValueError("a verdict is ok or bad")


def _share(row: object) -> tuple[bytes, bytes]:
    fields = object_of(row, {"bid_ref", "share"}, "a share")
    return hex_of(fields["bid_ref"], HASH_BYTES, "bid_ref"), hex_of(fields["share"], HASH_BYTES, "share")
