"""How many queries a page costs (页面查询数): a list with one row and with a hundred must cost the same.

A page that asks once more for each row is quick in a sample city and stands still in a real one.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mifeng.evaluation.actions import begin_review
from mifeng.experts.actions import suspend_expert
from mifeng.experts.models import Expert
from mifeng.kernel import clock
from mifeng.kernel.inbox import tell
from mifeng.kernel.ledger.queries import history
from tests.actions.reviews import OPENED, REVIEWED, SCORING, STEPS, Review, lead, leave_opening, reach
from tests.bench.figures import Figure, compared
from tests.factories import START, City, published
from tests.web.desks import seat_of
from tests.web.rooms import client_of

ROWS, FEWEST_BIDS = 100, 3
HERE = {"host": "127.0.0.1"}
LOOKED = START + timedelta(hours=1)
ROW = 100  # bytes at the least
Cost = tuple[int, int]
LISTS = {
    "/": "",
    "/workspace/": "agency-a",
    "/cockpit/": "supervisor",
    "/site/": "guest-wuyuan",
    "/site/?view=projects": "host",
    "/supplier/?all=1": "bidder-1",
    "/hall/": "bidder-1",
    "/account/inbox": "buyer",
    "/library/?state=suspended": "librarian",
}


def measure(city: City) -> Iterator[Figure]:
    """Yield a row for each list: queries with a hundred rows, beside those with one; of bids, beside three."""
    experts = list(Expert.objects.filter(state="enrolled").order_by("pk")[:ROWS])
    add_row(city, 0, experts[0])
    few = {path: cost(client(account), path, LOOKED) for path, account in LISTS.items()}
    for days, expert in enumerate(experts[1:], 1):
        add_row(city, days, expert)
    many = {path: cost(client(account), path, LOOKED) for path, account in LISTS.items()}
    yield from rows(few, many, 1)
    yield from rows(reviewed(city, FEWEST_BIDS, ROWS), reviewed(city, ROWS, ROWS + 1), FEWEST_BIDS)


def add_row(city: City, days: int, expert: Expert) -> None:
    """Make every list one row longer: a project is published, somebody is told of it, an expert is suspended."""
    tender = published(city, later=timedelta(days=days))
    entry = history([f"tenders.tender:{tender.pk}"])[0].id
    facts = {"name": tender.name, "number": tender.number}
    with clock.frozen(LOOKED):
        tell([city["buyer"].handle], "draft_document", subject=f"tenders.tender:{tender.pk}", entry=entry, **facts)
    suspend_expert(expert.pk, reason="left", by=city["librarian"])


def rows(few: Mapping[str, Cost], many: Mapping[str, Cost], fewest: int) -> Iterator[Figure]:
    """Yield the comparison of each page, once it is certain that the page has become longer by that many rows."""
    for path, (queries, size) in many.items():
        if size < few[path][1] + (ROWS - fewest) * ROW:
            raise AssertionError(f"{path} does not show {ROWS} rows")
        name = f"queries of {path}, {ROWS} rows beside {fewest}"
        yield compared(name, few[path][0], "", queries, ratio=few[path][0] / queries, bar=1)


def reviewed(city: City, bids: int, days: int) -> dict[str, Cost]:
    """Return what the pages of a review cost with so many bids."""
    review = reach(city, "published", later=timedelta(days=days))
    leave_opening(review.lot, bids)
    with clock.frozen(OPENED):
        begin_review(review.lot.pk)
    asked = f"/workspace/{review.lot.tender_id}/lots/{review.lot.pk}/evaluation"
    found = {"the qualification review": cost(client("agency-a"), asked, REVIEWED)}
    for step in STEPS[STEPS.index("qualified") : STEPS.index("reviewing") + 1]:
        lead(review, step)
    return found | {
        "the evaluation, for the agency": cost(client("agency-a"), asked, SCORING),
        "the evaluation, for the supervisor": cost(client("supervisor"), _watched(review), SCORING),
        "a desk": cost(seat_of(review, 2), f"/desk/{review.lot.pk}", SCORING),
    }


def cost(reader: Client, path: str, at: datetime) -> Cost:
    """Return how many queries a page costs and its bytes, as long as it gets, once it has been opened before."""
    for _ in range(2):
        with clock.frozen(at), CaptureQueriesContext(connection) as found:
            answer = reader.get(f"{path}{'&' if '?' in path else '?'}size={ROWS}", headers=HERE)
        if answer.status_code != 200:
            raise AssertionError(f"{path}: {answer.status_code}")
    return len(found), len(answer.content)


def client(account: str) -> Client:
    """Return a browser in which somebody is signed in; nobody for the public."""
    return client_of(account) if account else Client()


def _watched(review: Review) -> str:
    return f"/cockpit/{review.lot.tender_id}/lots/{review.lot.pk}"
