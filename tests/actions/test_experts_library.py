"""The library of experts (专家库): entered, suspended, restored; who anybody is stands in one closed column."""

from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection

from mifeng.experts.actions import NewExpert, add_expert, restore_expert, suspend_expert
from mifeng.experts.models import Expert, Personal
from mifeng.experts.queries import expert_for, experts, narrowed, personal_for
from mifeng.rules.errors import NotEntitled, Unfair, WrongState
from mifeng.sample.experts import identity_number, people
from tests.actions.evidence import read_entry, refused
from tests.factories import City


def wrong(number: str) -> str:
    """Return an identity number with another check digit."""
    return f"{number[:-1]}{'0' if number[-1] != '0' else '1'}"


def person(**changes: object) -> NewExpert:
    """Return an invented person whom the sample library does not hold."""
    one = NewExpert(
        name="甲虚甲",
        phone="10400009999",
        number=identity_number("150826", 900),
        employer="癸原质检中心",
        region="150826",
        tier="county",
        specialities=("A080101",),
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def test_sample_library_has_two_fields_of_three_levels_in_city_and_counties(city: City) -> None:
    rows = Expert.objects.all()

    assert rows.count() == 120
    assert {word[:3] for row in rows for word in row.specialities} == {"A08", "C04"}
    assert {(row.tier, row.region) for row in rows} == {
        ("city", "150800"),
        ("county", "150826"),
        ("county", "150821"),
        ("county", "150822"),
    }
    assert len({one.name for one in people([])}) == 120
    assert len({one.number for one in people([])}) == 120


def test_person_is_entered_with_one_closed_column(city: City) -> None:
    """Fields are checked and kept apart from who the person is (R054, R094)."""
    written = add_expert(person(), by=city["librarian"])

    read = read_entry(written.id)
    assert read.moves == ["experts.expert enrol:  → enrolled"]
    assert set(read.facts("enrol")) == {"region", "tier", "specialities", "trained", "enrolled_at"}
    assert personal_for(city["librarian"], expert_of(written))["name"] == "甲虚甲"
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM experts_personal WHERE expert_id = %s", [expert_of(written)])
        assert "甲虚甲".encode() not in bytes(cursor.fetchone()[0])


def expert_of(written: object) -> str:
    """Return the id of the expert an entry is about."""
    return str(written.subject).partition(":")[2]  # type: ignore[attr-defined]


def test_identity_number_stands_once(city: City) -> None:
    add_expert(person(), by=city["librarian"])

    with refused(WrongState, "expert-known"):
        add_expert(person(name="甲虚乙", phone="10400009998"), by=city["librarian"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"employer": ""}, "employer"),
        ({"phone": "0478-0000000"}, "phone"),
        ({"number": identity_number("150826", 900)[:-1] + "?"}, "number"),
        ({"number": wrong(identity_number("150826", 900))}, "number"),
        ({"number": "59802619600101000"}, "number"),
        ({"region": "15"}, "region"),
        ({"tier": "province"}, "tier"),
        ({"specialities": ()}, "specialities"),
        ({"specialities": ("A08",)}, "specialities"),
        ({"specialities": ("Z080101",)}, "specialities"),
    ],
)
def test_person_who_cannot_be_entered_is_refused_without_repeating_what_was_sent(
    city: City, changes: dict[str, object], field: str
) -> None:
    with refused(Unfair, "malformed") as caught:
        add_expert(person(**changes), by=city["librarian"])

    assert caught.value.facts == {"field": field}


@pytest.mark.parametrize("account", ["agency-a", "buyer", "host", "guest-wuyuan", "supervisor", "bidder-1"])
def test_only_the_keeper_enters_and_sees_experts(city: City, account: str) -> None:
    """One person may reach the library, and no administrator of anything else (R094)."""
    by = city[account]
    one = Expert.objects.order_by("pk")[0]

    with refused(NotEntitled, "wrong-post"):
        add_expert(person(), by=by)
    with refused(NotEntitled, "wrong-post"):
        suspend_expert(one.pk, reason="unfit", by=by)
    assert not experts(by).exists()
    with pytest.raises(Expert.DoesNotExist):
        expert_for(by, one.pk)
    with pytest.raises(Expert.DoesNotExist):
        personal_for(by, one.pk)


def test_unfit_person_is_suspended_with_a_reason_and_restored(city: City) -> None:
    """Unfit experts are removed, with reason and history (R055)."""
    one = Expert.objects.order_by("pk")[0]

    suspended = suspend_expert(one.pk, reason="misconduct", by=city["librarian"])
    with refused(WrongState, "wrong-state"):
        suspend_expert(one.pk, reason="left", by=city["librarian"])
    restored = restore_expert(one.pk, by=city["librarian"])

    assert read_entry(suspended.id).facts("suspend") == {"reason": "misconduct"}
    assert read_entry(restored.id).moves == ["experts.expert restore: suspended → enrolled"]
    assert Expert.objects.get(pk=one.pk).state == "enrolled"


def test_suspension_has_a_known_reason(city: City) -> None:
    with refused(Unfair, "reason-required"):
        suspend_expert(Expert.objects.order_by("pk")[0].pk, reason="他叫甲虚子", by=city["librarian"])


def test_list_is_narrowed_by_class_of_any_level(city: City) -> None:
    rows = experts(city["librarian"])

    assert narrowed(rows, speciality="A08").count() == 60
    assert narrowed(rows, speciality="A080101").count() == 20
    assert narrowed(rows, speciality="A0801", tier="county").count() == 22
    assert narrowed(rows, state="suspended").count() == 0


def test_closed_column_belongs_to_its_row(city: City) -> None:
    """A value moved to another row does not open."""
    first, second = Personal.objects.order_by("pk")[:2]
    Personal.objects.filter(pk=first.pk).update(sealed=second.sealed)

    with pytest.raises(InvalidTag):
        personal_for(city["librarian"], first.pk)
