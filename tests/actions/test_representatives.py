"""The purchaser's representative (授权代表): who authorises whom, until when. MOF-87-45, LY-2022-14 四(二)."""

from dataclasses import replace

import pytest

from mifeng.rules.errors import NotEntitled, Unfair, WrongState
from mifeng.sittings import actions
from mifeng.sittings.models import Representative
from mifeng.sittings.representing import representative_for
from tests.actions.arriving import (
    DEPUTY,
    HOST,
    Door,
    come,
    deputy,
    said,
)
from tests.actions.evidence import refused

COVERED = "癸＊＊"  # noqa: RUF001 - as a Chinese page covers a name


def test_an_authorisation_takes_the_place_of_the_earlier_one(door: Door) -> None:
    written = actions.authorise_representative(door.tender.pk, " 癸实丑 ", "592801198001010036", by=door.city["buyer"])

    states = [row.state for row in Representative.objects.order_by("authorised_at")]
    shown = representative_for(door.city["buyer"], door.tender)
    assert states == ["replaced", "authorised"]
    assert shown is not None
    assert (shown.name, shown.number, shown.arrived) == (COVERED, "0036", False)
    assert "癸实丑" not in said(written.id)


@pytest.mark.parametrize("account", ["agency-a", "host", "supervisor", "bidder-1"])
def test_only_a_purchaser_authorises(door: Door, account: str) -> None:
    with refused(NotEntitled, "wrong-post"):
        actions.authorise_representative(door.tender.pk, *DEPUTY, by=door.city[account])
    assert representative_for(door.city[account], door.tender) is None


def test_a_purchaser_authorises_for_its_own_project(door: Door) -> None:
    with refused(NotEntitled, "not-your-project"):
        actions.authorise_representative(door.tender.pk, *DEPUTY, by=door.city["buyer-2"])
    with refused(NotEntitled, "wrong-post"):
        actions.authorise_representative(door.tender.pk, *DEPUTY, by=replace(door.city["buyer"], seat="150800-A-01"))


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        ("", DEPUTY[1], "malformed"),
        ("癸" * 101, DEPUTY[1], "too-large"),
        ("癸实丑", "59280119800101001", "malformed"),
        ("癸实丑", DEPUTY[1][:-1] + ("0" if DEPUTY[1][-1] != "0" else "1"), "malformed"),
    ],
)
def test_an_authorisation_that_cannot_be_right_is_refused(door: Door, name: str, number: str, code: str) -> None:
    with refused(Unfair, code):
        actions.authorise_representative(door.tender.pk, name, number, by=door.city["buyer"])


def test_nobody_is_replaced_who_has_come(door: Door) -> None:
    come(door, HOST, deputy(), "identified")

    with refused(WrongState, "representative-arrived"):
        actions.authorise_representative(door.tender.pk, "癸实丑", "592801198001010036", by=door.city["buyer"])
    shown = representative_for(door.city["buyer"], door.tender)
    assert shown is not None
    assert shown.arrived
