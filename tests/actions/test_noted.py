"""Refusals and sensitive reads (拒绝与敏感查阅) on their way into the ledger; keys of requests; the law as tables."""

import hashlib
from datetime import date, datetime, timedelta

import pytest

from mifeng.kernel import clock, reads
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.calendar import SOURCE, seed_calendar
from mifeng.kernel.idempotency import Repeated, check_repeated
from mifeng.kernel.law import calendar, rulebook_on, rulebooks
from mifeng.kernel.ledger.append import timestamp
from mifeng.kernel.models import CalendarDay, Instance, Noted
from mifeng.kernel.reads import digest_noted, note
from mifeng.kernel.wording import check_wording
from mifeng.parties.actions import sign_in
from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Unfair
from mifeng.tenders.actions import accept_tender
from tests.actions.evidence import changed, entries, read_entry, snapshot
from tests.factories import START, City, entered

BUYER = Actor(role="buyer", handle="aaaabbbbccccdddd")


def keep(number: int, *, at: datetime = START) -> None:
    """Note one refusal."""
    with clock.frozen(at):
        note("refused", BUYER, f"/projects/{number}", codes=["wrong-post", "not-your-project"])


def test_note_keeps_who_was_refused_what_and_when(city: City) -> None:
    """A refusal of time or entitlement is itself a fact of the procedure (R071)."""
    keep(1)

    row = Noted.objects.get()
    assert (row.at, row.kind, row.actor_handle, row.subject, row.facts, row.digest_entry) == (
        START,
        "refused",
        BUYER.handle,
        "/projects/1",
        {"codes": ["wrong-post", "not-your-project"]},
        None,
    )


def test_digest_commits_to_every_row_in_order(city: City) -> None:
    """From the rows that are linked to an entry its digest can be computed again (R071)."""
    for number in (1, 2):
        keep(number, at=START + number * timedelta(seconds=1))

    covered = digest_noted()

    chain = hashlib.sha256()
    for row in Noted.objects.order_by("pk"):
        chain.update(canonical([timestamp(row.at), row.kind, row.actor_handle, row.subject, row.facts]))
    read = read_entry(entries()[-1])
    assert (covered, read.type, read.actor) == (2, "digest_noted", CLOCK.handle)
    assert read.stream == f"kernel.instance:{Instance.objects.get().pk}"
    assert read.facts("digest_noted") == {"rows": 2, "sha256": chain.hexdigest()}
    assert set(Noted.objects.values_list("digest_entry", flat=True)) == {read.id}


def test_digest_of_nothing_is_no_entry(city: City) -> None:
    keep(1)
    digest_noted()
    before = snapshot()

    assert digest_noted() == 0
    assert changed(before) == {}


def test_next_digest_covers_only_what_is_new(city: City) -> None:
    keep(1)
    digest_noted()
    keep(2)

    assert digest_noted() == 1
    assert len(set(Noted.objects.values_list("digest_entry", flat=True))) == 2
    assert read_entry(entries()[-1]).prev != ""


def test_digest_takes_a_great_number_in_parts(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "BATCH", 2)
    for number in range(5):
        keep(number)

    assert [digest_noted() for _ in range(4)] == [2, 2, 1, 0]


def test_sign_in_is_in_the_next_digest(city: City, passwords: dict[str, str]) -> None:
    sign_in("buyer", passwords["buyer"], address="192.0.2.1")

    assert digest_noted() == 1
    assert Noted.objects.get().digest_entry_id == entries()[-1]


def test_actor_without_a_key_repeats_nothing(city: City) -> None:
    tender = entered(city)
    with clock.frozen(START):
        accept_tender(tender.pk, by=city["host"])

    assert check_repeated(city["host"]) is None


def test_key_is_one_actor_s_own(city: City) -> None:
    """Two posts may use the same key; neither gets the other's receipt."""
    tender = entered(city)
    with clock.frozen(START):
        accept_tender(tender.pk, by=city["host"].with_key("1", b"a"))

    with pytest.raises(Repeated):
        check_repeated(city["host"].with_key("1", b"a"))
    assert check_repeated(city["buyer"].with_key("1", b"a")) is None
    assert check_repeated(city["host"].with_key("2", b"a")) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  招标文件 ", "招标文件"),
        ("第一行\n\t第二行\r\n", "第一行\n\t第二行"),
        ("e\u0301", "\u00e9"),
        ("", ""),
        ("\U0001f600", "\U0001f600"),
    ],
)
def test_typed_text_is_kept_trimmed_and_in_one_form(text: str, kept: str) -> None:
    assert check_wording(text, field="text", limit=20) == kept


@pytest.mark.parametrize(
    ("text", "empty", "code"),
    [
        ("", "reason-required", "reason-required"),
        ("\u3000 ", "malformed", "malformed"),
        ("x" * 21, "", "too-large"),
        ("a\0", "", "malformed"),
        ("a\x85b", "", "malformed"),
        ("\ud800", "", "malformed"),
        ("\x7f", "", "malformed"),
    ],
)
def test_text_that_nobody_types_is_refused(text: str, empty: str, code: str) -> None:
    with pytest.raises(Unfair) as caught:
        check_wording(text, field="text", limit=20, empty=empty)

    assert (caught.value.codes, caught.value.facts["field"]) == ((code,), "text")


def test_every_rulebook_is_known_by_its_name() -> None:
    assert {name: book.name for name, book in rulebooks().items()} == {
        "procurement-2015": "procurement-2015",
        "procurement-2026": "procurement-2026",
    }


def test_project_is_bound_to_the_rulebook_of_its_day() -> None:
    """Law is data with a date: nearest place, day of entry; no rulebook, no entry."""
    old = rulebook_on("150800", "procurement", date(2026, 1, 31))
    book = rulebook_on("150800", "procurement", date(2026, 2, 1))

    assert (old.name, old.int("bid_period_days")) == ("procurement-2015", 20)
    assert (book.name, book.int("bid_period_days")) == ("procurement-2026", 20)
    with pytest.raises(LookupError):
        rulebook_on("150800", "procurement", date(1999, 1, 1))


def test_calendar_knows_the_published_years_and_their_exceptions(city: City) -> None:
    """Working days come from the State Council's notices, not from weekdays alone."""
    found = calendar()

    assert {2025, 2026} <= found.years
    assert 2027 not in found.years
    days = [date(2026, 2, 14), date(2026, 2, 17), date(2026, 3, 2), date(2026, 3, 7)]
    assert [found.is_working(day) for day in days] == [True, False, True, False]
    assert found.is_provisional(date(2026, 12, 31), date(2027, 1, 4))


def test_calendar_is_filled_once_and_what_was_imported_since_stays(city: City) -> None:
    day = date(2026, 2, 17)
    CalendarDay.objects.filter(day=day).update(name="春节", source="国办发明电")

    assert seed_calendar() == 0

    assert CalendarDay.objects.get(day=day).source == "国办发明电"
    CalendarDay.objects.filter(day=day).delete()
    assert seed_calendar() == 1
    assert CalendarDay.objects.get(day=day).source == SOURCE
