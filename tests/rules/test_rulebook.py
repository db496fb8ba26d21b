"""Dated numbers of the law: replaceable, checked, and honest about what was not read. R004 R036."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from mifeng.rules.rulebook import Rulebook, parse_rulebook, rulebook_for
from tests.rules.books import BOOK, BOOK_2026, BOOK_TEXT

SMALL = """
name = "small"
title = "小规则包"
jurisdiction = "150800"
regime = "procurement"
effective_from = 2023-09-01
effective_to = 2026-09-30

[constants.days]
value = 5
unit = "working-days"
meaning = "So many."
source = "GPLR-31"
article = "条例第三十一条"
effective_from = 2015-03-01
effective_to = 2026-09-30
confirmed = true
"""


@pytest.mark.parametrize(
    ("name", "value", "source"),
    [
        ("bid_period_days", 20, "GPL-35"),
        ("supply_working_days", 5, "GPLR-31"),
        ("clarification_days", 15, "GPLR-31"),
        ("report_working_days", 2, "GPLR-43"),
        ("award_working_days", 5, "GPLR-43"),
        ("contract_days", 30, "GPL-46"),
        ("enquiry_working_days", 3, "GPLR-52"),
        ("challenge_working_days", 7, "GPL-52"),
        ("challenge_answer_working_days", 7, "GPL-53"),
        ("complaint_working_days", 15, "GPL-55"),
        ("records_years", 15, "GPL-42"),
    ],
)
def test_numbers_of_the_statutes_are_confirmed(name: str, value: int, source: str) -> None:
    assert BOOK.int(name) == value
    assert BOOK[name].source == source
    assert BOOK[name].confirmed


def test_numbers_of_texts_not_at_hand_are_listed_as_unconfirmed() -> None:
    sources = {one.source for one in BOOK.unconfirmed()}

    assert {one.split("-")[0] for one in sources} == {"MOF"}
    assert not any(one.confirmed for one in BOOK.unconfirmed())


def test_a_choice_of_ours_is_neither_confirmed_nor_waiting_for_it() -> None:
    choices = [one for one in BOOK.constants.values() if one.standing == "choice"]

    assert {one.source for one in choices} == {f"our choice (ADR-{number})" for number in (1, 3, 4, 5)}
    assert not set(choices) & set(BOOK.unconfirmed())


def test_ratios_are_exact_for_comparing_and_decimal_for_showing() -> None:
    assert BOOK.share("expert_share") == Fraction(2, 3)
    assert BOOK.ratio("expert_share") == Decimal(2) / Decimal(3)
    assert BOOK.ratio("deposit_ratio_max") == Decimal("0.02")


def test_words_come_in_order() -> None:
    assert BOOK.words("remote_unsuitable") == ("long-evaluation", "on-site-samples", "e-mall", "classified")


def test_asking_for_what_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        BOOK.int("no_such_days")
    with pytest.raises(TypeError, match="expert_share"):
        BOOK.int("expert_share")


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("value = 5\n", "", "missing"),
        ("value = 5", "value = 5\nvalve = 5", "unknown"),
        ('title = "小规则包"', 'titel = "小规则包"', "missing"),
        ('name = "small"', "name = 1", "name must be text"),
        ('name = "small"', 'name = " "', "name must be text"),
        ("value = 5", "value = -5", "whole number"),
        ("value = 5", "value = true", "whole number"),
        ("value = 5", 'value = "5"', "whole number"),
        ("value = 5", "value = 5.0", "whole number"),
        ('value = 5\nunit = "working-days"', 'value = 5\nunit = "ratio"', "value must be text"),
        ('value = 5\nunit = "working-days"', 'value = ""\nunit = "words"', "value must be text"),
        ('value = 5\nunit = "working-days"', 'value = "3/2"\nunit = "ratio"', "not a ratio"),
        ('value = 5\nunit = "working-days"', 'value = "1/0"\nunit = "ratio"', "not a ratio"),
        ('value = 5\nunit = "working-days"', 'value = "half"\nunit = "ratio"', "not a ratio"),
        ('unit = "working-days"', 'unit = "weeks"', "unknown unit"),
        ("confirmed = true", 'confirmed = "yes"', "true or false"),
        ("confirmed = true", 'confirmed = true\nstanding = "custom"', "unknown standing"),
        ("effective_from = 2015-03-01", 'effective_from = "2015-03-01"', "not a date"),
        ("effective_from = 2015-03-01", "effective_from = 2015-03-01T00:00:00", "not a date"),
        ("effective_from = 2015-03-01", "effective_from = 2026-10-01", "ends before it begins"),
        ("effective_from = 2015-03-01", "effective_from = 2024-01-01", "not in force"),
        ("effective_to = 2026-09-30\nconfirmed", "effective_to = 2025-12-31\nconfirmed", "not in force"),
        ("effective_to = 2026-09-30\n\n", "\n", "not in force"),
        ("effective_to = 2026-09-30\n\n", "effective_to = 2022-09-30\n\n", "ends before it begins"),
        ("[constants.days]", "[constants]", "must be a table"),
        (SMALL[SMALL.index("[constants.days]") :], "constants = {}", "with entries"),
        (SMALL[SMALL.index("[constants.days]") :], "constants = 5", "with entries"),
        ("name =", "name ==", "Invalid value"),
    ],
)
def test_a_faulty_rulebook_is_not_read(before: str, after: str, fault: str) -> None:
    assert SMALL.count(before) >= 1

    with pytest.raises(ValueError, match=fault):
        parse_rulebook(SMALL.replace(before, after, 1))


@pytest.mark.parametrize(
    ("unit", "value"),
    [("working-days", "0"), ("ratio", '"0"'), ("ratio", '"1"'), ("ratio", '"0.25"'), ("ratio", '"2/3"')],
)
def test_the_ends_of_a_range_belong_to_it(unit: str, value: str) -> None:
    text = SMALL.replace('value = 5\nunit = "working-days"', f'value = {value}\nunit = "{unit}"')

    assert str(parse_rulebook(text)["days"].value) == value.strip('"')


def test_a_rulebook_may_stand_for_a_single_day() -> None:
    one_day = parse_rulebook(SMALL.replace("2023-09-01", "2026-09-30"))

    assert one_day.in_force(date(2026, 9, 30))
    assert not one_day.in_force(date(2026, 9, 29))
    assert not one_day.in_force(date(2026, 10, 1))


def test_a_rulebook_that_ends_may_hold_constants_that_last_longer() -> None:
    lasting = parse_rulebook(SMALL.replace("effective_to = 2026-09-30\nconfirmed", "confirmed"))

    assert lasting["days"].effective_to is None


def _book(name: str, jurisdiction: str, begins: str, ends: str = "") -> Rulebook:
    text = SMALL.replace('"small"', f'"{name}"').replace('"150800"', f'"{jurisdiction}"')
    text = text.replace("2023-09-01\neffective_to = 2026-09-30", begins + (f"\neffective_to = {ends}" if ends else ""))
    return parse_rulebook(text.replace("effective_to = 2026-09-30\nconfirmed", "confirmed"))


NATION_OLD = _book("nation-old", "CN", "2015-03-01", "2026-09-30")
NATION_NEW = _book("nation-new", "CN", "2026-10-01")
CITY = _book("city", "150800", "2023-09-01", "2024-08-31")
BOOKS = (NATION_OLD, NATION_NEW, CITY)


@pytest.mark.parametrize(
    ("jurisdiction", "on", "name"),
    [
        ("CN", date(2026, 9, 30), "nation-old"),
        ("CN", date(2026, 10, 1), "nation-new"),
        ("150821", date(2023, 9, 1), "city"),  # a county falls back on its city
        ("150800", date(2024, 8, 31), "city"),
        ("150821", date(2024, 9, 1), "nation-old"),  # the city's trial is over
        ("371321", date(2024, 1, 1), "nation-old"),
    ],
)
def test_a_project_is_bound_by_place_and_by_the_day_of_its_first_event(jurisdiction: str, on: date, name: str) -> None:
    """R128: rules of a trial have their own period; R009: the day that counts is the project's own."""
    assert rulebook_for(BOOKS, jurisdiction, "procurement", on).name == name


def test_regimes_do_not_mix() -> None:
    with pytest.raises(LookupError, match="no tendering rulebook"):
        rulebook_for(BOOKS, "CN", "tendering", date(2026, 10, 1))


def test_no_rulebook_before_the_first_day() -> None:
    with pytest.raises(LookupError, match="no procurement rulebook"):
        rulebook_for(BOOKS, "CN", "procurement", date(2015, 2, 28))


def test_two_rulebooks_for_one_place_and_day_are_an_error() -> None:
    with pytest.raises(LookupError, match="more than one"):
        rulebook_for((NATION_OLD, _book("twin", "CN", "2016-01-01")), "CN", "procurement", date(2020, 1, 1))


def test_the_shipped_rulebook_says_where_each_number_comes_from() -> None:
    assert (BOOK.name, BOOK_2026.name) == ("procurement-2015", "procurement-2026")
    assert BOOK_TEXT.count("[constants.") == len(BOOK.constants)
    assert all(one.meaning.endswith(".") and one.article for one in BOOK_2026.constants.values())


def test_the_later_book_repeats_the_earlier_and_adds_what_the_law_added() -> None:
    """A book is read alone (ADR-3); what 2022 and 2026 brought is not in force in the book of 2015."""
    added = set(BOOK_2026.constants) - set(BOOK.constants)

    assert {name: one for name, one in BOOK_2026.constants.items() if name not in added} == BOOK.constants
    assert {BOOK_2026[name].source for name in added} == {"MOF-2022-19", "MOF-2026-2", "SCO-2025-34"}
    assert not any(BOOK_2026[name].confirmed for name in added)


@pytest.mark.parametrize(
    ("on", "name"), [(date(2026, 1, 31), "procurement-2015"), (date(2026, 2, 1), "procurement-2026")]
)
def test_a_project_keeps_the_book_of_its_first_event(on: date, name: str) -> None:
    assert rulebook_for((BOOK, BOOK_2026), "150800", "procurement", on).name == name
