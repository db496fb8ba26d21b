"""The draw of experts (抽取): a pool committed to, drawn from, and verified from its disclosure, seconds on one core.

Everybody of the library stands in one cell with two tiers, every tenth among the excluded; three contributors make the
seed; three seats are filled, half of those invited refuse. The verifier begins with the bytes of the disclosure.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from mifeng.rules import vrf
from mifeng.rules.decisive import Read, verify_decisive
from mifeng.rules.draw.disclosure import Chosen, Disclosure, Opening, Step, format_disclosure, parse_disclosure
from mifeng.rules.draw.lots import Contribution, alpha, contribution_message, order, seed
from mifeng.rules.draw.pool import Cell, Record, cells, draw_handle, leaf_salt, leaves, pool_facts
from mifeng.rules.draw.verification import Grounds, verify_draw
from mifeng.rules.draw.walk import Event, Line, Outcome, Walk
from mifeng.rules.encoding import canonical
from mifeng.rules.ledger import (
    Checkpoint,
    Disclosed,
    Entry,
    Kind,
    SigningKey,
    add_signatures,
    body_commitment,
    cosign,
    entry_leaf,
    format_checkpoint,
    format_entry,
    format_receipt,
    format_time,
    inclusion_proof,
    leaf_hash,
    root_of,
    sign_note,
)
from mifeng.rules.seal.policy import Contributor, Policy, Trustee, format_policy, policy_hash
from tests.bench.figures import Figure, at_most

PEOPLE = (5_000, 50_000)
LIMIT_SECONDS = 1.5
SEATS = 3
AT = datetime(2026, 11, 22, tzinfo=UTC)
SALT = KEY = bytes(32)
HANDLE = draw_handle("lot", "site", SALT)
LOG = SigningKey("log.example/bench", Kind.LOG, bytes(32))
WITNESS = SigningKey("witness.example/bench", Kind.WITNESS, bytes(32))
SECRETS = [hashlib.sha256(b"secret %d" % number).digest() for number in range(3)]
SIGNERS = [SigningKey(f"witness-{number}", Kind.WITNESS, secret) for number, secret in enumerate(SECRETS)]

T = TypeVar("T")


def measure() -> Iterator[Figure]:
    """Yield one row per size and kind of work."""
    for people in PEOPLE:
        yield from of_size(people)


def of_size(people: int) -> Iterator[Figure]:
    """Yield the rows of one size."""
    policy, records = a_policy(), [record(number) for number in range(people)]
    drawn, taken = timed(lambda: committed(records))
    yield at_most(f"draw: pool of {people:,} committed", taken, "s", LIMIT_SECONDS)
    notice, pool = logged(policy, pool_facts(HANDLE, drawn))
    (given, made, ordered), taken = timed(lambda: lots(policy, pool, drawn[0]))
    yield at_most(f"draw: {people:,} drawn", taken, "s", LIMIT_SECONDS)
    published = disclosed(records, drawn, given, made, ordered)
    faults, taken = timed(lambda: verify_draw(parse_disclosure(published), Grounds(policy, notice, pool)))
    if faults:
        raise SystemExit(f"the draw that was measured is not sound: {faults[0]}")
    yield at_most(f"draw: draw of {people:,} verified", taken, "s", LIMIT_SECONDS)


def record(number: int) -> Record:
    """Return one person of the library."""
    person = hashlib.sha256(number.to_bytes(8)).digest()
    return Record(HANDLE, person, {"A08": 1 + number % 2}, "" if number % 10 else "related")


def committed(records: list[Record]) -> tuple[Cell, ...]:
    """Return the pool, with its root computed once as for the log."""
    drawn = cells([("A08", SEATS)], zip(leaves(KEY, records), records, strict=True))
    pool_facts(HANDLE, drawn)
    return drawn


def lots(policy: bytes, pool: Read, cell: Cell) -> tuple[list[Contribution], bytes, tuple[bytes, ...]]:
    """Return the contributions, the seed and the order."""
    hashed, leaf = policy_hash(policy), pool.proven.leaf
    stem = alpha(HANDLE, hashed, leaf)
    given = []
    for secret, signer in zip(SECRETS, SIGNERS, strict=True):
        pi = vrf.prove(secret, stem)
        message = contribution_message(HANDLE, hashed, leaf, signer.name, pi)
        given.append(Contribution(signer.name, pi, signer.sign(message)))
    made = seed(stem, [vrf.proof_to_hash(one.pi) for one in given])
    return given, made, order(cell.rows, made)


def disclosed(
    records: list[Record], drawn: tuple[Cell, ...], given: list[Contribution], made: bytes, ordered: tuple[bytes, ...]
) -> bytes:
    """Return the bytes of the disclosure after a walk in which half of those invited refuse."""
    walk, steps = Walk((Line("A08", SEATS, ordered),)), []

    def take(event: Event) -> Walk:
        steps.append(Step(event, "2026-11-22T00Z"))
        return walk.take(event)

    while due := walk.due():
        for event in due:
            walk = take(event)
            outcome = Outcome.ACCEPTED if event.leaf[0] % 2 else Outcome.REFUSED
            walk = take(Event("A08", event.leaf, outcome, "" if event.leaf[0] % 2 else "busy"))
    seats = tuple(Chosen(seat.cell, seat.number, seat.leaf) for seat in walk.seats)
    held = {seat.leaf for seat in seats}
    openings = (Opening(one, leaf_salt(KEY, HANDLE, one.person)) for one in records)
    shown = tuple(one for one in openings if one.leaf in held)
    made_of = Disclosure("lot", "site", SALT, HANDLE, drawn, tuple(given), made, tuple(steps), seats, shown)
    return format_disclosure(made_of)


def a_policy() -> bytes:
    """Return a policy that names the contributors."""
    named = tuple(
        Contributor(signer.name, f"body of {signer.name}", vrf.public_key(secret), signer.verifier.public)
        for secret, signer in zip(SECRETS, SIGNERS, strict=True)
    )
    witnesses = (str(WITNESS.verifier),)
    trustee = Trustee("trustee", "body", named[0].vrf, named[0].verify)
    return format_policy(Policy(bytes(32), 2, (trustee,), named, str(LOG.verifier), witnesses, 2**20, 30))


def logged(policy: bytes, facts: dict[str, object]) -> tuple[Read, Read]:
    """Return notice and pool as their receipts prove them."""
    lot = {"lot_ref": bytes(32).hex(), "policy_hash": policy_hash(policy).hex(), "bids_due_at": format_time(AT)}
    acts = [
        (
            "publish_notice",
            [
                {"step": "publish_notice", "subject": "tenders.tender:1", "facts": {"draw_handles": [HANDLE.hex()]}},
                {"step": "publish", "subject": "tenders.lot:1", "facts": lot},
            ],
        ),
        ("commit_pool", [{"step": "commit", "subject": "experts.draw:1", "facts": facts}]),
    ]
    entries = []
    for step, moves in acts:
        body = canonical({"step": step, "role": "clock", "moves": moves})
        data = format_entry(Entry(step, step, b"", "clock", AT, body_commitment(KEY, body)))
        entries.append(Disclosed(data, KEY, body, KEY))
    tree = [leaf_hash(entry_leaf(one.salt, one.data)) for one in entries]
    text = format_checkpoint(Checkpoint(LOG.name, len(tree), root_of(tree)))
    note = add_signatures(sign_note(text, LOG), [cosign(text, WITNESS, int(AT.timestamp()))])
    receipts = [format_receipt(place, inclusion_proof(place, tree), note, one) for place, one in enumerate(entries)]
    notice, pool = (verify_decisive(text, LOG.verifier, [WITNESS.verifier]) for text in receipts)
    return notice, pool


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what some work yields, and how many seconds of this process's time it took."""
    begun = time.process_time()
    found = work()
    return found, time.process_time() - begun
