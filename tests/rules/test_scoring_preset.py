"""The first template that is proposed (评分办法范本) is lawful, and takes its numbers from the rulebook."""

from decimal import Decimal

import pytest

from mifeng.rules.rulebook import Rulebook
from mifeng.rules.scoring import PRESETS, check_template, format_template, parse_template, preset
from tests.rules.books import BOOK, BOOK_2026


@pytest.mark.parametrize("category", sorted(PRESETS))
@pytest.mark.parametrize("book", [BOOK, BOOK_2026], ids=lambda book: book.name)
def test_it_is_lawful_under_every_rulebook(category: str, book: Rulebook) -> None:
    """Whole steps, one hundred points, a price of enough weight (MOF-87-55)."""
    made = preset(category, book)

    check_template(made, book)

    assert parse_template(format_template(made)) == made
    assert made.category == category


def test_deductions_are_those_the_rulebook_knows() -> None:
    """Domestic products are goods; an older book knows none of them (SCO-2025-34, MOF-2022-19)."""
    kinds = {name: [one.kind for one in preset(name, BOOK_2026).deductions] for name in PRESETS}

    assert kinds["goods"] == ["domestic", *kinds["services"]]
    assert preset("goods", BOOK_2026).deductions[0].rate == Decimal("0.2")
    assert preset("goods", BOOK).deductions == ()
