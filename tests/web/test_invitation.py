"""An expert's own page (专家答复): time and place, never what for; looking changes nothing, only a form answers."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client

from mifeng.experts.actions import record_dispatch
from mifeng.experts.models import Invitation
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Entry, Noted
from mifeng.sample.experts import people
from mifeng.sittings.models import Panel
from tests.actions.draws import INVITED, assembled, draws_of, seeded, token, waiting, walk
from tests.conftest import read_city
from tests.databases import rolled_back
from tests.factories import published
from tests.web.rooms import text_of

SENT = INVITED + timedelta(seconds=5)
LATER = INVITED + timedelta(minutes=10)


@pytest.fixture(scope="module")
def panel(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Panel]:
    """A panel whose first invitations have been sent."""
    with rolled_back(django_db_blocker):
        city = read_city()
        found = assembled(city, published(city))
        seeded(found)
        walk(found)
        with clock.frozen(SENT):
            for one in waiting(draws_of(found)):
                record_dispatch(one.pk, "00" * 32, by=CLOCK)
        yield found


@pytest.fixture
def invited(panel: Panel, db: None) -> list[Invitation]:
    """Return the invitations that were sent; what a test does to them is undone after it."""
    return waiting(draws_of(panel))


def look(secret: str, **options: object) -> HttpResponse:
    """Open a link ten minutes after the invitation."""
    with clock.frozen(LATER):
        return Client(**options).get(f"/invitation/{secret}")  # type: ignore[arg-type]


def answer(secret: str, data: dict[str, str]) -> HttpResponse:
    """Send the form of a link."""
    with clock.frozen(LATER):
        return Client().post(f"/invitation/{secret}", data)


def shape(page: HttpResponse) -> str:
    """Return a page without what differs from one request to the next: tokens of the form, the address itself."""
    text = re.sub(r'value="[^"]*"', "", text_of(page))
    return f"{page.status_code} {sorted(page.headers)} {text}"


def test_letter_says_when_and_where_and_never_what_for(panel: Panel, invited: list[Invitation]) -> None:
    """Time, place, what to bring, a code name, in large type (U22, P15)."""
    first, *_ = invited
    tender = panel.tender

    page = text_of(look(token(first)))

    assert "2026-03-26 10:30 周四" in page
    assert first.draw.code_name in page
    assert "居民身份证" in page
    assert 'data-scale="large"' in page
    assert "我参加" in page
    secret = (tender.name, tender.number, "市教育局", "甲诚", "课桌椅", *(one.name for one in people([])))
    assert [word for word in secret if word in page] == []


def test_looking_changes_nothing(invited: list[Invitation]) -> None:
    """However often a link is opened, and by whatever program (P15)."""
    first, *_ = invited
    before = Entry.objects.count(), Noted.objects.count()

    pages = [look(token(first)) for _ in range(3)]
    with clock.frozen(LATER):
        head = Client().head(f"/invitation/{token(first)}")

    first.refresh_from_db()
    assert {page.status_code for page in (*pages, head)} == {200}
    assert (Entry.objects.count(), Noted.objects.count()) == before
    assert first.state == "invited"
    assert {page["Cache-Control"] for page in pages} == {"no-store"}


def test_expert_accepts(invited: list[Invitation]) -> None:
    """One entry by an opaque name; the page repeats when and where once more."""
    first, *_ = invited

    page = answer(token(first), {"answer": "accept"})

    first.refresh_from_db()
    entry = Entry.objects.get(type="answer_invitation")
    assert (page.status_code, first.state) == (200, "agreed")
    assert entry.actor_handle == first.leaf[:16]
    assert 'data-answered="accept"' in text_of(page)
    assert "2026-03-26 10:30" in text_of(page)
    assert "X-Receipt" not in page


def test_expert_declines_with_a_reason(invited: list[Invitation]) -> None:
    """Without a reason the form comes back; with one the walk may go on."""
    first, *_ = invited

    without = answer(token(first), {"answer": "decline"})
    page = answer(token(first), {"answer": "decline", "reason": "illness"})

    first.refresh_from_db()
    assert (without.status_code, "请选一个原因" in text_of(without)) == (422, True)
    assert (page.status_code, first.state, first.reason) == (200, "declined", "illness")
    assert "2026-03-26 10:30" not in text_of(page)


def test_used_expired_and_unknown_links_are_answered_alike(invited: list[Invitation]) -> None:
    """Nobody finds out by trying (U22)."""
    first, second, *_ = invited
    used, expired = token(first), token(second)
    answer(used, {"answer": "accept"})
    after = SENT + timedelta(hours=2)

    with clock.frozen(after):
        found = [Client().get(f"/invitation/{secret}") for secret in (used, expired, "x" * 43, "a")]
        posted = [Client().post(f"/invitation/{secret}", {"answer": "accept"}) for secret in (used, expired, "x" * 43)]

    assert {page.status_code for page in found} == {404}
    assert len({shape(page) for page in found}) == 1
    assert {shape(page) for page in posted} == {shape(page) for page in found}
    assert not Noted.objects.filter(subject__contains="/invitation/").exists()


@pytest.mark.parametrize("data", [{}, {"answer": "maybe"}, {"answer": "decline", "reason": "他是甲"}])
def test_answer_that_is_none_changes_nothing(invited: list[Invitation], data: dict[str, str]) -> None:
    first, *_ = invited

    page = answer(token(first), data)

    first.refresh_from_db()
    assert (page.status_code, page["X-Reason"], first.state) == (422, "malformed", "invited")


def test_form_of_another_site_is_not_taken(invited: list[Invitation]) -> None:
    """The form carries a token of its own page."""
    first, *_ = invited

    with clock.frozen(LATER):
        page = Client(enforce_csrf_checks=True).post(f"/invitation/{token(first)}", {"answer": "accept"})

    first.refresh_from_db()
    assert (page.status_code, first.state) == (422, "invited")
    assert not Noted.objects.filter(subject__contains=token(first)).exists()


def test_link_takes_no_other_verb(invited: list[Invitation]) -> None:
    first, *_ = invited

    with clock.frozen(LATER):
        page = Client().delete(f"/invitation/{token(first)}")

    assert (page.status_code, page["Allow"]) == (405, "GET, POST, HEAD, OPTIONS")
