"""A story with its programs killed under it (受扰演示): from the entry to the result, nothing lost, nothing twice.

Each part of the platform and of the parties outside dies once, at a moment when it matters, the server in the middle
of an upload and of a registration besides; server, worker and database die at moments drawn while members save and
sign. The people of the story only do again what got no answer. A member looks at the sheet and types again what is not
there; before a member signs, the sheet must hold exactly what was acknowledged.
"""

import json
import re
from typing import Any

import psycopg
import pytest

from mifeng.programs.bid.folder import RECEIPTS, Folder, Version, read_policy
from mifeng.programs.bid.receipts import Handed, submission_receipt
from mifeng.rules.ledger import parse_vkey, verify_receipt
from mifeng.rules.seal.policy import policy_hash
from mifeng.sample.demo.bids import OFFERS
from tests.prove.conftest import Told
from tests.prove.shaken import CELLS, LARGE, SCORING, SIGNATURES, Shaken, Tireless
from tests.prove.test_kills import STALLED_SECONDS, check_log, one, settle
from tests.stack import Stack

PRICES = {"4599000.00", "4420000.00", "4588000.00", "4715500.00"}
SITES, SEATS, TRUSTEES = 3, 4, 3
BIDS, ITEMS, MEMBERS = 4, 5, 5
# What must stand in the ledger exactly so often, however often its doer was killed and began anew.
ONCE = {
    "publish_notice": 1,
    "receive_bid": len(OFFERS) + 1,
    "assemble_panel": 1,
    "commit_pool": SITES,
    "fix_seed": SITES,
    "answer_invitation": SEATS + 1,
    "seal_roster": SITES,
    "complete_panel": 1,
    "close_bidding": 1,
    "close_list": 1,
    "open_keys": 1,
    "confirm_key": len(OFFERS),
    "close_keys": 1,
    "open_all": 1,
}
PERCENT = re.compile(r"(\d+)%")

pytestmark = pytest.mark.prove


def test_story_goes_on_after_every_kill(told: Told) -> None:
    """All four bids are opened with their prices, the rosters are sealed, every receipt holds, the log is whole."""
    stack = told.stack
    check_upload(told.stage)
    check_receipts(stack)
    with stack.connect() as database:
        check_jobs(stack, database)
        settle(stack, database)
        check_log(database)
        check_once(database)
        check_opened(database)


def test_no_acknowledged_score_is_lost(told: Told) -> None:
    """Every member signed a sheet that held each acknowledged score, and nothing besides."""
    members = [seat.browser for seat in told.scene.seats]

    assert len(told.scored) >= len(SCORING)
    for member in members:
        assert isinstance(member, Tireless)
        assert member.compared == len(member.saved) == BIDS * ITEMS


def test_story_ends_verified(told: Told) -> None:
    """Everything happened once: each sheet signed and shown, one report, one award; both cuts were verified."""
    with told.stack.connect() as database:
        assert one(database, "SELECT count(*) FROM evaluation_member") == MEMBERS
        assert entries(database, "save_cells") == CELLS
        assert entries(database, "sign_sheet") == SIGNATURES
        kinds = ("reveal", "conclude_evaluation", "hand_over", "award", "announce")
        assert {kind: entries(database, kind) for kind in kinds} == dict.fromkeys(kinds, 1)
    told_of = [arguments[:2] for arguments, said in told.stage.told if '"ok": true' in said]
    assert told_of == [("verify", "bundle")] * 2


def check_upload(stage: Shaken) -> None:
    """Make sure that no piece was sent again which had been acknowledged: what a bidder saw never went back."""
    name = str(stage.data / "bids" / LARGE)
    seen: list[int] = []
    for arguments, said in stage.told:
        if arguments[:2] == ("bid", "submit") and name in arguments:
            seen += [int(percent) for percent in PERCENT.findall(said)]
            if "第 1 版已递交" in said:
                break
    assert seen == sorted(seen)
    assert seen[-1] == 100


def check_receipts(stack: Stack) -> None:
    """Verify every receipt in the bidders' folders, with the log's and the witness's keys and for its very version."""
    log = parse_vkey((stack.data / "keys" / "log.vkey").read_text().strip())
    witness = parse_vkey((stack.data / "witness" / "witness.vkey").read_text().strip())
    for offer in OFFERS:
        folder = Folder(stack.data / "bids" / offer.account)
        state, (policy, data) = folder.state(), read_policy(folder)
        standing = state.standing
        assert standing is not None

        def handed(version: Version, data: bytes = data, bid_ref: str = state.bid_ref) -> Handed:
            envelope = bytes.fromhex(version.envelope)
            return Handed(policy_hash(data), bytes.fromhex(bid_ref), version.number, envelope)

        found = {version.number: folder.path / RECEIPTS / f"R1-v{version.number}.proof" for version in state.versions}
        assert found[standing.number].is_file()
        assert not list((folder.path / RECEIPTS).glob("*.wrong"))
        for version in state.versions:
            if found[version.number].is_file():
                text = found[version.number].read_text()
                assert set(verify_receipt(text, log, [witness]).seen) == {witness.name}
                submission_receipt(text, policy, handed(version))


def check_once(database: psycopg.Connection) -> None:
    """Count what may happen once: one list, one pool and one seed for each site, each trustee's word once."""
    counted = dict(database.execute("SELECT type, count(*) FROM kernel_entry GROUP BY type").fetchall())
    assert {name: counted.get(name, 0) for name in ONCE} == ONCE
    kinds = ("commit_pool", "record_releases", "record_countersignatures", "record_acks", "close_list")
    bodies = {kind: facts_of(database, kind) for kind in kinds}
    assert len({facts["handle"] for facts in bodies["commit_pool"] if "root" in facts}) == SITES
    assert [len(facts["list"]) for facts in bodies["close_list"] if "list" in facts] == [len(OFFERS)]
    released = [batch["trustee"] for facts in bodies["record_releases"] for batch in facts["batches"]]
    signed = [(facts["leaf"], name) for facts in bodies["record_countersignatures"] for name in facts["trustees"]]
    acks = [
        (facts["bid_ref"], facts["version"], ack["trustee"]) for facts in bodies["record_acks"] for ack in facts["acks"]
    ]
    for said in (released, signed, acks):
        assert len(said) == len(set(said))
    assert TRUSTEES - 1 <= len(released) <= TRUSTEES


def check_opened(database: psycopg.Connection) -> None:
    """Look at what became of the bids and of the seats: a roster stays sealed unless somebody stands aside later."""
    opened = database.execute("SELECT price_yuan, fault, doubts FROM bidding_unsealed").fetchall()
    assert {(str(price), fault, len(doubts)) for price, fault, doubts in opened} == {(price, "", 0) for price in PRICES}
    assert one(database, "SELECT count(*) FROM bidding_bid WHERE state = 'opened'") == len(OFFERS)
    assert one(database, "SELECT count(*) FROM bidding_bid") == len(OFFERS)
    assert one(database, "SELECT count(*) FROM experts_roster") == SITES
    left = {facts["handle"] for facts in facts_of(database, "recheck_avoidance") if "places" in facts}
    assert one(database, "SELECT count(*) FROM experts_draw WHERE state = 'rostered'") == SITES - len(left)


def facts_of(database: psycopg.Connection, kind: str) -> list[dict[str, Any]]:
    """Return the facts of every move in the entries of a kind."""
    query = "SELECT b.content FROM kernel_entry e JOIN kernel_entrybody b ON b.entry_id = e.id WHERE e.type = %s"
    rows = database.execute(query, [kind]).fetchall()
    return [move.get("facts", {}) for (content,) in rows for move in json.loads(bytes(content))["moves"]]


def check_jobs(stack: Stack, database: psycopg.Connection) -> None:
    """Wait for the jobs, those of a killed worker included; none may have been given up."""
    waiting = (
        "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        " AND split_part(task_name, '.', 1) IN ('tenders', 'bidding', 'sittings') AND task_name NOT LIKE '%.look_after'"
    )
    stack.until(lambda: not one(database, waiting), "all jobs are done", within=STALLED_SECONDS)
    given_up = "SELECT count(*) FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing', 'succeeded')"
    assert one(database, given_up) == 0


def entries(database: psycopg.Connection, kind: str) -> int:
    """Return how many entries of a kind stand in the ledger."""
    return one(database, f"SELECT count(*) FROM kernel_entry WHERE type = '{kind}'")  # noqa: S608 - our own words
