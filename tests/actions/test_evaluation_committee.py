"""The committee sits down, elects a chair, and every seat gets codes and an order of its own.

MOF-87-45, MOF-87-47, LC-2018-80 三(六). R174: technical bids are anonymous and come in another order to each expert.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag

from mifeng.evaluation import blind, tasks
from mifeng.evaluation.actions import elect_chair, issue_seat_codes, seat_members
from mifeng.evaluation.codes import issues_of, mapping_of
from mifeng.evaluation.keyring import CELL, ISSUE, seal, unseal
from mifeng.evaluation.models import BlindCopy, CodeIssue, CodeKey, Evaluation, Member, Opinion, Sheet
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.kernel.models import Entry
from mifeng.rules.blind import Grounds, verify_mapping
from mifeng.rules.curve import GENERATOR, encode_point
from mifeng.rules.errors import NotEntitled, Unfair, WrongState
from tests.actions import draws, reviews
from tests.actions.evidence import jobs, not_there, read_entry, refused
from tests.actions.reviews import SEATED, SEATS, Review, seated

STEP = "seated"
SOON = SEATED + timedelta(minutes=1)
LATER = SEATED + timedelta(minutes=5)
STRANGER = Actor(role="expert", handle="f" * 16)


def test_members_are_seats_roles_and_handles(review: Review) -> None:
    assert list(Member.objects.order_by("seat").values_list("seat", "role")) == [
        ("host/1", "buyer"),
        ("host/2", "expert"),
        ("host/3", "expert"),
        ("one/1", "expert"),
        ("two/1", "expert"),
    ]
    read = read_entry(Entry.objects.get(type="seat_members").pk)
    assert read.stream == f"evaluation.evaluation:{review.lot.pk}"
    assert [one["seat"] for one in read.facts("seat_members")["members"]] == list(SEATS)


def test_seats_can_change_until_the_chair_is_elected(review: Review) -> None:
    other = replace(seated()[4], seat="two/2", handle="e" * 16, key=encode_point(GENERATOR).hex())
    with clock.frozen(SOON):
        elect_chair(review.lot.pk, "host/2", by=review.member(2))
        seat_members(review.lot.pk, [*seated()[:4], other])

    assert set(Member.objects.values_list("seat", flat=True)) == {*SEATS[:4], "two/2"}
    assert not Opinion.objects.exists()
    reviews.chaired(review)
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        seat_members(review.lot.pk, seated())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seat": "host/2"}, "seat"),
        ({"seat": "第一席"}, "seat"),
        ({"role": "agency"}, "role"),
        ({"handle": ""}, "handle"),
        ({"handle": f"{2:016x}"}, "handle"),
        ({"key": "04" + "00" * 64}, "key"),
        ({"key": "zz"}, "key"),
    ],
)
def test_misshapen_seat_is_refused(review: Review, change: dict[str, str], field: str) -> None:
    wrong = [*seated()[:4], replace(seated()[4], **change)]  # type: ignore[arg-type]
    with clock.frozen(SOON), refused(Unfair, "malformed") as refusal:
        seat_members(review.lot.pk, wrong)

    assert refusal.value.facts == {"field": field}


def test_committee_is_odd_large_enough_and_mostly_experts(review: Review) -> None:
    """MOF-87-47."""
    with clock.frozen(SOON):
        with refused(Unfair, "committee-size"):
            seat_members(review.lot.pk, seated()[1:])
        with refused(Unfair, "experts-share"):
            seat_members(
                review.lot.pk, [replace(one, role="buyer") if n < 2 else one for n, one in enumerate(seated())]
            )
        with refused(NotEntitled, "wrong-post"):
            seat_members(review.lot.pk, seated(), by=review.city["agency-a"])


def test_majority_elects_the_chair(review: Review) -> None:
    with clock.frozen(SOON):
        elect_chair(review.lot.pk, "host/2", by=review.member(1))
        elect_chair(review.lot.pk, "host/3", by=review.member(2))
        elect_chair(review.lot.pk, "host/2", by=review.member(3))
        assert review.state == "qualified"
        elect_chair(review.lot.pk, "host/2", by=review.member(1))
        assert review.state == "qualified"
        written = elect_chair(review.lot.pk, "host/2", by=review.member(2))

    assert (review.state, review.row.chair) == ("chaired", "host/2")
    assert read_entry(written.id).moves == ["evaluation.evaluation elect_chair: qualified → chaired"]
    assert jobs()[-1][0] == "evaluation.go_on"
    assert blind.desk_for(review.member(2), review.lot.pk).is_chair
    with clock.frozen(LATER), refused(WrongState, "wrong-state"):
        elect_chair(review.lot.pk, "host/3", by=review.member(4))


def test_purchaser_does_not_chair_and_strangers_do_not_vote(review: Review) -> None:
    """MOF-87-45: the chair is not the purchaser's."""
    with clock.frozen(SOON):
        with refused(Unfair, "chair-buyer"):
            elect_chair(review.lot.pk, "host/1", by=review.member(2))
        with refused(Unfair, "malformed"):
            elect_chair(review.lot.pk, "host/9", by=review.member(2))
        with refused(NotEntitled, "not-a-member"):
            elect_chair(review.lot.pk, "host/2", by=STRANGER)
        with refused(NotEntitled, "not-a-member"):
            elect_chair(review.lot.pk, "host/2", by=replace(review.member(2), role="buyer"))


def test_codes_follow_from_the_secret_and_the_seeds(review: Review) -> None:
    reviews.chaired(review)
    reviews.coded(review)

    row = CodeKey.objects.get()
    handles = sorted(review.seeds)
    seeds = tuple(bytes.fromhex(review.seeds[handle]) for handle in handles)
    grounds = Grounds(bytes.fromhex(review.lot.lot_ref), bytes.fromhex(row.commitment), seeds, frozenset({1, 2, 3, 4}))
    mapping = mapping_of(review.row)
    assert verify_mapping(mapping, grounds) == []
    assert [one.seat for one in mapping.issues[0].seats] == list(SEATS)
    read = read_entry(Entry.objects.get(type="issue_codes").pk)
    assert (
        read.moves
        == ["evaluation.evaluation issue_codes: chaired → reviewing"] + ["evaluation.sheet give_sheet:  → writing"] * 5
    )
    assert read.facts("issue_codes")["positions"] == [1, 2, 3, 4]
    assert not any(code in str(read.body) for code in mapping.issues[0].codes)


def test_every_seat_sees_its_own_codes_in_its_own_order(review: Review) -> None:
    reviews.chaired(review)
    assert blind.pages_for(review.member(2), review.lot.pk) == ()
    reviews.coded(review)

    shown = {seat: blind.pages_for(review.member(n), review.lot.pk) for n, seat in enumerate(SEATS, 1)}
    codes = [bid.code for bids in shown.values() for bid in bids]
    assert len(set(codes)) == 20
    [issue] = issues_of(review.row)
    for seat in issue.seats:
        assert [bid.code for bid in shown[seat.seat]] == list(seat.codes)
    first = shown["host/2"][0]
    assert [(file.number, file.name, file.pages, file.fault) for file in first.files] == [
        (1, f"{first.code}-1.pdf", 1, ""),
        (2, f"{first.code}-2.pdf", 2, ""),
    ]


def test_desk_reads_files_under_its_own_codes_only(review: Review) -> None:
    reviews.chaired(review)
    reviews.coded(review)
    own = blind.pages_for(review.member(2), review.lot.pk)[0].code
    other = blind.pages_for(review.member(3), review.lot.pk)[0].code

    content = blind.file_for(review.member(2), review.lot.pk, own, 2)

    position = reviews.position_of(review, 2, own)
    assert content.name == f"{own}-2.pdf"
    assert content.path.name == BlindCopy.objects.get(position=position, number=2).after
    with not_there(BlindCopy):
        blind.file_for(review.member(2), review.lot.pk, other, 1)
    with not_there(BlindCopy):
        blind.file_for(review.member(2), review.lot.pk, own, 3)
    with not_there(Member):
        blind.file_for(STRANGER, review.lot.pk, own, 1)
    with not_there(Member):
        blind.pages_for(review.city["agency-a"], review.lot.pk)


def test_desk_knows_its_seat_and_its_sheet(review: Review) -> None:
    reviews.chaired(review)
    reviews.coded(review)

    desk = blind.desk_for(review.member(1), review.lot.pk)

    assert (desk.state, desk.seat, desk.role, desk.is_chair, desk.signs) == (
        "reviewing",
        "host/1",
        "buyer",
        False,
        False,
    )
    assert (desk.sheets, desk.candidates) == ({"technical": "writing"}, SEATS[1:])
    assert blind.desks_of(review.member(1)) == (review.lot.pk,)
    assert blind.desks_of(STRANGER) == ()
    with not_there(Sheet):
        blind.saved_for(review.member(1), review.lot.pk, "business")


def test_codes_wait_for_copies_and_seeds(review: Review) -> None:
    reviews.chaired(review)
    Evaluation.objects.update(copied_at=None)
    with clock.frozen(LATER):
        with refused(WrongState, "copies-missing"):
            issue_seat_codes(review.lot.pk, review.seeds)
        Evaluation.objects.update(copied_at=SEATED)
        with refused(WrongState, "seeds-missing"):
            issue_seat_codes(review.lot.pk, {})
        for wrong in ({"00" * 32: "11" * 32}, dict.fromkeys(review.seeds, "11"), dict.fromkeys(review.seeds, "zz")):
            with refused(Unfair, "malformed"):
                issue_seat_codes(review.lot.pk, wrong)
        with refused(NotEntitled, "wrong-post"):
            issue_seat_codes(review.lot.pk, review.seeds, by=review.member(2))
        issue_seat_codes(review.lot.pk, review.seeds)
        with refused(WrongState, "wrong-state"):
            issue_seat_codes(review.lot.pk, review.seeds)


def test_job_takes_the_seeds_of_the_project_s_draws(review: Review) -> None:
    """Seeds come from the sitting; nobody hands them in."""
    panel = draws.assembled(review.city, review.lot.tender)
    draws.seeded(panel)
    reviews.chaired(review)
    with clock.frozen(LATER):
        tasks.go_on(entry_id=Entry.objects.filter(type="elect_chair").latest("pk").pk)

    assert review.state == "reviewing"
    used = {one["handle"]: one["seed"] for one in CodeIssue.objects.get().seeds}
    assert used == {draw.handle: draw.seed for draw in draws.draws_of(panel)}


def test_sealed_values_cannot_be_moved(review: Review) -> None:
    closed = seal(ISSUE, "one", {"a": 1})

    assert unseal(ISSUE, "one", closed) == {"a": 1}
    for purpose, row, data in ((ISSUE, "two", closed), (CELL, "one", closed), (ISSUE, "one", closed[:-1] + b"\0")):
        with pytest.raises(InvalidTag):
            unseal(purpose, row, data)
