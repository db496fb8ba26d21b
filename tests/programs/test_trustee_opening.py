"""One list and one release for each lot, not before the deadline, also after a restart. Source: our choice (ADR-6)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mifeng.rules.ledger import format_time
from mifeng.rules.seal.opening import open_share
from mifeng.rules.seal.sealing import Sealed
from mifeng.rules.seal.statements import batch, countersignature
from tests.programs.benches import Bench, serving
from tests.programs.trustees import DUE, TEST_LOG, WINDOW, Keeper, Ledger, Package, leaf_of

SECOND = timedelta(seconds=1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Return a trustee that knows a package, a minute after its key window."""
    with serving(tmp_path) as bench:
        bench.deadline(bench.package.notice())
        yield bench


def handed_in(bench: Bench, count: int) -> list[Sealed]:
    """Return bids whose shares the trustee has acknowledged."""
    bids = [bench.package.bid() for _ in range(count)]
    assert [bench.stanza(bid)["verdict"] for bid in bids] == ["ok"] * count
    return bids


# close ---------------------------------------------------------------------------------------------------------------


def test_a_list_is_countersigned_with_the_deadline_it_stands_on(bench: Bench) -> None:
    bids, package = handed_in(bench, 2), bench.package
    close = package.close(*bids)
    said = bench.close(close)
    statement = countersignature(
        "close", package.policy.lot_ref, package.hash, leaf_of(close), "trustee-1", format_time(DUE)
    )

    assert bench.holds(said["countersignature"], statement)
    assert bench.close(close) == said


def test_a_second_list_is_refused_for_ever_and_kept_as_evidence(bench: Bench) -> None:
    bids = handed_in(bench, 2)
    first = bench.package.close(*bids)
    said = bench.close(first)

    assert bench.close(bench.package.close(bids[0])) == "second-list"
    # The same list once more, in another entry, is a second list too: the leaf names the whole history before it.
    assert bench.close(bench.package.close(*bids)) == "second-list"
    assert bench.close(first) == said
    assert bench.evidence() == ["second-list", "second-list"]


@pytest.mark.parametrize(
    ("at", "clock", "signed"),
    [
        (DUE, DUE, True),
        (DUE - SECOND, DUE, False),
        (DUE, DUE - SECOND, False),
        (DUE + WINDOW, DUE - timedelta(days=1), False),
    ],
)
def test_nothing_closes_before_the_deadline_by_the_trustee_s_own_clock(bench: Bench, at, clock, signed: bool) -> None:
    bench.now = int(clock.timestamp())

    assert (bench.close(bench.package.close(at=at)) != "too-early") is signed
    bench.now = int(DUE.timestamp())
    assert isinstance(bench.close(bench.package.close(at=DUE)), dict) is not signed


def test_in_test_mode_the_entry_s_own_time_stands_for_the_clock(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, TEST_LOG)
    with serving(tmp_path, keeper, now=0, test=True) as bench:
        bench.deadline(bench.package.notice())

        assert bench.close(bench.package.close(at=DUE - SECOND)) == "too-early"
        close = bench.package.close(at=DUE)
        assert isinstance(bench.close(close), dict)
        assert isinstance(bench.release(bench.package.keyed(close, at=DUE)), dict)


def test_a_list_must_stand_on_the_deadline_that_was_countersigned(bench: Bench) -> None:
    later = DUE + timedelta(minutes=1)

    assert bench.close(bench.package.close(due=DUE - SECOND)) == "deadline-earlier"
    assert bench.close(bench.package.close(due=later, at=later)) == "deadline-unknown"
    assert isinstance(bench.deadline(bench.package.notice(later)), dict)
    assert isinstance(bench.close(bench.package.close(due=later, at=later)), dict)


def test_no_deadline_moves_after_the_close(bench: Bench) -> None:
    bench.close(bench.package.close())

    assert bench.deadline(bench.package.notice(DUE + timedelta(days=1))) == "lot-closed"


def test_a_list_under_another_policy_or_of_an_unknown_lot_is_refused(bench: Bench) -> None:
    assert bench.close(bench.package.close(policy_hash="ab" * 32)) == "policy-other"
    assert bench.close(bench.package.close(lot_ref="ab" * 32)) == "lot-unknown"
    assert bench.release(bench.package.keyed(bench.package.close(), lot_ref="ab" * 32)) == "lot-unknown"
    assert bench.evidence() == ["policy-other"]


def test_a_list_is_believed_only_under_its_receipt(bench: Bench) -> None:
    package = bench.package

    for other in (replace(package, ledger=Ledger(witnesses=())), replace(package, ledger=Ledger(TEST_LOG))):
        assert bench.close(other.close()) == "receipt-invalid"
    for receipt in ("", "nonsense", package.notice(), _without_body(package)):
        assert bench.close(receipt) in {"receipt-invalid", "malformed"}
        assert bench.release(receipt) in {"receipt-invalid", "malformed"}


def _without_body(package: Package) -> str:
    lines = package.close().split("\n")
    return "\n".join(line for line in lines if not line.startswith("extra "))


def test_a_version_never_shown_is_to_be_shown_first(bench: Bench) -> None:
    first = bench.package.bid()
    second = bench.package.newer(first)
    bench.stanza(first)
    close = bench.package.close(second)

    assert bench.close(close) == "stanza-unknown"
    assert bench.stanza(second)["verdict"] == "ok"
    assert isinstance(bench.close(close), dict)


def test_an_older_version_never_shown_here_does_not_pass_for_the_current_one(bench: Bench) -> None:
    first = bench.package.bid()
    second = bench.package.newer(first)
    bench.stanza(second)
    close = bench.package.close(first)

    assert bench.close(close) == "stanza-unknown"
    assert bench.stanza(first) == "version-outdated"
    assert bench.close(close) == "stanza-unknown"


# release -------------------------------------------------------------------------------------------------------------


def test_shares_are_released_once_for_the_bids_whose_keys_are_in(bench: Bench) -> None:
    bids = handed_in(bench, 3)
    close = bench.package.close(*bids)
    bench.close(close)
    keyed = bench.package.keyed(close, bids[2], bids[0])
    said = bench.release(keyed)
    shares = [
        (bid.bid_ref, open_share(bid.seal, 1, bench.keeper.key().hpke).to_bytes(32)) for bid in (bids[2], bids[0])
    ]

    assert said["shares"] == [{"bid_ref": bid_ref.hex(), "share": share.hex()} for bid_ref, share in shares]
    statement = batch(bench.package.policy.lot_ref, leaf_of(keyed), "trustee-1", shares)
    assert bench.holds(said["signature"], statement)
    assert bench.release(keyed) == said
    for more in (bids, bids[:2], [bids[2], bids[0]]):
        assert bench.release(bench.package.keyed(close, *more)) == "second-release"
    assert bench.evidence() == ["second-release"] * 3


def test_nothing_is_released_before_the_close_or_with_another_list(bench: Bench) -> None:
    bids = handed_in(bench, 2)
    close, other = bench.package.close(*bids), bench.package.close(bids[0])

    assert bench.release(bench.package.keyed(close, *bids)) == "too-early"
    bench.close(close)
    assert bench.release(bench.package.keyed(other, bids[0])) == "second-list"
    assert bench.release(bench.package.keyed(close, bids[0], bench.package.bid())) == "bid-unlisted"
    assert isinstance(bench.release(bench.package.keyed(close, *bids)), dict)
    assert bench.evidence() == ["second-list", "bid-unlisted"]


def test_no_bidder_s_key_is_cut_off_before_the_window_is_over(bench: Bench) -> None:
    bids = handed_in(bench, 2)
    close = bench.package.close(*bids)
    bench.close(close)
    early = DUE + WINDOW - SECOND

    assert bench.release(bench.package.keyed(close, bids[0], at=early)) == "too-early"
    bench.now = int(early.timestamp())
    assert bench.release(bench.package.keyed(close, bids[0])) == "too-early"
    assert isinstance(bench.release(bench.package.keyed(close, *bids, at=early)), dict)


def test_another_stage_is_refused(bench: Bench) -> None:
    bids = handed_in(bench, 1)
    close = bench.package.close(*bids)
    bench.close(close)

    assert bench.release(bench.package.keyed(close, *bids, stage="2")) == "stage-other"
    assert isinstance(bench.release(bench.package.keyed(close, *bids, stage="1")), dict)


def test_a_listed_bid_may_be_shown_after_the_close_and_no_other(bench: Bench) -> None:
    late, stranger = bench.package.bid(), bench.package.bid()
    close = bench.package.close(late)
    bench.close(close)
    keyed = bench.package.keyed(close, late)

    assert bench.release(keyed) == "stanza-unknown"
    assert bench.stanza(stranger) == "lot-closed"
    assert bench.stanza(bench.package.newer(late)) == "lot-closed"
    assert bench.stanza(late)["verdict"] == "ok"
    assert [row["bid_ref"] for row in bench.release(keyed)["shares"]] == [late.bid_ref.hex()]


# whatever is asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/deadline", "/stanza", "/withdraw", "/close", "/release"])
@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"{}", b'{"receipt":1}', b'{"receipt":""}', b'{"receipt":"x","receipt":"x"}', b"{" * 100_000],
)
def test_what_is_misshapen_is_refused(bench: Bench, path: str, body: bytes) -> None:
    assert bench.ask(path, body) == "malformed"


def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as bench:
        keeper, package = bench.keeper, bench.package
        notice = package.notice()
        answers = [bench.deadline(notice)]
        bids = handed_in(bench, 2)
        gone = handed_in(bench, 1)[0]
        bench.withdraw(gone)
        close = package.close(*bids)
        keyed = package.keyed(close, bids[0])
        answers += [bench.close(close), bench.release(keyed)]

    with serving(tmp_path, keeper, package=package) as bench:
        assert [bench.deadline(notice), bench.close(close), bench.release(keyed)] == answers
        assert bench.close(package.close(bids[0])) == "second-list"
        assert bench.release(package.keyed(close, *bids)) == "second-release"
        assert bench.deadline(package.notice(DUE - SECOND)) == "lot-closed"
        assert bench.withdraw(bids[0]) == "lot-closed"
        assert isinstance(bench.withdraw(gone), dict)
