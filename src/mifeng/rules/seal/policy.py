"""The policy of a lot (密封规则): whose keys must come together to open a bid, written down before anybody bids.

It is part of the tender document and logged with the notice. Its hash stands in the core of every envelope, so a bid
sealed under one policy can never be opened under another: neither a trustee nor the threshold nor a part can be
exchanged afterwards. The deadline is not in it; that is a logged entry of its own, which each trustee countersigns.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from mifeng.rules.encoding import canonical, digest, parse_canonical
from mifeng.rules.errors import Reason, Unfair, refuse_if_any
from mifeng.rules.ledger import Kind, parse_vkey
from mifeng.rules.seal.shapes import hex_of, list_of, number_of, object_of, point_of, text_of
from mifeng.rules.seal.sharing import MAX_SHARES

VERSION = 1
SUITE = "I1"
MODE = "A"
STAGE = "1"
PARTS = ("readout", "price", "business", "technical", "qualification", "identity")
REF_BYTES = 32
VERIFY_BYTES = 32

_KEYS = frozenset(
    {"v", "suite", "mode", "lot_ref", "t", "n", "trustees", "contributors", "log", "witnesses", "parts", "stages"}
    | {"limits", "window_minutes", "demo"}
)


@dataclass(frozen=True, slots=True)
class Trustee:
    """One body that holds a share of every bid (开标见证机构).

    Args:
        name: how statements name it.
        organisation: the body it belongs to.
        hpke: public point its shares are wrapped to, 65 bytes.
        verify: Ed25519 key under which it signs, 32 bytes.
    """

    name: str
    organisation: str
    hpke: bytes
    verify: bytes


@dataclass(frozen=True, slots=True)
class Contributor:
    """One body whose random value counts in the draw of experts (抽取随机数贡献方).

    Args:
        name: how statements name it.
        organisation: the body it belongs to.
        vrf: public point of its random function, 65 bytes.
        verify: Ed25519 key under which it signs, 32 bytes.
    """

    name: str
    organisation: str
    vrf: bytes
    verify: bytes


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy of one lot (密封规则).

    Args:
        lot_ref: opaque reference of the lot, 32 bytes.
        t: how many trustees must release their shares.
        trustees: all of them, in the order of their index 1 … n.
        contributors: whose values make the seed of the draw.
        log: verifier key of the log, as text.
        witnesses: verifier keys of its witnesses, as text.
        envelope_bytes: largest envelope accepted, in bytes.
        window_minutes: how long bidders have to hand in their keys, in minutes.
        demo: keys of the sample city, all on one machine; never true of a real lot.
    """

    lot_ref: bytes
    t: int
    trustees: tuple[Trustee, ...]
    contributors: tuple[Contributor, ...]
    log: str
    witnesses: tuple[str, ...]
    envelope_bytes: int
    window_minutes: int
    demo: bool = False
    suite: str = SUITE
    mode: str = MODE
    parts: tuple[str, ...] = PARTS
    stages: tuple[str, ...] = (STAGE,)

    @property
    def n(self) -> int:
        """Return the number of trustees."""
        return len(self.trustees)

    def index(self, trustee: str) -> int:
        """Return the index of a trustee, from 1, by its name.

        Raises:
            KeyError: when the policy names no such trustee.
        """
        for index, one in enumerate(self.trustees, 1):
            if one.name == trustee:
                return index
        raise KeyError(trustee)


def lot_ref(lot: str, salt: bytes) -> bytes:
    """Return the opaque reference of a lot: H("lot ref"; lot, r), tied to the lot once r is disclosed.

    Raises:
        ValueError: when r does not have 32 bytes.
    """
    if len(salt) != REF_BYTES:
        raise ValueError(f"the salt of a reference has {REF_BYTES} bytes")
    return digest("lot ref", lot, salt)


def format_policy(policy: Policy) -> bytes:
    """Return the canonical bytes of a policy.

    Raises:
        ValueError: when a field is misshapen, so that no policy is written which a reader would refuse.
    """
    fields: dict[str, object] = {
        "v": VERSION,
        "suite": policy.suite,
        "mode": policy.mode,
        "lot_ref": policy.lot_ref.hex(),
        "t": policy.t,
        "n": policy.n,
        "trustees": [_named(one, "hpke", one.hpke) for one in policy.trustees],
        "contributors": [_named(one, "vrf", one.vrf) for one in policy.contributors],
        "log": policy.log,
        "witnesses": list(policy.witnesses),
        "parts": list(policy.parts),
        "stages": [{"id": stage} for stage in policy.stages],
        "limits": {"envelope_bytes": policy.envelope_bytes},
        "window_minutes": policy.window_minutes,
        "demo": policy.demo,
    }
    data = canonical(fields)
    parse_policy(data)
    return data


def policy_hash(data: bytes) -> bytes:
    """Return the hash of a policy's canonical bytes: H("BE1 policy"; JCS), 32 bytes."""
    return digest("BE1 policy", data)


@lru_cache(maxsize=64)
def parse_policy(data: bytes) -> Policy:
    """Return the policy of canonical bytes; only its shape is looked at, ``check_policy`` says whether it is sound.

    Raises:
        ValueError: when the bytes are not canonical or not a policy of version 1.
    """
    fields = object_of(parse_canonical(data), _KEYS, "a policy")
    if number_of(fields["v"], "v") != VERSION:
        raise ValueError(f"not a policy of version {VERSION}")
    trustees = tuple(Trustee(*_key_holder(one, "hpke")) for one in list_of(fields["trustees"], "trustees"))
    if number_of(fields["n"], "n") != len(trustees):
        raise ValueError("n is the number of trustees")
    if not isinstance(demo := fields["demo"], bool):
        raise ValueError("demo is a truth value")
    limits = object_of(fields["limits"], {"envelope_bytes"}, "limits")
    stages = [object_of(one, {"id"}, "a stage") for one in list_of(fields["stages"], "stages")]
    return Policy(
        lot_ref=hex_of(fields["lot_ref"], REF_BYTES, "lot_ref"),
        t=number_of(fields["t"], "t"),
        trustees=trustees,
        contributors=tuple(
            Contributor(*_key_holder(one, "vrf")) for one in list_of(fields["contributors"], "contributors")
        ),
        log=_vkey(fields["log"], Kind.LOG),
        witnesses=tuple(_vkey(one, Kind.WITNESS) for one in list_of(fields["witnesses"], "witnesses")),
        envelope_bytes=number_of(limits["envelope_bytes"], "envelope_bytes"),
        window_minutes=number_of(fields["window_minutes"], "window_minutes"),
        demo=demo,
        suite=text_of(fields["suite"], "suite"),
        mode=text_of(fields["mode"], "mode"),
        parts=tuple(text_of(one, "a part") for one in list_of(fields["parts"], "parts")),
        stages=tuple(text_of(stage["id"], "a stage") for stage in stages),
    )


def check_policy(policy: Policy) -> None:
    """Refuse a policy under which a bid could be opened too easily, not at all, or by one body alone (密封规则).

    Raises:
        Unfair: ``policy-unsound`` for every rule broken, with fact ``rule``: suite, mode, stages, parts, threshold,
            trustees, organisations, names or keys.

    Source: our choice (ADR-6)
    """
    trustees, contributors = policy.trustees, policy.contributors
    rules = {
        "suite": policy.suite == SUITE,
        "mode": policy.mode == MODE,
        "stages": policy.stages == (STAGE,),
        "parts": policy.parts == PARTS,
        "threshold": policy.t >= 2 and policy.n >= 2 * policy.t - 1,
        "trustees": policy.n <= MAX_SHARES,
        "organisations": policy.demo or _differ(one.organisation for one in trustees),
        "names": _differ(one.name for one in trustees) and _differ(one.name for one in contributors),
        "keys": _differ(one.hpke for one in trustees)
        and _differ(one.verify for one in trustees)
        and _differ(one.vrf for one in contributors),
    }
    refuse_if_any(Unfair, (Reason("policy-unsound", {"rule": rule}) for rule, kept in rules.items() if not kept))


def _named(one: Trustee | Contributor, key: str, point: bytes) -> dict[str, object]:
    return {"name": one.name, "organisation": one.organisation, key: point.hex(), "verify": one.verify.hex()}


def _key_holder(value: object, key: str) -> tuple[str, str, bytes, bytes]:
    fields = object_of(value, {"name", "organisation", key, "verify"}, "a holder of keys")
    return (
        text_of(fields["name"], "name"),
        text_of(fields["organisation"], "organisation"),
        point_of(fields[key], key),
        hex_of(fields["verify"], VERIFY_BYTES, "verify"),
    )


def _vkey(value: object, kind: Kind) -> str:
    text = text_of(value, "a verifier key")
    key = parse_vkey(text)
    if str(key) != text or key.kind is not kind:
        raise ValueError("a verifier key in another form or of another kind")
    return text


def _differ(values: Iterable[object]) -> bool:
    found = list(values)
    return len(set(found)) == len(found)
