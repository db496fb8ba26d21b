"""What the notice fixes for sealing and drawing (密封与抽取约定): policies and handles, once, in the notice's entry."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.ledger.queries import body_of
from mifeng.kernel.outside import outside
from mifeng.rules.decisive import published as decided
from mifeng.rules.encoding import canonical, digest
from mifeng.rules.errors import Unfair, WrongState
from mifeng.rules.seal.policy import check_policy, lot_ref, parse_policy, policy_hash
from mifeng.tenders.actions import clarify, close_bidding, publish_notice
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.models import SiteRequest
from tests.actions.conftest import Stages
from tests.factories import DUE, START, clarification, fresh, lot_of, publishing, session_of

STAGES = ("fixed", "published")
SOON = START + timedelta(hours=1)


def publish(stages: Stages) -> tuple[Tender, dict[str, Any]]:
    """Publish the prepared project; return it with the body of its entry."""
    tender = stages["fixed"]
    with clock.frozen(SOON):
        written = publish_notice(tender.pk, publishing(tender), by=stages.city["agency-a"])
    return fresh(tender), body_of(written.id)


def facts_of(body: dict[str, Any], step: str) -> dict[str, Any]:
    """Return the facts of the one move of a step."""
    [move] = [move for move in body["moves"] if move["step"] == step]
    return dict(move["facts"])


def test_every_package_gets_a_sound_policy_of_its_own_with_the_notice(stages: Stages) -> None:
    """Whose keys must come together stands in the notice's entry before anybody bids (our choice (ADR-6))."""
    tender, body = publish(stages)
    lot = lot_of(tender)

    policy = parse_policy(lot.policy.encode())
    check_policy(policy)
    assert policy.lot_ref == lot_ref(str(lot.pk), bytes.fromhex(lot.lot_ref_salt)) == bytes.fromhex(lot.lot_ref)
    assert policy_hash(lot.policy.encode()).hex() == lot.policy_hash
    named = outside()
    assert [one.name for one in policy.trustees] == [one.name for one in named.trustees]
    assert [one.organisation for one in policy.contributors] == [one.organisation for one in named.contributors]
    assert (policy.t, policy.demo) == (2, True)
    facts = facts_of(body, "publish")
    assert (facts["lot_ref"], facts["policy_hash"]) == (lot.lot_ref, lot.policy_hash)
    assert lot.lot_ref_salt not in json.dumps(body)


def test_every_site_with_experts_gets_a_handle_that_says_nothing(stages: Stages) -> None:
    """One draw a site, each under a handle listed in the notice (LY-2022-14 四(二), our choice (ADR-4))."""
    tender, body = publish(stages)

    asked = SiteRequest.objects.filter(session=session_of(tender))
    assert {row["site"] for row in tender.draw_handles} == {str(request.site_id) for request in asked}
    for row in tender.draw_handles:
        assert digest("RD1 handle", str(tender.pk), row["site"], bytes.fromhex(row["salt"])).hex() == row["handle"]
    listed = facts_of(body, "publish_notice")["draw_handles"]
    assert listed == sorted(row["handle"] for row in tender.draw_handles)
    assert not [
        row for row in tender.draw_handles if row["site"] in json.dumps(body) or row["salt"] in json.dumps(body)
    ]


def test_outside_parties_read_from_the_entry_what_was_fixed(stages: Stages) -> None:
    tender, body = publish(stages)
    lot = lot_of(tender)

    read = decided(canonical(body))

    assert dict(read.lots) == {lot.lot_ref: (lot.policy_hash, DUE)}
    assert read.handles == {row["handle"] for row in tender.draw_handles}


def test_clarification_repeats_policy_and_handles_and_moves_only_the_deadline(stages: Stages) -> None:
    before = stages["published"]
    lot, moved = lot_of(before), DUE + timedelta(days=7)

    with clock.frozen(SOON):
        written = clarify(before.pk, clarification(before, new_due_at=moved), by=stages.city["agency-a"])

    after = lot_of(before)
    assert (after.lot_ref, after.policy, after.policy_hash) == (lot.lot_ref, lot.policy, lot.policy_hash)
    assert fresh(before).draw_handles == before.draw_handles
    read = decided(canonical(body_of(written.id)))
    assert dict(read.lots) == {lot.lot_ref: (lot.policy_hash, moved)}
    assert read.handles == {row["handle"] for row in before.draw_handles}


def test_close_discloses_what_ties_the_reference_to_the_package(stages: Stages) -> None:
    lot = lot_of(stages["published"])

    with clock.frozen(DUE):
        written = close_bidding(lot.pk, by=CLOCK)

    facts = facts_of(body_of(written.id), "close")
    assert lot_ref(str(lot.pk), bytes.fromhex(facts["lot_ref_salt"])).hex() == facts["lot_ref"] == lot.lot_ref


def elsewhere(folder: Path, parties: dict[str, Any] | None) -> Any:
    """Return the settings of a platform whose data folder names these parties outside, or none."""
    (folder / "keys").mkdir()
    if parties is not None:
        (folder / "keys" / "outside.json").write_text(json.dumps(parties))
    for name in ("keys/log.vkey", "witness/witness.vkey"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text((Path(settings.ENV.data) / name).read_text())
    return override_settings(ENV=replace(settings.ENV, data=folder))


def test_notice_waits_until_parties_outside_are_named(stages: Stages, tmp_path: Path) -> None:
    with elsewhere(tmp_path, None), pytest.raises(WrongState) as caught:
        publish(stages)

    assert (caught.value.codes, caught.value.source) == (("trustees-missing",), "our choice (ADR-6)")
    assert caught.value.reasons[0].lifted_by == ("operator",)
    assert Lot.objects.get(tender=stages["fixed"]).policy == ""


def test_parties_that_may_not_stand_together_are_refused(stages: Stages, tmp_path: Path) -> None:
    """Trustees of one body are one trustee; only the sample city may have them so (our choice (ADR-6))."""
    parties = json.loads((Path(settings.ENV.data) / "keys" / "outside.json").read_text())
    parties["demo"] = False
    for one in parties["trustees"]:
        one["organisation"] = "同一单位"

    with elsewhere(tmp_path, parties), pytest.raises(Unfair) as caught:
        publish(stages)

    assert caught.value.codes == ("policy-unsound",)
    assert caught.value.facts == {"rule": "organisations"}
