"""What trustees are asked, and what becomes of a bid that one of them cannot open (受托往来与责任)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from mifeng.bidding import dealings
from mifeng.bidding.actions import Acked, close_keys, confirm_key, open_keys, record_acks, record_releases
from mifeng.bidding.dealings import NotYet
from mifeng.bidding.models import Acknowledgement, Bid, Countersignature, Envelope, Release, Unsealed
from mifeng.bidding.queries import bid_status, unacknowledged, unfinished
from mifeng.bidding.trustees import reach
from mifeng.bidding.unsealing import PATIENCE
from mifeng.gateways.ca.folder import FolderCa
from mifeng.gateways.trustee import Given, Outcome, Refused, Unreachable
from mifeng.kernel import clock
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.models import Entry
from mifeng.kernel.vault import path_of
from mifeng.rules.errors import Tampered, WrongMoment, WrongState
from mifeng.rules.seal.policy import parse_policy
from mifeng.rules.seal.statements import acknowledgement, sign_ecdsa, submission, verify_ed25519
from mifeng.tenders.actions import clarify
from mifeng.tenders.models import Lot
from tests.actions.evidence import read_entry, refused
from tests.bids import DAY_BEFORE, Bidder, Held, bidder_of, hand_in, handed_in, replacement, sealed_bid, take_back
from tests.factories import DUE, START, City, clarification, fresh, lot_of, published
from tests.trusted import Trusted

SOON = DUE + timedelta(minutes=5)


def deal(near: Trusted, held: Held) -> None:
    """Have the trustees try the current version of a bid."""
    envelope = Envelope.objects.select_related("bid").get(envelope=held.envelope)
    dealings.deal_stanzas(envelope, near.reach)


def opened(near: Trusted, lot: Lot, held: list[Held]) -> str:
    """Play an opening to its end; return its state."""
    near.listed(lot)
    with clock.frozen(SOON):
        near.advance(lot)
        for one in held:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        close_keys(lot.pk)
        return near.advance(lot)


def found(held: Held) -> tuple[str, str]:
    """Return fault and reason of a bid that stayed sealed."""
    row = Unsealed.objects.get(bid__bid_ref=held.bid_ref)
    return row.fault, row.reason


def test_deadline_is_countersigned_once_by_each(city: City, near: Trusted) -> None:
    lot = lot_of(published(city, later=timedelta(days=1)))
    entry = Entry.objects.filter(type="publish_notice").latest("pk")
    with pytest.raises(NotYet):
        dealings.countersign_deadline(entry.pk, near.reach)
    with clock.frozen(START + timedelta(hours=1)):
        near.settle()
        dealings.countersign_deadline(entry.pk, near.reach)
        dealings.countersign_deadline(entry.pk, near.reach)

    rows = Countersignature.objects.filter(lot=lot, kind="deadline", leaf=bytes(entry.leaf).hex())
    assert sorted(rows.values_list("trustee", flat=True)) == ["trustee-1", "trustee-2", "trustee-3"]
    assert [one.asked for one in near.trustees] == [["/deadline"]] * 3
    assert read_entry(rows[0].entry_id or 0).moves == ["tenders.lot countersign"]


def test_later_deadline_is_countersigned_too(city: City, near: Trusted, lot: Lot) -> None:
    with clock.frozen(START + timedelta(days=2)):
        near.settle()
        entry = clarify(lot.tender_id, clarification(fresh(lot.tender)), by=city["agency-a"])
        near.settle()
        dealings.countersign_deadline(entry.id, near.reach)

    assert Countersignature.objects.filter(lot=lot, kind="deadline").count() == 6


def test_earlier_notice_is_not_shown_to_who_has_signed_a_later_one(city: City, near: Trusted) -> None:
    """Its job may come again last; to a trustee that looks as if the deadline was to be brought forward."""
    lot = lot_of(published(city, later=timedelta(days=1)))
    notice = Entry.objects.filter(type="publish_notice").latest("pk")
    with clock.frozen(START + timedelta(days=2)):
        entry = clarify(lot.tender_id, clarification(fresh(lot.tender)), by=city["agency-a"])
        near.settle()
        near[3].away = True
        with pytest.raises(NotYet):
            dealings.countersign_deadline(entry.id, near.reach)
        near[3].away = False
        dealings.countersign_deadline(notice.pk, near.reach)

    assert [one.asked.count("/deadline") for one in near.trustees] == [1, 1, 1]
    assert Countersignature.objects.filter(lot=lot, leaf=bytes(notice.leaf).hex()).get().trustee == near[3].key().name


def test_second_receipt_stands_on_the_trustees_own_signatures(city: City, near: Trusted, lot: Lot) -> None:
    """R2 (可开启): enough trustees have found their share good; their bidder can check each of them."""
    held = sealed_bid(city, lot)
    written = hand_in(city, held)
    near[3].away = True
    before = bid_status(lot.lot_ref, held.bid_ref, held.submit_key)
    with clock.frozen(DAY_BEFORE):
        assert [one.envelope for one in unacknowledged()] == [held.envelope]
        with pytest.raises(NotYet):
            deal(near, held)
        near.settle()

    status = bid_status(lot.lot_ref, held.bid_ref, held.submit_key)
    assert (before.openable, before.receipt, before.acks) == (False, "", ())
    assert (status.openable, status.state, status.version) == (True, "received", 1)
    assert written.leaf.hex() in status.receipt or status.receipt.startswith("c2sp.org/tlog-proof")
    assert [(ack.trustee, ack.verdict) for ack in status.acks] == [("trustee-1", "ok"), ("trustee-2", "ok")]
    policy = parse_policy(lot.policy.encode())
    for ack in status.acks:
        message = acknowledgement(
            bytes.fromhex(lot.policy_hash),
            held.sealed.bid_ref,
            1,
            held.sealed.envelope_hash,
            ack.trustee,
            "ok",
        )
        verify_ed25519(policy.trustees[policy.index(ack.trustee) - 1].verify, message, bytes.fromhex(ack.signature))


def test_acknowledgements_are_kept_once_and_only_if_signed(city: City, near: Trusted, lot: Lot) -> None:
    held = sealed_bid(city, lot)
    hand_in(city, held)
    with clock.frozen(DAY_BEFORE):
        deal(near, held)
        deal(near, held)
        envelope = Envelope.objects.get()
        with pytest.raises(Repeated):
            record_acks(envelope.pk, [Acked("trustee-1", "bad", b"")])
        Acknowledgement.objects.filter(trustee="trustee-3").delete()
        with pytest.raises(Tampered):
            record_acks(envelope.pk, [Acked("trustee-3", "ok", bytes(64))])

    assert [one.asked.count("/stanza") for one in near.trustees] == [1, 1, 1]
    assert unacknowledged() == [envelope]


def test_share_that_fits_nowhere_is_signed_bad_and_is_an_answer(city: City, near: Trusted, lot: Lot) -> None:
    """A bidder that wraps rubbish to two trustees knows it before the deadline, and bears it after."""
    bad = handed_in(city, lot, 3)
    wrong = broken_stanzas(sealed_bid(city, lot, 4), 2)
    hand_in(city, wrong)
    with clock.frozen(DAY_BEFORE):
        for held in [*bad, wrong]:
            deal(near, held)
    status = bid_status(lot.lot_ref, wrong.bid_ref, wrong.submit_key)

    assert ([ack.verdict for ack in status.acks], status.openable) == (["bad", "bad", "ok"], False)
    assert opened(near, lot, [*bad, wrong]) == "public"
    assert found(wrong) == ("bidder", "stanza-bad")


def broken_stanzas(held: Held, count: int) -> Held:
    """Return the bid with the shares of the first trustees replaced by rubbish."""
    seal = held.sealed.seal
    rubbish = [replace(one, data=one.data[:65] + bytes([index] * 48)) for index, one in enumerate(seal.stanzas[:count])]
    made = replace(seal, stanzas=(*rubbish, *seal.stanzas[count:]))
    rest = held.sealed.container[8 + len(seal.data) :]
    container = held.sealed.container[:4] + len(made.data).to_bytes(4) + made.data + rest
    return replace(held, sealed=replace(held.sealed, container=container, seal=made))


def test_trustees_hear_of_a_withdrawal_in_the_bidder_s_words(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 4)
    entry = take_back(held[0])
    with clock.frozen(DAY_BEFORE):
        dealings.pass_on_withdrawal(entry.id, near.reach)
        dealings.pass_on_withdrawal(entry.id, near.reach)

    assert [one.asked for one in near.trustees] == [["/deadline", "/stanza", "/withdraw", "/withdraw"]] * 3
    assert opened(near, lot, held[1:]) == "public"


def test_list_with_an_outdated_version_is_signed_by_nobody(city: City, near: Trusted, lot: Lot) -> None:
    """The platform puts an earlier version on the list: no trustee signs it, and no key is ever asked for."""
    held = handed_in(city, lot, 3)
    with clock.frozen(DAY_BEFORE):
        deal(near, held[0])
    second = replacement(held[0])
    hand_in(city, second)
    with clock.frozen(DAY_BEFORE):
        deal(near, second)
    Bid.objects.filter(bid_ref=held[0].bid_ref).update(version=1, envelope=held[0].envelope)

    near.listed(lot)
    with clock.frozen(SOON):
        assert near.advance(lot) == "listed"
        with refused(WrongMoment, "no-trustees"):
            open_keys(lot.pk)

    assert Countersignature.objects.filter(kind="close").count() == 0


def test_trustee_away_until_the_end_is_not_missed(city: City, near: Trusted, lot: Lot) -> None:
    """Two of three are enough at every step; the third, back late, is shown the list before it is asked for shares."""
    held = handed_in(city, lot, 3)
    near[1].away = True
    near.listed(lot)
    with clock.frozen(SOON):
        with pytest.raises(NotYet):
            near.advance(lot)
        for one in held:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        close_keys(lot.pk)
        near[1].away, near[2].away, near[3].away = False, True, True
        with pytest.raises(NotYet):
            near.advance(lot)
        assert unfinished() == [lot.pk]
        near[3].away = False
        assert near.advance(lot) == "public"

    assert unfinished() == []
    assert sorted(Release.objects.values_list("trustee", flat=True)) == ["trustee-1", "trustee-3"]
    assert near[1].asked[-2:] == ["/stanza", "/release"]


def test_false_newer_version_shown_to_trustees_stops_nothing(city: City, near: Trusted, lot: Lot) -> None:
    """Who knows a bid's header, but not its key, can build the next version and show it to nobody."""
    held = handed_in(city, lot, 3)
    with clock.frozen(DAY_BEFORE):
        for one in held:
            deal(near, one)
        false = replacement(held[0])
        nonce, _ = false.signed("submit")
        seal = false.sealed.seal
        message = submission("submit", seal.lot_ref, seal.bid_ref, seal.version, seal.envelope_hash, nonce)
        stolen = Envelope.objects.get(envelope=held[0].envelope)
        for signed in (
            (nonce, sign_ecdsa(held[1].secrets.submit, message)),
            (bytes.fromhex(stolen.nonce), bytes.fromhex(stolen.signature)),
        ):
            assert [one.stanza(seal.data, *signed) for one in near.trustees] == [Refused("signature-invalid")] * 3

    assert opened(near, lot, held) == "public"
    assert Countersignature.objects.filter(lot=lot, kind="close").count() == 3


class Liar:
    """A trustee whose answers a test can spoil; everything else is passed on."""

    def __init__(self, inner: object, spoil: Callable[[Outcome], Outcome]) -> None:
        self.inner, self.spoil = inner, spoil

    def __getattr__(self, name: str) -> object:
        """Pass on."""
        return getattr(self.inner, name)

    def release(self, receipt: str) -> Outcome:
        """Spoil what is released."""
        return self.spoil(self.inner.release(receipt))  # type: ignore[attr-defined]


def spoilt(outcome: Outcome) -> Outcome:
    """Return the answer with every share off by one."""
    assert isinstance(outcome, Given)
    shares = tuple((ref, (int.from_bytes(share) - 1).to_bytes(32)) for ref, share in outcome.shares)
    return replace(outcome, shares=shares)


def test_wrong_share_is_passed_over_when_a_third_fits(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 3)
    ways = near.reach
    near.reach = lambda policy: [Liar(ways(policy)[0], spoilt), *ways(policy)[1:]]  # type: ignore[method-assign]

    assert opened(near, lot, held) == "public"
    assert Release.objects.count() == 3


def test_two_wrong_shares_after_acknowledgement_are_the_trustees_fault(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 3)
    ways = near.reach
    near.reach = lambda policy: [Liar(one, spoilt) for one in ways(policy)[:2]] + ways(policy)[2:]  # type: ignore[method-assign]

    assert opened(near, lot, held) == "short"
    assert {found(one) for one in held} == {("trustee", "share-missing")}


def test_shares_that_never_come_are_waited_for_and_then_not(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 3)
    ways = near.reach
    gone = [Liar(ways(parse_policy(lot.policy.encode()))[0], spoilt)]
    silent = [Liar(ways(parse_policy(lot.policy.encode()))[1], lambda outcome: Unreachable("off"))]
    near.reach = lambda policy: [*gone, *silent, *ways(policy)[2:]]  # type: ignore[method-assign]
    with pytest.raises(NotYet):
        opened(near, lot, held)
    with clock.frozen(SOON + PATIENCE):
        assert near.advance(lot) == "short"

    assert {found(one) for one in held} == {("trustee", "share-missing")}


def test_receipted_bytes_that_are_gone_are_the_platform_s_fault(city: City, near: Trusted, lot: Lot) -> None:
    held = handed_in(city, lot, 4)
    path_of(held[0].sha256).unlink()
    spoil = path_of(held[1].sha256)
    spoil.chmod(0o600)
    data = bytearray(spoil.read_bytes())
    data[-1] ^= 1
    spoil.write_bytes(data)

    assert opened(near, lot, held) == "short"
    assert (found(held[0]), found(held[1])) == (("platform", "bytes-missing"),) * 2


def test_certificate_of_another_supplier_is_marked(city: City, near: Trusted, lot: Lot) -> None:
    """The supplier that registered the key is not the organisation in the envelope: opened, and marked."""
    held = handed_in(city, lot, 2)
    lent = sealed_bid(city, lot, 4)
    hand_in(city, replace(lent, bidder=replace(lent.bidder, account="bidder-3")))
    twice = sealed_bid(city, lot, 2)
    hand_in(city, replace(twice, bidder=replace(twice.bidder, account="bidder-5")))

    assert opened(near, lot, [*held, lent, twice]) == "public"
    doubts = {row.bid.bid_ref: row.doubts for row in Unsealed.objects.select_related("bid")}
    assert doubts[held[0].bid_ref] == []
    assert doubts[held[1].bid_ref] == ["bidder-twice"]
    assert doubts[lent.bid_ref] == ["supplier-other"]
    assert doubts[twice.bid_ref] == ["supplier-other", "bidder-twice"]


def test_certificate_that_did_not_stand_is_marked(city: City, near: Trusted, lot: Lot) -> None:
    """What counts is the moment the bid came: revoked before it is marked, revoked after it is not."""
    held = [sealed_bid(city, lot, number, bidder=certified(city, number)) for number in (1, 2, 3)]
    for one in held:
        hand_in(city, one)
    ca = FolderCa(Path(settings.ENV.data) / "ca")
    ca.revoke(held[0].bidder.certificate, DAY_BEFORE - timedelta(hours=1))
    ca.revoke(held[1].bidder.certificate, DAY_BEFORE + timedelta(hours=1))

    assert opened(near, lot, held) == "public"
    rows = {row.bid.bid_ref: row for row in Unsealed.objects.select_related("bid")}
    first = rows[held[0].bid_ref]
    assert (first.doubts, first.credit_code, first.organisation) == (["certificate-revoked"], "", None)
    assert first.bidder == held[0].bidder.organisation.name
    assert [rows[one.bid_ref].doubts for one in held[1:]] == [[], []]


def certified(city: City, number: int) -> Bidder:
    """Return a supplier with a certificate that no other test knows."""
    bidder_of.cache_clear()
    account = f"bidder-{number}"
    found = bidder_of(account, city[account].organisation)
    bidder_of.cache_clear()
    return found


def test_shares_are_recorded_only_while_they_are_awaited(city: City, near: Trusted, lot: Lot) -> None:
    handed_in(city, lot, 3)
    near.listed(lot)

    with clock.frozen(SOON), refused(WrongState, "wrong-state"):
        record_releases(lot.pk, [])


def test_trustees_are_reached_where_the_platform_was_told(city: City, lot: Lot) -> None:
    """The ways stand in the policy's order; nobody runs behind them here, and that is all they say."""
    policy = parse_policy(lot.policy.encode())
    held = sealed_bid(city, lot)
    handed = (held.sealed.seal.data, *held.signed("submit"))

    ways = reach(policy)

    assert [one.key() for one in ways] == list(policy.trustees)
    assert [type(one.stanza(*handed)) for one in ways] == [Unreachable] * 3
    stranger = replace(policy.trustees[0], verify=bytes(32))
    [unknown] = reach(replace(policy, trustees=(stranger,)))
    assert unknown.stanza(*handed) == Unreachable("no trustee to ask: nobody says where trustee-1 is reached")
