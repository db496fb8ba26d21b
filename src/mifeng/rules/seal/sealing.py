"""Sealing a bid (密封), on the bidder's own machine.

Order matters. The lengths of all parts are fixed first, for the core names them; the core then binds everything that
follows. The shares are wrapped to the trustees and ``s_B`` to the bidder's keys; slots without a key are filled with
noise to a key nobody keeps, so that nobody can count the keys. The parts are encrypted in order, ``identity`` last,
because it holds the signature over the ciphertexts of all others.

All secrets come in as one value, so that a test can make an envelope again; the salts of the parts and the
encapsulations of the stanzas are the library's own randomness.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mifeng.rules.curve import SCALAR_BYTES, base_multiply_secret, decode_scalar, encode_point, encode_scalar
from mifeng.rules.seal.core import Core, core_hash, key_commitment
from mifeng.rules.seal.envelope import MAGIC, SLOTS, Part, Seal, Stanza, check_envelope, parse_seal
from mifeng.rules.seal.faults import Unopenable
from mifeng.rules.seal.identity import SIGNATURE_BYTES, Identity, identity_files, identity_of, sign_identity
from mifeng.rules.seal.layout import ciphertext_length, hasher
from mifeng.rules.seal.part import File, encrypt_part, index_of, part_context, part_key, part_length
from mifeng.rules.seal.policy import PARTS, REF_BYTES, Policy, check_policy, format_policy, parse_policy, policy_hash
from mifeng.rules.seal.sharing import commitments, share
from mifeng.rules.seal.wrap import wrap

_OPEN_PARTS = PARTS[:-1]
_IDENTITY = PARTS[-1]


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Every random value of one envelope (随机值); it never shows itself in a message.

    Args:
        s_b: the bidder's key, 32 bytes, fresh for every version.
        bid_ref: reference of the bid, 32 bytes, kept over its versions.
        submit: secret number of ``submit_key``, kept over its versions.
        coefficients: of the sharing, a0 first, fresh for every version.
        noise: for each slot, a secret number of a key to throw away and 32 bytes to fill the slot with.
    """

    s_b: bytes
    bid_ref: bytes
    submit: int
    coefficients: tuple[int, ...]
    noise: tuple[tuple[int, bytes], ...]

    @property
    def submit_key(self) -> bytes:
        """Return the public half of the key that signs for the bid."""
        return encode_point(base_multiply_secret(self.submit))


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """A sealed bid (已密封投标文件) and what its bidder must keep.

    Args:
        container: the bytes to hand in.
        s_b: the bidder's key.
        seal: the header.
    """

    container: bytes
    s_b: bytes
    seal: Seal

    @property
    def envelope_hash(self) -> bytes:
        """Return the hash that receipts and lists will name."""
        return self.seal.envelope_hash

    @property
    def bid_ref(self) -> bytes:
        """Return the reference of the bid."""
        return self.seal.bid_ref

    @property
    def version(self) -> int:
        """Return the version of the bid."""
        return self.seal.version


def draw_secrets(
    policy: Policy, random: Callable[[int], bytes], *, bid_ref: bytes | None = None, submit: int | None = None
) -> Secrets:
    """Return fresh secrets for one envelope.

    Args:
        policy: of the lot; says how many coefficients are needed.
        random: gives so many random bytes.
        bid_ref: of the bid whose next version this is; None for a new bid.
        submit: secret number of that bid's ``submit_key``; None for a new bid.
    """
    return Secrets(
        s_b=random(32),
        bid_ref=random(REF_BYTES) if bid_ref is None else bid_ref,
        submit=_scalar(random) if submit is None else submit,
        coefficients=tuple(_scalar(random) for _ in range(policy.t)),
        noise=tuple((_scalar(random), random(32)) for _ in range(SLOTS)),
    )


def seal_bid(
    policy: Policy,
    policy_bytes: bytes,
    content: Mapping[str, Sequence[File]],
    *,
    secrets: Secrets,
    identity: Identity,
    signer: Callable[[bytes], bytes],
    slots: Sequence[bytes] = (),
    version: int = 1,
    prev: bytes = b"",
) -> Sealed:
    """Seal a bid (密封投标文件).

    Args:
        policy: of the lot.
        policy_bytes: its canonical bytes, as they stand in the tender document.
        content: the files of each part but ``identity``; a part that is left out is empty.
        secrets: fresh ones.
        identity: who bids.
        signer: signs a message with the certificate's key, ECDSA on P-256 with SHA-256, and gives DER.
        slots: up to four public points that ``s_B`` is wrapped to, for the bidder's own keys.
        version: 1 for the first.
        prev: envelope hash of the version that this one replaces; empty for the first.

    Raises:
        Unfair: ``policy-unsound``, or ``too-large`` when the envelope passes the policy's limit.
        ValueError: when the bytes are not those of the policy, when a part, a name or a slot is not allowed, or when
            the signer is not the certificate's key.
    """
    check_policy(policy)
    if parse_policy(policy_bytes) != policy:
        raise ValueError("the bytes are those of another policy")
    if not content.keys() <= set(_OPEN_PARTS) or len(slots) > SLOTS:
        raise ValueError(f"no such part, or more than {SLOTS} slots")
    files = {name: tuple(content.get(name, ())) for name in _OPEN_PARTS}
    files[_IDENTITY] = identity_files(identity, bytes(SIGNATURE_BYTES))
    indexes = {name: index_of(files[name]) for name in PARTS}
    padded = tuple(part_length(indexes[name], files[name]) for name in PARTS)
    core = _core(policy, secrets, padded, version, prev)
    stanzas = (*_trustee_stanzas(policy, core, secrets), *_slot_stanzas(core, secrets, slots))
    parts, pieces = _encrypted(core, secrets, files, indexes, lambda hashes: _signed(identity, signer, core, hashes))
    seal = Seal(core, stanzas, parts)
    check_envelope(parse_seal(seal.data), policy)
    header = MAGIC + len(seal.data).to_bytes(4) + seal.data
    return Sealed(b"".join([header, *pieces]), secrets.s_b, seal)


def _core(policy: Policy, secrets: Secrets, padded: tuple[int, ...], version: int, prev: bytes) -> Core:
    return Core(
        policy_hash=policy_hash(format_policy(policy)),
        lot_ref=policy.lot_ref,
        bid_ref=secrets.bid_ref,
        version=version,
        prev=prev,
        submit_key=secrets.submit_key,
        sb_commit=key_commitment(secrets.bid_ref, secrets.s_b),
        commitments=commitments(secrets.coefficients),
        padded=padded,
        suite=policy.suite,
        mode=policy.mode,
    )


def _trustee_stanzas(policy: Policy, core: Core, secrets: Secrets) -> list[Stanza]:
    bound = core_hash(core)
    found: list[Stanza] = []
    for index, trustee in enumerate(policy.trustees, 1):
        value = encode_scalar(share(secrets.coefficients, index))
        found.append(Stanza("trustee", index, wrap(value, trustee.hpke, bound, "trustee", index)))
    return found


def _slot_stanzas(core: Core, secrets: Secrets, slots: Sequence[bytes]) -> list[Stanza]:
    bound = core_hash(core)
    found: list[Stanza] = []
    for index, (throw_away, noise) in enumerate(secrets.noise, 1):
        used = index <= len(slots)
        public = slots[index - 1] if used else encode_point(base_multiply_secret(throw_away))
        found.append(Stanza("bidder", index, wrap(secrets.s_b if used else noise, public, bound, "bidder", index)))
    return found


def _encrypted(
    core: Core,
    secrets: Secrets,
    files: dict[str, tuple[File, ...]],
    indexes: dict[str, bytes],
    signed: Callable[[Sequence[bytes]], tuple[File, ...]],
) -> tuple[tuple[Part, ...], list[bytes]]:
    bound, a0 = core_hash(core), secrets.coefficients[0]
    parts: list[Part] = []
    pieces: list[bytes] = []
    offset = 0
    for name, padded_len in zip(PARTS, core.padded, strict=True):
        if name == _IDENTITY:
            files[name] = signed([part.ct_hash for part in parts])
            indexes[name] = index_of(files[name])
        key, length = part_key(bound, secrets.s_b, a0, name), ciphertext_length(padded_len)
        found = hasher("BE1 ct", length)
        for piece in encrypt_part(key, part_context(bound, name), indexes[name], files[name]):
            found.update(piece)
            pieces.append(piece)
        parts.append(Part(name, padded_len, length, found.digest(), offset))
        offset += length
    return tuple(parts), pieces


def _signed(
    identity: Identity, signer: Callable[[bytes], bytes], core: Core, ct_hashes: Sequence[bytes]
) -> tuple[File, ...]:
    bound = core_hash(core)
    files = identity_files(identity, sign_identity(signer, bound, ct_hashes))
    try:
        identity_of(files, bound, ct_hashes)
    except Unopenable as error:
        raise ValueError("the identity would not be read: its certificate is not the signer's, or misshapen") from error
    return files


def _scalar(random: Callable[[int], bytes]) -> int:
    while True:
        try:
            return decode_scalar(random(SCALAR_BYTES))
        except ValueError:
            continue
