"""The pool of a draw (抽取名单): who may be drawn and who stands aside, fixed before anybody can know the seed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ObjectDoesNotExist

from mifeng.experts.actions import NewExpert, add_experts, commit_pool, suspend_expert
from mifeng.experts.models import Draw, Expert, Invitation, Pool
from mifeng.experts.pools import gather, open_pool, personal_of
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.models import Deadline, Entry, EntryBody
from mifeng.parties.models import Organisation
from mifeng.rules.decisive import pooled as read_pool
from mifeng.rules.draw.pool import pool_root
from mifeng.rules.errors import NotEntitled, WrongMoment, WrongState
from mifeng.sample.experts import identity_number
from mifeng.sittings.parties import parties
from mifeng.tenders.models import Tender
from tests.actions import draws
from tests.actions.conftest import Stages
from tests.actions.draws import ASKED, POOLED, assembled, draw_at, draws_of
from tests.actions.evidence import read_entry, refused

STAGES = ("published",)
COMMIT = "experts.draw commit: asked → pooled"


@pytest.fixture
def tender(stages: Stages) -> Tender:
    """Return a published project."""
    return stages["published"]


def commit(draw: Draw, tender: Tender, by: Actor = CLOCK) -> Written:
    """Fix the pool of a draw."""
    with clock.frozen(POOLED):
        return commit_pool(draw.pk, parties(tender), by=by)


def excluded(draw: Draw) -> dict[str, str]:
    """Return who may not be drawn, and why."""
    return {person: why for person, why in open_pool(draw).persons if why}


def newcomer(number: int, **changes: object) -> NewExpert:
    """Return an invented person of the county of 五原."""
    fields = {
        "name": f"壬虚外{number}",
        "phone": f"1040001{number:04d}",
        "number": identity_number("150821", 800 + number),
        "employer": "癸原质检中心",
        "region": "150821",
        "tier": "county",
        "specialities": ("A080101",),
    }
    return NewExpert(**{**fields, **changes})  # type: ignore[arg-type]


def test_pool_is_fixed_with_its_root_and_sizes_in_the_ledger(stages: Stages, tender: Tender) -> None:
    """Experts are drawn at random from the library, one draw per site (GPLR-39, R141); the pool is logged first."""
    panel = assembled(stages.city, tender)
    draw = draw_at(panel, "市中心", stages.city)

    written = commit(draw, tender)

    draw.refresh_from_db()
    read, pool = read_entry(written.id), open_pool(draw)
    assert (read.type, read.stream, read.moves) == ("commit_pool", f"experts.draw:{draw.pk}", [COMMIT])
    logged = read_pool(bytes(EntryBody.objects.get(pk=written.id).content))
    assert (logged.handle, logged.root, logged.cells) == (draw.handle, draw.root, {"A08": draw.eligible})
    assert pool_root(pool.cells).hex() == draw.root
    assert draw.handle in [row["handle"] for row in tender.draw_handles]
    assert (draw.state, draw.pool_entry_id, draw.tier, draw.drawn_class) == ("pooled", written.id, 2, "A08")
    assert len(pool.persons) == draw.eligible + sum(draw.excluded.values()) == 27


def test_experts_of_the_site_s_own_county_come_first(stages: Stages, tender: Tender) -> None:
    """Near experts first (R142, LY-2022-14 四(二))."""
    panel = assembled(stages.city, tender)

    draws.pooled(panel)

    draw = draw_at(panel, "五原县", stages.city)
    persons = [pk for pk, _ in open_pool(draw).persons]
    rows = Expert.objects.filter(pk__in=persons)
    assert {(row.tier, row.region) for row in rows} == {("county", "150821")}
    assert (
        len(persons) == Expert.objects.filter(tier="county", region="150821", specialities__0__startswith="A").count()
    )


def test_people_of_the_parties_stand_aside_and_so_do_the_suspended_and_the_untrained(
    stages: Stages, tender: Tender
) -> None:
    """Avoidance before the opening: purchaser, agency, supervisor, centres, declared relations (GPLR-9, R052, R168)."""
    centre = Organisation.objects.get(name="五原县公共资源交易中心")
    agency = Organisation.objects.get(pk=tender.agency_id)
    people = [
        newcomer(1, employer="市教育局"),
        newcomer(2, employer_code=centre.code),
        newcomer(3, relations=(agency.code,)),
        newcomer(4, trained=False),
        newcomer(5),
        newcomer(6, employer="乙信工程咨询有限公司"),
    ]
    with clock.frozen(ASKED):
        add_experts(people, by=stages.city["librarian"])
    rows = list(Expert.objects.filter(enrolled_at=ASKED).order_by("pk"))
    named = {row.pk: find(row) for row in rows}
    [left] = [pk for pk, name in named.items() if name == "壬虚外5"]
    suspend_expert(left, reason="left", by=stages.city["librarian"])
    panel = assembled(stages.city, tender)
    draw = draw_at(panel, "五原县", stages.city)

    commit(draw, tender)

    draw.refresh_from_db()
    why = {named[row.pk]: excluded(draw).get(str(row.pk), "") for row in rows}
    assert why == {
        "壬虚外1": "employed",
        "壬虚外2": "employed",
        "壬虚外3": "related",
        "壬虚外4": "untrained",
        "壬虚外5": "suspended",
        "壬虚外6": "",
    }
    assert "市教育局" not in str(read_entry(draw.pool_entry_id).body)
    assert all(draw.excluded[reason] for reason in ("employed", "related", "untrained", "suspended"))


def find(row: Expert) -> str:
    """Return the name of an expert, as the test that entered it knows it."""
    return personal_of([str(row.pk)])[str(row.pk)]["name"]


def test_pool_that_is_too_small_goes_one_class_up_then_to_the_city(stages: Stages, tender: Tender) -> None:
    """Draws widen when the pool is small (R097)."""
    near = Expert.objects.filter(tier="county", region="150821")
    near.exclude(specialities__contains=["A080201"]).filter(specialities__0__startswith="A").update(region="150899")
    panel = assembled(stages.city, tender, speciality="A0802")
    wuyuan, hangjin = draw_at(panel, "五原县", stages.city), draw_at(panel, "杭锦后旗", stages.city)
    Expert.objects.filter(tier="county", region="150826", specialities__contains=["A080201"]).update(trained=False)

    draws.pooled(panel)

    wuyuan.refresh_from_db()
    hangjin.refresh_from_db()
    assert (wuyuan.drawn_class, wuyuan.tier, wuyuan.cell) == ("A0802", 1, "cell-1")
    assert (hangjin.drawn_class, hangjin.tier) == ("A08", 1)


def test_class_of_few_people_is_not_named_in_the_ledger(stages: Stages, tender: Tender) -> None:
    """A cell of fewer than ten would name people by their class."""
    panel = assembled(stages.city, tender, speciality="A0802")

    draws.pooled(panel)

    draw = draw_at(panel, "五原县", stages.city)
    body = str(read_entry(draw.pool_entry_id).body)
    assert (draw.drawn_class, draw.cell) == ("A0802", "cell-1")
    assert "A08" not in body


def test_pool_too_small_everywhere_is_not_fixed_and_waits_for_the_agency(stages: Stages, tender: Tender) -> None:
    """The entry says how many there were; nothing is committed (BN-2023R 四3)."""
    Expert.objects.all().update(trained=False)
    panel = assembled(stages.city, tender)
    draw = draw_at(panel, "市中心", stages.city)

    written = commit(draw, tender)

    draw.refresh_from_db()
    assert read_entry(written.id).facts("refuse_pool") == {"cell": "A08", "seats": 2, "eligible": 0, "needed": 6}
    assert (draw.state, draw.root, draw.pool_entry_id) == ("small", "", None)
    assert not Pool.objects.exists()


def test_second_pool_is_refused(stages: Stages, tender: Tender) -> None:
    draw = draws_of(assembled(stages.city, tender))[0]
    commit(draw, tender)

    with refused(WrongState, "wrong-state"):
        commit(draw, tender)


@pytest.mark.parametrize("account", ["agency-a", "librarian", "supervisor"])
def test_pool_is_fixed_by_the_platform_alone(stages: Stages, tender: Tender, account: str) -> None:
    draw = draws_of(assembled(stages.city, tender))[0]

    with refused(NotEntitled, "wrong-post"):
        commit(draw, tender, by=stages.city[account])


def test_pool_after_the_session_has_begun_is_refused(stages: Stages, tender: Tender) -> None:
    draw = draws_of(assembled(stages.city, tender))[0]

    with clock.frozen(draw.starts_at), refused(WrongMoment, "session-begun") as caught:
        commit_pool(draw.pk, parties(tender), by=CLOCK)
    assert caught.value.facts == {"starts_at": draw.starts_at}


def test_pool_of_nothing_finds_nothing(stages: Stages) -> None:
    with pytest.raises(ObjectDoesNotExist):
        commit_pool(uuid4(), (), by=CLOCK)


def test_window_for_contributions_opens_with_the_pool(stages: Stages, tender: Tender) -> None:
    draw = draws_of(assembled(stages.city, tender))[0]

    commit(draw, tender)

    [due] = Deadline.objects.filter(subject=f"experts.draw:{draw.pk}", met_at=None)
    assert (due.step, due.at) == ("abort", POOLED + timedelta(hours=1))
    assert Entry.objects.get(pk=Draw.objects.get(pk=draw.pk).pool_entry_id).type == "commit_pool"


def test_whoever_is_seated_in_another_session_at_that_time_is_busy(stages: Stages, tender: Tender) -> None:
    """Nobody sits in two sessions at once."""
    first = assembled(stages.city, tender)
    draws.seeded(first)
    draws.filled(first)
    draw = draw_at(first, "市中心", stages.city)
    seated = [draws.person(one) for one in draws_agreed(draw)]

    again = Draw.objects.get(pk=draw.pk)
    again.pk, again.code_name = uuid4(), "Z-99Z"
    again.starts_at, again.ends_at = draw.ends_at - timedelta(minutes=1), draw.ends_at + timedelta(hours=1)
    later = Draw.objects.get(pk=draw.pk)
    later.pk, later.starts_at, later.ends_at = uuid4(), draw.ends_at, draw.ends_at + timedelta(hours=6)

    overlapping, _ = gather(again, ())
    afterwards, _ = gather(later, ())
    assert {pk for pk, why in overlapping.persons if why == "busy"} == set(seated)
    assert not [pk for pk, why in afterwards.persons if why == "busy"]


def draws_agreed(draw: Draw) -> list[Invitation]:
    """Return the invitations of a draw that were accepted."""
    return list(Invitation.objects.filter(draw=draw, state="agreed"))
