"""Witnesses reached over HTTP (C2SP tlog-witness): one at a fixed address, and the one the platform starts itself."""

from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from mifeng.gateways.calling import client
from mifeng.gateways.witness import Conflict, Cosigned, Outcome, Refused, Unreachable
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    VerifierKey,
    add_signatures,
    format_submission,
    parse_note,
    parse_vkey,
    verify_cosignature,
)

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 3.0
MAX_ANSWER_BYTES = 64 * 1024


class HttpWitness:
    """A witness behind an address (网络见证人).

    Args:
        address: returns the address before ``/add-checkpoint``; asked at each call, since it may change.
        key: returns the witness's public key; asked at each call, since the witness may not have made it yet.
    """

    def __init__(self, address: Callable[[], str], key: Callable[[], VerifierKey]) -> None:
        self._address = address
        self.key = key
        self._client = client(CONNECT_SECONDS, ANSWER_SECONDS)

    def cosign(self, old_size: int, proof: Sequence[bytes], note: str) -> Outcome:
        """Ask for a cosignature of a signed checkpoint; never raises for what the other side does."""
        try:
            key, url = self.key(), f"{self._address()}/add-checkpoint"
        except (OSError, ValueError) as error:
            return Unreachable(f"no witness to ask: {error}")
        try:
            status, body = post(self._client, url, format_submission(old_size, proof, note).encode())
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Unreachable(f"{url}: {error or type(error).__name__}")
        return _outcome(status, body, note, key)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def remote_witness(address: str, vkey: Path) -> HttpWitness:
    """Return the witness at a fixed address whose public key stands in a file."""
    return HttpWitness(lambda: address.rstrip("/"), lambda: parse_vkey(vkey.read_text()))


def embedded_witness(address_file: Path, vkey: Path) -> HttpWitness:
    """Return the witness that the platform's supervisor starts: its address is read anew from its file at each call."""
    return HttpWitness(lambda: address_file.read_text().strip(), lambda: parse_vkey(vkey.read_text()))


def post(client: httpx.Client, url: str, content: bytes) -> tuple[int, str]:
    """Return status and body of the answer to a request, read only up to a limit.

    Raises:
        ValueError: when the answer is longer, or no text.
        httpx.HTTPError: when none comes in time.
    """
    body = b""
    with client.stream("POST", url, content=content) as response:
        for piece in response.iter_raw():
            body += piece
            if len(body) > MAX_ANSWER_BYTES:
                raise ValueError("the answer is too long")
        return response.status_code, body.decode()


def _outcome(status: int, body: str, note: str, key: VerifierKey) -> Outcome:
    size = body.removesuffix("\n")
    if status == 409 and size.isascii() and size.isdigit() and len(size) <= 19:
        return Conflict(int(size))
    if status != 200:
        return Unreachable(f"status {status}") if status >= 500 else Refused(status, body.strip()[:200])
    try:
        cosigned = parse_note(add_signatures(note, body.removesuffix("\n").split("\n")))
        at = verify_cosignature(cosigned, key)
    except (ValueError, Tampered) as error:
        return Refused(status, f"the cosignature does not hold: {error}")
    return Cosigned(tuple(str(line) for line in cosigned.by(key)), at)
