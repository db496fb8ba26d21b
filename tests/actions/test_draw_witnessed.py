"""A whole draw with real witnesses (抽取全程): judges with memories of their own, receipts, disclosure, verification.

Only the wire between platform and witnesses is left out.
"""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from mifeng.experts.models import Draw
from mifeng.experts.queries import disclosure
from mifeng.gateways.witness import Contributed, Refused, Unreachable
from mifeng.kernel import clock
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.proofs import receipt_of
from mifeng.programs.witness.draw import ContributorKey, DrawJudge
from mifeng.programs.witness.keys import read_key, read_vrf
from mifeng.programs.witness.memory import Memory
from mifeng.rules.avoidance import ratio_min
from mifeng.rules.decisive import verify_decisive
from mifeng.rules.draw.disclosure import Disclosure, format_disclosure, parse_disclosure
from mifeng.rules.draw.lots import Contribution
from mifeng.rules.draw.verification import Grounds, verify_draw, verify_together
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.ledger import VerifierKey, encode64
from mifeng.rules.seal.policy import Contributor as Named
from mifeng.rules.seal.policy import parse_policy
from mifeng.sittings import tasks
from mifeng.sittings.contributing import NotYet, ask, notices_of, policy_of
from mifeng.tenders.models import Tender
from tests.actions import draws
from tests.actions.conftest import Stages
from tests.actions.draws import GIVEN, SEEDED, assembled, decline, draws_of, waiting, walk
from tests.web.witnessed import witness_log

STAGES = ("published",)


class NearContributor:
    """A contributor in the same process (就近贡献方), judging by its own keys and memory."""

    def __init__(self, named: Named, folder: Path, keys: tuple[VerifierKey, VerifierKey]) -> None:
        home = Path(settings.ENV.data) / named.name
        self._named = named
        self._memory = Memory(folder / f"{named.name}.sqlite")
        key = ContributorKey(named, read_key(home), read_vrf(home))
        self._judge = DrawJudge(key, [keys[0]], [keys[1]], self._memory, lambda: int(time.time()))

    def key(self) -> Named:
        """Return the contributor as the policy names it."""
        return self._named

    def contribute(self, policy: bytes, notice: str, pool: str, handle: bytes) -> Contributed | Refused | Unreachable:
        """Ask for the contribution."""
        request = {"policy": encode64(policy), "notice": notice, "pool": pool, "handle": handle.hex()}
        answer = self._judge.answer(canonical(request))
        fields = parse_canonical(answer.body.encode())
        assert isinstance(fields, dict)
        if answer.status != 200:
            return Refused(answer.status, fields["refused"])
        pi, signature = bytes.fromhex(fields["pi"]), bytes.fromhex(fields["signature"])
        return Contributed(Contribution(self._named.name, pi, signature))

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()


def test_draw_from_notice_to_disclosure_is_verified_by_an_outsider(stages: Stages, tmp_path: Path) -> None:
    """Everything an outsider needs comes out of the database, and fits (GPLR-39, R094, R131, R141)."""
    tender = stages["published"]
    panel = assembled(stages.city, tender)
    draws.pooled(panel)
    policy = policy_of(tender)
    keys = witness_log(tmp_path)
    near = [NearContributor(named, tmp_path, keys) for named in parse_policy(policy).contributors]

    with clock.frozen(GIVEN):
        for draw in draws_of(panel):
            with pytest.raises(NotYet):
                ask(draw, notices_of(tender), policy, near[:2])
            ask(draw, notices_of(tender), policy, near)
    with clock.frozen(SEEDED):
        tasks.fix(Draw.objects.all())
    walk(panel)
    decline(waiting(draws_of(panel))[0])
    draws.filled(panel)

    witness_log(tmp_path)
    disclosed = [shown(draw, tender) for draw in draws_of(panel)]
    for one, draw in zip(disclosed, draws_of(panel), strict=True):
        assert verify_draw(one, grounds(draw, tender, policy, keys)) == []
        assert len(one.seats) == draw.seats
    assert verify_together(disclosed) == []
    spoilt = replace(disclosed[0], seed=bytes(32))
    faults = verify_draw(spoilt, grounds(draws_of(panel)[0], tender, policy, keys))
    assert "seed-wrong" in {fault.code for fault in faults}
    for one in near:
        one.close()


def test_contributor_refuses_a_second_pool_and_the_platform_records_nothing(stages: Stages, tmp_path: Path) -> None:
    tender = stages["published"]
    panel = assembled(stages.city, tender)
    draws.pooled(panel)
    policy = policy_of(tender)
    near = NearContributor(parse_policy(policy).contributors[0], tmp_path, witness_log(tmp_path))
    draw, other = draws_of(panel)[:2]

    with clock.frozen(GIVEN), pytest.raises(NotYet):
        ask(draw, notices_of(tender), policy, [near])
    pool, wrong = receipt_of(draw.pool_entry_id, body=True), receipt_of(other.pool_entry_id, body=True)
    notice = receipt_of(notices_of(tender)[0], body=True)
    assert isinstance(near.contribute(policy, notice, pool, bytes.fromhex(draw.handle)), Contributed)
    assert near.contribute(policy, notice, wrong, bytes.fromhex(draw.handle)) == Refused(409, "pool-other")
    near.close()


def test_nobody_is_asked_before_the_pool_is_witnessed(stages: Stages, tmp_path: Path) -> None:
    """A pool that only the platform has seen could still be exchanged."""
    tender = stages["published"]
    witness_log(tmp_path)
    panel = assembled(stages.city, tender)
    draws.pooled(panel)

    with pytest.raises(NotYet, match="not witnessed yet"):
        ask(draws_of(panel)[0], notices_of(tender), policy_of(tender), [])


def shown(draw: Draw, tender: Tender) -> Disclosure:
    """Return what is published of a draw with the award, after a way over its own bytes."""
    salt = next(row["salt"] for row in tender.draw_handles if row["handle"] == draw.handle)
    return parse_disclosure(format_disclosure(disclosure(draw.pk, lot=str(tender.pk), salt=salt)))


def grounds(draw: Draw, tender: Tender, policy: bytes, keys: tuple[VerifierKey, VerifierKey]) -> Grounds:
    """Return what a verifier holds beside the disclosure."""
    log, witness = keys
    notice = receipt_of(notices_of(tender)[0], body=True)
    pool = receipt_of(draw.pool_entry_id, body=True)
    assert notice is not None
    assert pool is not None
    return Grounds(
        policy,
        verify_decisive(notice, log, [witness]),
        verify_decisive(pool, log, [witness]),
        ratio_min(rulebooks()[draw.rulebook]),
    )
