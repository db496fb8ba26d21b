"""What a trustee signs and what it refuses before the close, with a clock that the test sets.

Source: our choice (ADR-6)
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.ledger import encode64, format_time
from mifeng.rules.seal.envelope import parse_seal
from mifeng.rules.seal.sealing import Sealed
from mifeng.rules.seal.statements import acknowledgement, countersignature, submission, verify_ecdsa
from tests.programs.benches import Bench, serving
from tests.programs.trustees import (
    BUREAU,
    DUE,
    NOTARY,
    OTHER_LOT,
    SECRETS,
    STRANGER,
    TEST_LOG,
    Ledger,
    Package,
    leaf_of,
    shown,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Return the first of three trustees, a minute after the key window."""
    with serving(tmp_path) as bench:
        yield bench


@pytest.fixture
def known(bench: Bench) -> Bench:
    """Return a trustee that knows the package."""
    bench.deadline(bench.package.notice())
    return bench


# deadline ------------------------------------------------------------------------------------------------------------


def test_a_deadline_is_countersigned_with_the_leaf_of_its_notice(bench: Bench) -> None:
    notice, package = bench.package.notice(), bench.package
    said = bench.deadline(notice)
    statement = countersignature(
        "deadline", package.policy.lot_ref, package.hash, leaf_of(notice), "trustee-1", format_time(DUE)
    )

    assert bench.holds(said["countersignature"], statement)
    assert bench.deadline(notice) == said


def test_a_later_deadline_is_accepted_and_an_earlier_one_never(known: Bench) -> None:
    later = DUE + timedelta(days=5)
    first, moved = known.package.notice(), known.package.notice(later)
    assert known.deadline(first) != known.deadline(moved)

    assert known.deadline(known.package.notice(later - SECOND)) == "deadline-earlier"
    assert known.deadline(known.package.notice(later)) != known.deadline(moved)
    # The entry that was countersigned before gets its answer again, and moves nothing back.
    assert isinstance(known.deadline(first), dict)
    assert known.close(known.package.close(due=DUE)) == "deadline-earlier"
    assert known.evidence() == ["deadline-earlier", "deadline-earlier"]


def test_another_policy_for_a_lot_is_refused_for_ever(known: Bench) -> None:
    other = known.keeper.package(window_minutes=31)

    assert known.deadline(other.notice(), other) == "policy-other"
    assert known.deadline(known.package.notice(policy_hash=other.hash.hex())) == "policy-other"
    assert known.evidence() == ["policy-other", "policy-other"]
    assert isinstance(known.deadline(known.package.notice()), dict)


def test_a_policy_without_this_trustee_or_under_other_keys_is_refused(bench: Bench) -> None:
    def package(**changes: Any) -> Package:
        return bench.keeper.package(**changes)

    mine, *others = bench.package.policy.trustees
    strangers = [
        package(trustees=(replace(mine, organisation="another"), *others)),
        package(trustees=(replace(mine, name="trustee-9"), *others)),
        package(trustees=(replace(mine, hpke=others[0].hpke), others[1], replace(others[0], hpke=mine.hpke))),
        package(log=str(TEST_LOG.verifier)),
        package(witnesses=()),
        package(witnesses=(str(NOTARY.verifier), str(STRANGER.verifier))),
    ]

    assert [bench.deadline(one.notice(), one) for one in strangers] == ["policy-other"] * len(strangers)


def test_an_unsound_policy_is_refused(bench: Bench) -> None:
    mine, *others = bench.package.policy.trustees
    weak = [bench.keeper.package(t=1), bench.keeper.package(trustees=(mine, others[0]))]
    two_stages = bench.keeper.package(stages=("1", "2"))

    for package in (*weak, two_stages):
        assert bench.deadline(package.notice(), package) == "policy-unsound"


def test_a_notice_that_does_not_name_the_lot_is_refused(bench: Bench) -> None:
    other = bench.keeper.package(OTHER_LOT)

    assert bench.deadline(other.notice()) == "lot-unknown"
    assert bench.deadline(bench.package.close()) == "receipt-invalid"


def test_only_receipts_under_the_keys_of_log_and_witnesses_are_believed(bench: Bench) -> None:
    package = bench.package
    ledgers = [Ledger(TEST_LOG), Ledger(witnesses=()), Ledger(witnesses=(BUREAU,)), Ledger(witnesses=(STRANGER,))]
    receipts = [replace(package, ledger=ledger).notice() for ledger in ledgers]
    spoilt = package.notice().replace("index 0", "index 1")

    for receipt in (*receipts, spoilt, "nonsense"):
        assert bench.deadline(receipt) == "receipt-invalid"
    # The policy names one witness, so one is enough.
    assert isinstance(bench.deadline(replace(package, ledger=Ledger(witnesses=(NOTARY,))).notice()), dict)


# bids ----------------------------------------------------------------------------------------------------------------


def test_a_share_that_fits_is_acknowledged(known: Bench) -> None:
    bid = known.package.bid()
    said = known.stanza(bid)
    statement = acknowledgement(known.package.hash, bid.bid_ref, 1, bid.envelope_hash, "trustee-1", "ok")

    assert said["verdict"] == "ok"
    assert known.holds(said["signature"], statement)
    assert known.stanza(bid) == said


def test_a_share_that_does_not_fit_is_acknowledged_as_bad(known: Bench) -> None:
    bid, other = known.package.bid(), known.package.bid()
    mixed = canonical(_with_stanza(bid, other))
    spoilt = replace(bid, seal=parse_seal(mixed))
    said = known.stanza(spoilt)
    statement = acknowledgement(known.package.hash, bid.bid_ref, 1, spoilt.envelope_hash, "trustee-1", "bad")

    assert said["verdict"] == "bad"
    assert known.holds(said["signature"], statement)
    assert known.stanza(spoilt) == said
    # The version is taken: the same number under another envelope would be a second content.
    assert known.stanza(bid) == "version-outdated"


def _with_stanza(bid: Sealed, other: Sealed) -> object:
    """Return the header of a bid with another bid's stanza for the first trustee."""
    fields, copied = parse_canonical(bid.seal.data), parse_canonical(other.seal.data)
    assert isinstance(fields, dict)
    assert isinstance(copied, dict)
    fields["stanzas"]["trustees"][0] = copied["stanzas"]["trustees"][0]
    return fields


def test_a_newer_version_replaces_and_an_older_one_is_refused(known: Bench) -> None:
    first = known.package.bid()
    second = known.package.newer(first)
    third = known.package.newer(second)

    assert [known.stanza(bid)["verdict"] for bid in (first, third)] == ["ok", "ok"]
    assert known.stanza(second) == "version-outdated"
    # What was acknowledged once is acknowledged again, and changes nothing.
    assert known.stanza(first)["verdict"] == "ok"
    assert known.close(known.package.close(first)) == "list-outdated"
    assert isinstance(known.close(known.package.close(third)), dict)


def test_a_version_by_another_hand_is_refused(known: Bench) -> None:
    first = known.package.bid()
    forged = known.package.bid(first, replace(SECRETS[known.package.bid().bid_ref], bid_ref=first.bid_ref))
    known.stanza(first)

    assert known.stanza(forged) == "key-other"


def test_a_false_newer_version_stops_no_list(known: Bench) -> None:
    """Everything in its header is right and public; only the bidder's signature cannot be had."""
    true = known.package.bid()
    known.stanza(true)
    false = known.package.newer(true)
    stranger = SECRETS[known.package.bid().bid_ref].submit

    assert known.stanza(false, submit=stranger) == "signature-invalid"
    assert known.ask("/stanza", _stanza(false, like=true)) == "signature-invalid"
    said = known.close(known.package.close(true))
    assert isinstance(said, dict)
    assert known.memory.bids(known.package.ref, true.bid_ref.hex())[0].version == 1


def test_a_signature_fits_one_version_one_number_and_one_purpose(known: Bench) -> None:
    first = known.package.bid()
    second = known.package.newer(first)
    renamed = replace(second, seal=_renamed(second, first))
    withdrawal = parse_canonical(known.package.withdrawal_request(first))
    assert isinstance(withdrawal, dict)
    others = [
        _stanza(first, like=second),
        _stanza(renamed, like=second),
        _stanza(first, nonce=b"other".hex()),
        _stanza(first, signature=withdrawal["signature"]),
        _stanza(first, signature="30"),
    ]

    assert [known.ask("/stanza", one) for one in others] == ["signature-invalid"] * len(others)
    for misshapen in (
        {"nonce": ""},
        {"nonce": "ab" * 65},
        {"nonce": "AB"},
        {"signature": ""},
        {"signature": "ab" * 81},
    ):
        assert known.ask("/stanza", _stanza(first, **misshapen)) == "malformed"
    # Handed in once more under another number, it is the same version.
    said = known.stanza(first)
    assert (known.stanza(first, nonce=b"n" * 64), said["verdict"]) == (said, "ok")


def _stanza(bid: Sealed, *, like: Sealed | None = None, **changes: str) -> bytes:
    """Return the request that shows a bid, under number and signature of another version where one is given."""
    _, nonce, signature = shown(like or bid)
    seal = {"lot_ref": bid.seal.lot_ref.hex(), "seal": encode64(bid.seal.data)}
    return canonical(seal | {"nonce": nonce.hex(), "signature": signature.hex()} | changes)


def test_the_signature_is_looked_at_before_anything_else(bench: Bench) -> None:
    bid, other = bench.package.bid(), bench.keeper.package(OTHER_LOT)

    assert bench.stanza(bid, submit=5) == "signature-invalid"
    assert bench.stanza(bid) == "lot-unknown"
    bench.deadline(bench.package.notice())
    assert bench.stanza(other.bid(), submit=5) == "signature-invalid"
    bench.stanza(bid)
    assert bench.stanza(bid, submit=5) == "signature-invalid"


def test_what_a_bidder_signed_is_kept_and_shows_who_stopped_a_list(known: Bench) -> None:
    first = known.package.bid()
    second = known.package.newer(first)
    known.stanza(first)
    known.stanza(second, nonce=b"its own")

    # The bidder showed here what it did not hand in there.
    assert known.close(known.package.close(first)) == "list-outdated"
    query = "SELECT statement, signature FROM submission ORDER BY version"
    kept = known.memory._db.execute(query).fetchall()
    lot_ref = known.package.policy.lot_ref
    assert [statement for statement, _ in kept] == [
        submission("submit", lot_ref, first.bid_ref, 1, first.envelope_hash, b"nonce"),
        submission("submit", lot_ref, first.bid_ref, 2, second.envelope_hash, b"its own"),
    ]
    for statement, signature in kept:
        verify_ecdsa(first.seal.submit_key, statement, signature)


def test_a_bid_of_another_lot_or_policy_is_refused(known: Bench) -> None:
    other = known.keeper.package(OTHER_LOT)
    widened = known.keeper.package(window_minutes=31)

    assert known.stanza(known.package.bid())["verdict"] == "ok"
    assert known.ask("/stanza", other.stanza_request(other.bid())) == "lot-unknown"
    assert known.stanza(other.bid()) == "policy-other"
    assert known.stanza(widened.bid()) == "policy-other"


def test_an_envelope_against_the_policy_is_refused(known: Bench) -> None:
    fields = parse_canonical(known.package.bid().seal.data)
    assert isinstance(fields, dict)
    fields["stanzas"]["trustees"].pop()
    seal = parse_seal(canonical(fields))

    assert known.stanza(replace(known.package.bid(), seal=seal)) == "envelope-malformed"


# withdrawals ---------------------------------------------------------------------------------------------------------


def test_a_withdrawal_is_noted_and_the_withdrawn_version_never_released(known: Bench) -> None:
    bid, kept = known.package.bid(), known.package.bid()
    known.stanza(bid)
    known.stanza(kept)
    said = known.withdraw(bid)
    statement = submission("withdraw", known.package.policy.lot_ref, bid.bid_ref, 1, bid.envelope_hash, b"nonce")

    assert known.holds(said["signature"], statement)
    assert known.withdraw(bid) == said
    assert known.close(known.package.close(bid, kept)) == "list-outdated"
    assert known.stanza(bid)["verdict"] == "ok"
    assert known.close(known.package.close(bid, kept)) == "list-outdated"
    assert isinstance(known.close(known.package.close(kept)), dict)
    # Asked again it answers as before, also after the close; nothing new is noted then.
    assert known.withdraw(bid) == said
    assert known.withdraw(kept) == "lot-closed"


def test_after_a_withdrawal_a_newer_version_counts_again(known: Bench) -> None:
    first = known.package.bid()
    second = known.package.newer(first)
    known.stanza(first)
    known.withdraw(first)

    assert known.stanza(second)["verdict"] == "ok"
    assert isinstance(known.withdraw(first), dict)
    assert isinstance(known.close(known.package.close(second)), dict)


def test_a_withdrawn_version_shown_again_counts_no_more(known: Bench) -> None:
    first, kept = known.package.bid(), known.package.bid()
    for bid in (first, kept):
        known.stanza(bid)
    known.withdraw(first)

    # Its bidder signed it, so it is answered as before, and still no list may hold it.
    for nonce in (b"nonce", b"another"):
        assert known.stanza(first, nonce=nonce)["verdict"] == "ok"
        assert known.close(known.package.close(first, kept)) == "list-outdated"
    assert known.stanza(known.package.newer(first), submit=5) == "signature-invalid"
    assert isinstance(known.close(known.package.close(kept)), dict)


def test_a_withdrawal_of_a_version_not_shown_here_holds(known: Bench) -> None:
    first = known.package.bid()
    second = known.package.newer(first)
    known.stanza(first)

    assert isinstance(known.withdraw(second), dict)
    assert known.stanza(second) == "version-outdated"
    assert [known.close(known.package.close(bid)) for bid in (first, second)] == ["list-outdated", "list-outdated"]


def test_only_the_bidder_withdraws_and_only_the_current_version(known: Bench) -> None:
    first = known.package.bid()
    second = known.package.newer(first)
    other = known.package.bid()

    assert known.withdraw(first) == "bid-unknown"
    known.stanza(first)
    known.stanza(second)
    assert known.withdraw(second, submit=SECRETS[other.bid_ref].submit) == "signature-invalid"
    assert known.withdraw(first) == "version-outdated"
    assert known.withdraw(replace(second, seal=_renamed(second, other))) == "version-outdated"
    assert isinstance(known.withdraw(second), dict)
    assert known.withdraw(replace(second, seal=_renamed(second, other))) == "version-outdated"


def _renamed(bid: Sealed, other: Sealed) -> Any:
    """Return a bid's header with other stanzas: same version, another envelope hash."""
    return parse_seal(canonical(_with_stanza(bid, other)))
