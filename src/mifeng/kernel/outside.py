"""Who stands outside (外部各方): the trustees, contributors and witnesses that every sealing policy names.

``<data>/keys/outside.json`` says who they are and where they are reached; ``mifeng init`` writes it for the sample
city, a trading centre puts its own parties there. Their public keys go into the policy of each package with the notice,
so a later change of the file changes nothing for a project that is under way.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from mifeng.rules.errors import Reason, WrongState
from mifeng.rules.seal.policy import Contributor, Policy, Trustee, check_policy, format_policy

FILE = "outside.json"
KINDS: tuple[str, ...] = ("hpke", "vrf", "verify")


@dataclass(frozen=True, slots=True)
class Party:
    """One party outside the platform (外部一方): its name, its body, its keys, and where it is reached.

    Args:
        name: name within the policy.
        organisation: the body that runs it.
        keys: public keys by kind, hexadecimal.
        address: an http(s) address, or ``file:`` with the path, below the data folder, of a file that holds one.
    """

    name: str
    organisation: str
    keys: dict[str, str]
    address: str

    def url(self) -> str:
        """Return where the party is reached now.

        Raises:
            OSError: when the file with the address is not there yet.
        """
        if self.address.startswith("file:"):
            return (Path(settings.ENV.data) / self.address.removeprefix("file:")).read_text().strip()
        return self.address.rstrip("/")


@dataclass(frozen=True, slots=True)
class Outside:
    """All parties outside (外部各方) and what holds for sealing with them.

    Args:
        threshold: trustees needed to open.
        trustees: keepers of shares, in policy order.
        contributors: witnesses whose contributions make the seed of a draw, in policy order.
        window_minutes: length of the key window.
        envelope_bytes: largest envelope.
        demo: all keys stand on one machine and protect from nobody who runs it.
    """

    threshold: int
    trustees: tuple[Party, ...]
    contributors: tuple[Party, ...]
    window_minutes: int
    envelope_bytes: int
    demo: bool


def is_named() -> bool:
    """Say whether anybody has been named yet."""
    return (Path(settings.ENV.data) / "keys" / FILE).is_file()


def outside() -> Outside:
    """Return the parties outside.

    Raises:
        WrongState: ``trustees-missing``, where nobody has been named.
    """
    try:
        read = json.loads((Path(settings.ENV.data) / "keys" / FILE).read_text())
    except FileNotFoundError:
        raise WrongState(Reason("trustees-missing", lifted_by=("operator",))) from None
    return Outside(
        threshold=read["threshold"],
        trustees=tuple(_party(row) for row in read["trustees"]),
        contributors=tuple(_party(row) for row in read["contributors"]),
        window_minutes=read["window_minutes"],
        envelope_bytes=read["envelope_bytes"],
        demo=read["demo"],
    )


def compose_policy(lot_ref: bytes) -> bytes:
    """Return the sealing policy of a package (密封规则) as canonical JSON.

    Raises:
        WrongState: ``trustees-missing``.
        Unfair: ``policy-unsound``, where the parties named may not stand together.
    """
    named = outside()
    data = Path(settings.ENV.data)
    policy = Policy(
        lot_ref=lot_ref,
        t=named.threshold,
        trustees=tuple(
            Trustee(one.name, one.organisation, bytes.fromhex(one.keys["hpke"]), bytes.fromhex(one.keys["verify"]))
            for one in named.trustees
        ),
        contributors=tuple(
            Contributor(one.name, one.organisation, bytes.fromhex(one.keys["vrf"]), bytes.fromhex(one.keys["verify"]))
            for one in named.contributors
        ),
        log=(data / "keys" / "log.vkey").read_text().strip(),
        witnesses=((data / "witness" / "witness.vkey").read_text().strip(),),
        envelope_bytes=named.envelope_bytes,
        window_minutes=named.window_minutes,
        demo=named.demo,
    )
    check_policy(policy)
    return format_policy(policy)


def _party(row: dict[str, Any]) -> Party:
    keys = {kind: str(row[kind]) for kind in KINDS if kind in row}
    return Party(row["name"], row["organisation"], keys, row["address"])
