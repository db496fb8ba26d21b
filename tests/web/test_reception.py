"""The reception for bidders' programs (递交窗口): what it takes, what it refuses, and what it never says."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mifeng.bidding import dealings, staging
from mifeng.bidding.models import Bid
from mifeng.kernel import clock
from mifeng.kernel.models import Entry, Noted
from mifeng.rules.decisive import verify_decisive
from mifeng.rules.encoding import canonical
from mifeng.rules.seal.policy import policy_hash
from mifeng.tenders.models import Lot
from tests.bids import DAY_BEFORE, hand_in, handed_in, replacement, sealed_bid
from tests.factories import DUE, START, City, lot_of, published
from tests.trusted import Trusted, trusted
from tests.web.receiving import Wire, body, problem
from tests.web.rooms import client_of
from tests.web.witnessed import witness_log


@pytest.fixture
def wire(city: City) -> Wire:
    """Return a sealed bid of a published package, not handed in."""
    return Wire(city, sealed_bid(city, lot_of(published(city))))


def test_bid_is_bound_uploaded_and_submitted(wire: Wire) -> None:
    """Each step answers as the contract of the interface says (MOF-87-33)."""
    bound = wire.post("bind", wire.binding())
    before = wire.head()
    container = wire.held.sealed.container
    first, rest = wire.put(0, container[:1000]), wire.put(1000, container[1000:])
    submitted = wire.post("submit", wire.signed("submit"))

    assert (bound.status_code, body(bound)) == (201, {})
    assert [one["Upload-Offset"] for one in (before, first, rest)] == ["0", "1000", str(len(container))]
    entry = Entry.objects.get(type="receive_bid")
    assert (submitted.status_code, submitted["X-Receipt"]) == (202, str(entry.pk))
    assert body(submitted) == {"leaf": bytes(entry.leaf).hex()}
    assert Bid.objects.get().envelope == wire.held.envelope


def test_request_that_comes_again_is_answered_with_the_first_entry(wire: Wire) -> None:
    first = wire.submit()
    again = wire.post("submit", wire.signed("submit"))

    assert (again.status_code, body(again), again["X-Receipt"]) == (202, body(first), first["X-Receipt"])
    assert Entry.objects.filter(type="receive_bid").count() == 1


def test_policy_is_given_out_byte_by_byte(wire: Wire) -> None:
    """Anybody may read it, and its hash is the one of the notice."""
    answer = wire.client.get(wire.url("policy"))

    assert answer.content == wire.held.lot.policy.encode()
    assert policy_hash(answer.content).hex() == wire.held.lot.policy_hash
    assert answer["Content-Type"] == "application/json"


def test_status_tells_a_bid_s_own_key_how_it_stands(committing: City, tmp_path: Path) -> None:
    """R1 is proven by the log alone once it is witnessed (R045)."""
    wire = Wire(committing, sealed_bid(committing, lot_of(published(committing))))
    before = wire.status()
    wire.submit()
    unproven = wire.status()
    log, witness = witness_log(tmp_path)
    proven = wire.status()

    assert (before["state"], before["version"], before["receipt"]) == ("", 0, "")
    assert (unproven["state"], unproven["receipt"], unproven["openable"]) == ("received", "", False)
    assert proven | {"receipt": ""} == unproven
    read = verify_decisive(proven["receipt"], log, [witness])
    assert wire.held.envelope in read.body.decode()


def test_bid_is_taken_back_and_may_be_handed_in_again(wire: Wire) -> None:
    wire.submit()
    taken = wire.post("withdraw", wire.signed("withdraw"))
    state = wire.status()["state"]
    again = Wire(wire.city, replacement(wire.held))
    submitted = again.submit()

    assert (taken.status_code, "X-Receipt" in taken, state) == (202, True, "withdrawn")
    assert (submitted.status_code, again.status()["version"]) == (202, 2)


def test_upload_goes_on_where_it_stood(wire: Wire) -> None:
    """A wrong offset is answered with the right one, and nothing is taken."""
    wire.post("bind", wire.binding())
    container = wire.held.sealed.container
    wire.put(0, container[:1000])
    wrong = wire.put(500, container[500:])

    assert (problem(wrong), wrong["Upload-Offset"]) == ((409, "offset-other"), "1000")
    assert wire.head()["Upload-Offset"] == "1000"
    assert wire.put(1000, container[1000:]).status_code == 204
    assert wire.post("submit", wire.signed("submit")).status_code == 202
    assert wire.head()["Upload-Offset"] == str(len(container))


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("bind", b""),
        ("bind", b"nonsense"),
        ("bind", b"[]"),
        ("bind", b'{"submit_key": "04"}'),
        ("nonce", b"{}"),
        ("nonce", canonical({"submit_key": "05" + "a" * 128})),
        ("nonce", canonical({"submit_key": "04" + "A" * 128})),
        ("nonce", canonical({"submit_key": 4})),
        ("nonce", canonical({"submit_key": "04" + "a" * 128, "account": "bidder-1"})),
        ("key", canonical({"bid_ref": "ab" * 32, "s_b": "ab"})),
    ],
)
def test_what_is_misshapen_is_refused(wire: Wire, verb: str, fields: bytes) -> None:
    assert problem(wire.post(verb, fields)) == (422, "malformed")


@pytest.mark.parametrize(
    "changes",
    [{"version": 0}, {"version": True}, {"version": "1"}, {"envelope": "ab"}, {"nonce": ""}, {"signature": "xy"}],
)
@pytest.mark.parametrize("verb", ["submit", "withdraw", "status"])
def test_signed_request_with_a_field_out_of_shape_is_refused(wire: Wire, verb: str, changes: dict[str, Any]) -> None:
    assert problem(wire.post(verb, wire.signed(verb, **changes))) == (422, "malformed")


@pytest.mark.parametrize("field", ["bid_ref", "envelope"])
def test_request_about_another_envelope_than_the_staged_one_is_refused(wire: Wire, field: str) -> None:
    wire.upload()

    assert problem(wire.post("submit", wire.signed("submit", **{field: "ab" * 32}))) == (422, "malformed")


def test_bodies_are_limited(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MAX_PIECE", 1000)
    wire.post("bind", wire.binding())

    assert problem(wire.post("nonce", b" " * (64 * 2**10 + 1))) == (422, "too-large")
    assert problem(wire.put(0, b"x" * 1001)) == (422, "too-large")
    assert problem(wire.put(0, b"")) == (422, "malformed")
    assert wire.head()["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Authorization": "", "Upload-Length": "10"}, "malformed"),
        ({"Authorization": "Basic YTpi", "Upload-Length": "10"}, "malformed"),
        ({"Authorization": "BE1 04 ab ab", "Upload-Length": "10"}, "malformed"),
        ({"Authorization": "", "Upload-Length": "-1"}, "malformed"),
        ({"Authorization": "", "Upload-Length": "9" * 20}, "malformed"),
    ],
)
def test_upload_without_authority_is_refused(wire: Wire, headers: dict[str, str], code: str) -> None:
    assert problem(wire.put(0, b"x", **headers)) == (422, code)
    answer = wire.head(**headers)
    assert (answer.status_code, answer["X-Reason"]) == (422, code)


@pytest.mark.parametrize("offset", ["", "x", "-1"])
def test_piece_without_its_place_is_refused(wire: Wire, offset: str) -> None:
    wire.post("bind", wire.binding())

    assert problem(wire.put(offset, b"x")) == (422, "malformed")


def test_empty_file_cannot_be_uploaded(wire: Wire) -> None:
    headers = wire.authorised() | {"Upload-Length": "0"}

    assert problem(wire.put(0, b"x", **headers)) == (422, "malformed")


def test_key_that_no_supplier_has_registered_is_refused(wire: Wire) -> None:
    assert problem(wire.put(0, b"x")) == (403, "not-bound")
    assert wire.head().status_code == 403


def test_number_that_is_old_or_of_another_is_refused(wire: Wire) -> None:
    wire.post("bind", wire.binding())
    old = wire.signed("status")
    wire.at += timedelta(minutes=11)

    assert problem(wire.post("status", old)) == (403, "nonce-expired")
    assert problem(wire.put(0, b"x", **wire.authorised(nonce="ab" * 40))) == (403, "nonce-expired")
    too_long = wire.signed("status") | {"nonce": "ab" * 80}
    assert problem(wire.post("status", too_long)) == (403, "nonce-expired")


def test_signature_of_another_is_refused(wire: Wire) -> None:
    """Nobody asks about, takes back or uploads for a bid without its own key."""
    wire.submit()
    other = Wire(wire.city, sealed_bid(wire.city, wire.held.lot, 2))
    signature = other.signed("status")["signature"]

    assert problem(wire.post("status", wire.signed("status", signature=signature))) == (403, "signature-invalid")
    assert problem(wire.post("withdraw", wire.signed("withdraw", signature=signature))) == (403, "signature-invalid")
    assert problem(wire.put(0, b"x", **wire.authorised(signature=signature))) == (403, "signature-invalid")
    assert problem(other.post("bind", other.binding(signature=signature))) == (403, "signature-invalid")


def test_ticket_that_is_none_or_too_old_is_refused(wire: Wire) -> None:
    given = wire.binding()

    assert problem(wire.post("bind", given | {"ticket": "bm9uc2Vuc2U="})) == (403, "ticket-invalid")
    wire.at = DAY_BEFORE - timedelta(days=2)
    old = wire.binding()
    wire.at = DAY_BEFORE
    assert problem(wire.post("bind", old)) == (403, "ticket-expired")


@pytest.mark.parametrize("verb", ["bind", "upload", "submit", "withdraw"])
def test_nothing_is_taken_after_the_deadline(wire: Wire, verb: str) -> None:
    """The refusal is kept for the minute's digest without a name (MOF-87-33)."""
    bound, held = wire.binding(), wire.held
    if verb != "bind":
        wire.submit() if verb == "withdraw" else wire.upload()
    wire.at = DUE
    asked = {
        "bind": lambda: wire.post("bind", bound),
        "upload": lambda: wire.put(0, held.sealed.container[:10]),
        "submit": lambda: wire.post("submit", wire.signed("submit")),
        "withdraw": lambda: wire.post("withdraw", wire.signed("withdraw")),
    }

    assert problem(asked[verb]()) == (403, "deadline-passed")
    [noted] = Noted.objects.filter(kind="refused")
    assert (noted.actor_handle, noted.facts) == ("public", {"codes": ["deadline-passed"]})


def test_package_that_is_not_there_is_answered_like_any_other(wire: Wire) -> None:
    for verb, fields in (
        ("nonce", {"submit_key": wire.held.submit_key}),
        ("key", {"bid_ref": "ab" * 32, "s_b": "ab" * 32}),
    ):
        answer = wire.client.post(f"/reception/{'cd' * 32}/{verb}", canonical(fields), content_type="application/json")
        assert problem(answer) == (404, "unknown")
    assert problem(wire.client.get(f"/reception/{'cd' * 32}/policy")) == (404, "unknown")
    assert problem(wire.post("key", {"bid_ref": "ab" * 32, "s_b": "ab" * 32})) == (404, "unknown")


@pytest.mark.parametrize("verb", ["bind", "nonce", "submit", "withdraw", "status", "key"])
def test_addresses_answer_one_method(wire: Wire, verb: str) -> None:
    assert wire.client.get(wire.url(verb)).status_code == 405
    assert wire.client.post(wire.url("policy")).status_code == 405


def test_session_of_an_account_is_not_looked_at(wire: Wire) -> None:
    """A browser that is signed in gets the same answers, and nothing is kept of its account."""
    wire.client = client_of("bidder-2")
    answer = wire.submit()
    wire.at = DUE
    late = wire.post("submit", wire.signed("submit"))

    assert answer.status_code == 202
    assert "sessionid" not in answer.cookies
    assert late.status_code in (202, 403)
    assert set(Noted.objects.values_list("actor_handle", flat=True)) <= {"public"}


def test_no_answer_names_who_asks(committing: City, tmp_path: Path) -> None:
    """Neither name, code, account nor post is in any answer, accepted or refused (R071)."""
    city, held = committing, sealed_bid(committing, lot_of(published(committing)))
    wire = Wire(city, held)
    own = held.bidder.organisation
    answers = [wire.client.get(wire.url("policy")), wire.post("bind", wire.binding()), wire.head()]
    answers += [wire.put(0, held.sealed.container), wire.post("submit", wire.signed("submit"))]
    hand_in(city, sealed_bid(city, held.lot, 2))
    witness_log(tmp_path)
    answers += [wire.post("status", wire.signed("status")), wire.post("bind", wire.binding(signature="ab"))]
    answers += [
        wire.post("withdraw", wire.signed("withdraw")),
        wire.post("key", {"bid_ref": held.bid_ref, "s_b": "ab" * 32}),
    ]

    said = "\n".join(f"{answer.headers}\n{answer.content.decode()}" for answer in answers)
    actor = city["bidder-1"]
    marks = (own.name, own.code, str(own.pk), actor.handle, actor.post, "bidder-1")
    assert [mark for mark in marks if mark in said] == []


def test_status_costs_the_same_however_many_bids_there_are(city: City) -> None:
    lot = lot_of(published(city))
    wire = Wire(city, sealed_bid(city, lot))
    hand_in(city, wire.held)

    def cost() -> int:
        asked = wire.signed("status")
        with CaptureQueriesContext(connection) as found:
            assert wire.post("status", asked).status_code == 200
        return len(found)

    one = cost()
    for number in (2, 3):
        hand_in(city, sealed_bid(city, lot, number))
    assert (one > 2, cost()) == (True, one)


@pytest.fixture
def near(committing: City, tmp_path: Path) -> Iterator[Trusted]:
    """Return the trustees of the sample city, near at hand."""
    with trusted(tmp_path) as found:
        yield found


def announced(city: City, near: Trusted) -> Lot:
    """Return a published package that the trustees know."""
    lot = lot_of(published(city))
    with clock.frozen(START + timedelta(hours=1)):
        near.settle()
        dealings.countersign_deadline(Entry.objects.get(type="publish_notice").pk, near.reach)
    return lot


def test_key_is_taken_during_the_window_and_a_wrong_one_can_be_tried_again(committing: City, near: Trusted) -> None:
    """A wrong key costs nothing; the right one is confirmed, and again with the same entry (J6)."""
    lot = announced(committing, near)
    held = handed_in(committing, lot, 3)
    wire = Wire(committing, held[0], at=DUE + timedelta(minutes=5))
    early = wire.post("key", {"bid_ref": held[0].bid_ref, "s_b": held[0].sealed.s_b.hex()})
    near.listed(lot)
    with clock.frozen(DUE + timedelta(minutes=1)):
        near.advance(lot)
        near.settle()

    wrong = wire.post("key", {"bid_ref": held[0].bid_ref, "s_b": "ab" * 32})
    right = wire.post("key", {"bid_ref": held[0].bid_ref, "s_b": held[0].sealed.s_b.hex()})
    again = wire.post("key", {"bid_ref": held[0].bid_ref, "s_b": held[0].sealed.s_b.hex()})
    found = wire.status()

    assert problem(early) == (409, "wrong-state")
    assert problem(wrong) == (422, "key-mismatch")
    assert (right.status_code, "X-Receipt" in right) == (202, True)
    assert body(again) == body(right)
    assert (found["state"], found["opening"]["state"]) == ("keyed", "keying")
    assert found["opening"]["close"].startswith("c2sp.org/tlog-proof@v1\n")


@pytest.mark.parametrize("changes", [{"answer": "maybe"}, {"text": "长" * 2001}, {"bid_ref": "ab"}, {"more": "x"}])
def test_misshapen_answer_to_the_record_is_refused(wire: Wire, changes: dict[str, Any]) -> None:
    """Only two answers exist, and words have a limit."""
    fields = {"bid_ref": wire.held.bid_ref, "answer": "confirmed", "text": "", "nonce": "00", "signature": "00"}

    assert problem(wire.post("record", {**fields, **changes})) == (422, "malformed")
