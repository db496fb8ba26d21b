"""Contributors to draws reached over HTTP (网络贡献方): one question, three possible answers.

What comes back is believed only under the contributor's own keys, as the policy names them: a proof that does not
verify for this very pool, or that is not signed, is a refusal whatever its status. Asking again gives the same answer.
"""

from collections.abc import Callable
from pathlib import Path

import httpx

from mifeng.gateways.calling import client
from mifeng.gateways.witness import Contributed, Refused, Unreachable
from mifeng.gateways.witness.http import ANSWER_SECONDS, CONNECT_SECONDS, post
from mifeng.rules.draw.lots import Contribution, verify_contribution
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import encode64, parse_receipt
from mifeng.rules.seal.policy import Contributor, policy_hash
from mifeng.rules.seal.shapes import hex_of, object_of, point_of, text_of
from mifeng.rules.vrf import PROOF_BYTES

HASH_BYTES = 32
SIGNATURE_BYTES = 64
MAX_CODE = 40


class HttpContributor:
    """A contributor behind an address (网络贡献方).

    Args:
        address: returns the address before ``/contribute``; asked at each call, since it may change.
        key: returns how a policy names the contributor, with its keys; asked at each call, since they may come later.
    """

    def __init__(self, address: Callable[[], str], key: Callable[[], Contributor]) -> None:
        self._address = address
        self.key = key
        self._client = client(CONNECT_SECONDS, ANSWER_SECONDS)

    def contribute(self, policy: bytes, notice: str, pool: str, handle: bytes) -> Contributed | Refused | Unreachable:
        """Ask for the contribution to a draw; see ``Contributor.contribute``."""
        disclosed = parse_receipt(pool).disclosed
        if disclosed is None:
            raise ValueError("the receipt of the pool does not lay its entry open")
        leaf, hashed = disclosed.leaf, policy_hash(policy)
        request = {"policy": encode64(policy), "notice": notice, "pool": pool, "handle": handle.hex()}
        try:
            key, url = self.key(), f"{self._address()}/contribute"
        except (OSError, ValueError) as error:
            return Unreachable(f"no contributor to ask: {error}")
        try:
            status, body = post(self._client, url, canonical(request))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Unreachable(f"{url}: {error or type(error).__name__}")
        return _outcome(status, body, lambda given: verify_contribution(key, handle, hashed, leaf, given), key.name)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def remote_contributor(address: str, pub: Path) -> HttpContributor:
    """Return the contributor at a fixed address whose public keys stand in a file."""
    return HttpContributor(lambda: address.rstrip("/"), lambda: parse_contributor(pub.read_bytes()))


def embedded_contributor(address_file: Path, pub: Path) -> HttpContributor:
    """Return a contributor that the platform's supervisor starts: its address is read anew at each call."""
    return HttpContributor(lambda: address_file.read_text().strip(), lambda: parse_contributor(pub.read_bytes()))


def parse_contributor(data: bytes) -> Contributor:
    """Return the contributor that the bytes of a ``witness.pub`` name.

    Raises:
        ValueError: when they are misshapen.
    """
    fields = object_of(parse_canonical(data), {"name", "organisation", "vrf", "verify"}, "a contributor")
    return Contributor(
        text_of(fields["name"], "name"),
        text_of(fields["organisation"], "organisation"),
        point_of(fields["vrf"], "vrf"),
        hex_of(fields["verify"], HASH_BYTES, "verify"),
    )


def _outcome(
    status: int, body: str, verify: Callable[[Contribution], bytes], name: str
) -> Contributed | Refused | Unreachable:
    if status >= 500:
        return Unreachable(f"status {status}")
    try:
        fields = parse_canonical(body.encode())
        if status != 200:
            return Refused(
                status, text_of(object_of(fields, {"refused"}, "a refusal")["refused"], "refused")[:MAX_CODE]
            )
        given = _contribution(fields, name)
        verify(given)
    except ValueError as error:
        return Unreachable(f"status {status}: {error}")
    except Tampered as error:
        return Refused(status, f"the contribution does not hold: {error}")
    return Contributed(given)


def _contribution(fields: object, name: str) -> Contribution:
    shown = object_of(fields, {"pi", "signature"}, "a contribution")
    pi = hex_of(shown["pi"], PROOF_BYTES, "pi")
    return Contribution(name, pi, hex_of(shown["signature"], SIGNATURE_BYTES, "signature"))
