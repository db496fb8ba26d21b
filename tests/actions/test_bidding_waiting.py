"""An opening waits rather than leave bids sealed for what can be mended (开标等待)."""

from datetime import timedelta

import pytest

from mifeng.bidding import dealings
from mifeng.bidding.actions import close_keys, confirm_key
from mifeng.bidding.dealings import NotYet
from mifeng.bidding.models import Envelope, Opening, Unsealed
from mifeng.bidding.unsealing import PATIENCE
from mifeng.kernel import clock
from mifeng.tenders.models import Lot
from tests.bids import hand_in, sealed_bid
from tests.factories import DUE, City
from tests.trusted import OTHER_LOG, Trusted

SOON = DUE + timedelta(minutes=5)


def waiting(near: Trusted, lot: Lot) -> str:
    """Let the opening go on as far as it can, which is nowhere; return its state."""
    with pytest.raises(NotYet):
        near.advance(lot)
    return Opening.objects.get(pk=lot.pk).state


def keyed(city: City, near: Trusted, lot: Lot) -> None:
    """Play an opening to the end of its key window."""
    held = [sealed_bid(city, lot, number) for number in (1, 2, 3)]
    for one in held:
        hand_in(city, one)
        dealings.deal_stanzas(Envelope.objects.select_related("bid").get(envelope=one.envelope), near.reach)
    near.listed(lot)
    with clock.frozen(SOON):
        near.advance(lot)
        for one in held:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        close_keys(lot.pk)


def test_opening_waits_for_trustees_who_refuse_what_can_be_mended(city: City, near: Trusted, lot: Lot) -> None:
    """While too few have released nothing could open; a wrong setting costs no bidder the bid (our choice (ADR-6))."""
    keyed(city, near, lot)
    for number in (2, 3):
        near[number].believe(OTHER_LOG)

    with clock.frozen(SOON):
        at_once = waiting(near, lot)
    with clock.frozen(SOON + PATIENCE + timedelta(hours=1)):
        for_long = waiting(near, lot)
        for number in (2, 3):
            near[number].believe(near[number].log)
        mended = near.advance(lot)

    assert (at_once, for_long, mended) == ("releasing", "releasing", "public")
    assert Unsealed.objects.exclude(fault="").count() == 0
