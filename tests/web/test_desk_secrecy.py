"""What a desk tells before the lock (暗标席位保密): LC-2018-80 三(六), R174.

Every page, file and answer of every seat is read, and none holds a name, a price, the place of a bid in the list, what
its files were called, or anything of another seat. Data that could leak is there: every file names its bidder.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from mifeng.bidding.models import OpenedFile, Opening, Unsealed
from mifeng.evaluation.codes import codes_of
from mifeng.evaluation.models import BlindCopy, Sheet
from mifeng.kernel import clock
from mifeng.web.shell.live import allowed
from tests.actions import reviews
from tests.actions.reviews import FIRMS, PRICES, SEATS, Review
from tests.web.desks import AT, ask, cell, codes_for, evaluation_at, read, seat_of, send
from tests.web.rooms import client_of, codes, text_of

MEMBERS = range(1, 6)


@pytest.fixture(scope="module")
def scored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Review]:
    """Everybody has scored; all but the second member have signed, so that nothing is locked yet."""
    with evaluation_at("reviewing", django_db_blocker) as review:
        for number in MEMBERS:
            reviews.score(review, number, "technical")
            if number != 2:
                reviews.sign(review, number, "technical")
        yield review


@pytest.fixture(scope="module")
def told(scored: Review, django_db_blocker: Any) -> dict[int, list[tuple[str, bytes]]]:
    """Everything that two seats can get of the desk: one that has signed, and one that is still writing."""
    with django_db_blocker.unblock():
        return {number: list(answers(scored, number)) for number in (1, 2)}


@pytest.fixture
def review(scored: Review, db: None) -> Review:
    """The evaluation of the file; what a test does to it is undone after it."""
    return replace(scored, salts=dict(scored.salts))


def answers(review: Review, number: int) -> Iterator[tuple[str, bytes]]:
    """Yield every answer that a seat can get of the desk, with where it came from."""
    client, lot = seat_of(review, number), review.lot.pk
    own = codes_for(review, number)
    paths = [f"/desk/{lot}", f"/desk/{lot}?at={own[1]}&at2={own[0]}&q=a", f"/desk/{lot}/sign/technical"]
    paths += [f"/desk/{lot}/sheet/technical.json", f"/desk/{lot}/bids", f"/desk/{lot}/report", "/desk/", "/desk/enter"]
    paths += [f"/desk/{lot}/file/{code}/t{n}.pdf" for code in own for n in (1, 2)]
    paths += [f"/desk/{lot}/page/{code}/t1/1.png" for code in own]
    paths += [f"/desk/{lot}/file/{own[0]}/b1.pdf", f"/desk/{lot}/report.pdf", f"/desk/{lot}/sheet/business.json"]
    with clock.frozen(AT):
        for path in paths:
            answer = client.get(path)
            yield path, str(answer.headers).encode() + (answer.getvalue() if answer.streaming else answer.content)
        for data in (cell(own[0], "t1", "99"), cell("ZZZZZZZZ", "t1", "1")):
            answer = client.post(f"/desk/{lot}/cells/technical", data, headers={"accept": "application/json"})
            yield "cells", str(answer.headers).encode() + answer.content


def canaries(review: Review) -> list[str]:
    """Return what would say whose bids these are, what they cost, or what the others did."""
    rows = list(Unsealed.objects.order_by("position"))
    found = [*FIRMS, *(firm[:4] for firm in FIRMS), *PRICES]
    found += [f"{row.price_yuan:,.2f}" for row in rows] + [f"{row.price_yuan / 10000:.2f}" for row in rows]
    found += [row.bid.bid_ref for row in rows]
    found += list(OpenedFile.objects.values_list("name", flat=True))
    found += list(OpenedFile.objects.values_list("sha256", flat=True))
    found += [sha256 for row in BlindCopy.objects.all() for sha256 in (row.before, row.after)]
    found += [one["envelope"] for opening in Opening.objects.all() for one in opening.list]
    return found


def test_no_answer_of_any_desk_names_a_bidder_a_price_or_a_file(
    review: Review, told: dict[int, list[tuple[str, bytes]]]
) -> None:
    words = canaries(review)
    forms = [form for word in words for form in (word.encode(), word.encode("utf-16-be"), word.encode("gb18030"))]

    found = [
        (number, path, form) for number, seen in told.items() for path, body in seen for form in forms if form in body
    ]

    assert found == []
    assert {len(seen) for seen in told.values()} == {25}


def test_no_seat_reads_anything_of_another(review: Review, told: dict[int, list[tuple[str, bytes]]]) -> None:
    """Codes and commitments of the other seats stand in no answer."""
    commitments = {one.member.seat: one.commitment for one in Sheet.objects.filter(state="signed")}
    for number, seen in told.items():
        others = [seat for seat in SEATS if seat != SEATS[number - 1]]
        strange = [code for other in others for code in codes_of(review.row, other).codes]
        strange += [commitments[other] for other in others if other in commitments]
        assert [(path, one) for path, body in seen for one in strange if one.encode() in body] == []


def test_a_file_has_neither_metadata_nor_a_name_of_its_own(review: Review) -> None:
    """Before: author and title name the bidder. After: nothing of the document information or XMP is left."""
    ids = set()
    for code in codes_for(review, 2):
        answer = ask(review, 2, f"/file/{code}/t1.pdf")
        data = answer.getvalue()
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert (list(pdf.docinfo.keys()), "/Metadata" in pdf.Root) == ([], False)
            ids.add(bytes(pdf.trailer["/ID"][0]))
        assert pypdfium2.PdfDocument(data).get_metadata_dict(skip_empty=True) == {}
        assert answer["Content-Disposition"] == f'inline; filename="{code}-t1.pdf"'
        assert "ETag" not in answer.headers
        assert "Last-Modified" not in answer.headers
    assert len(ids) == 1


def test_a_page_is_a_picture_and_nothing_else(review: Review) -> None:
    code = codes_for(review, 2)[0]

    answer = ask(review, 2, f"/page/{code}/t1/1.png")

    picture = Image.open(io.BytesIO(answer.content))
    assert (answer["Content-Type"], picture.format, picture.info) == ("image/png", "PNG", {})


def test_seats_see_the_bids_in_different_orders_and_under_different_codes(review: Review) -> None:
    """错位: the order on the page is the seat's own, not that of the list."""
    shown = {}
    for number in MEMBERS:
        found = re.findall(r'<tr id="row-(\w{8})"', read(review, number))
        assert found == list(codes_of(review.row, SEATS[number - 1]).codes)
        shown[number] = [codes_of(review.row, SEATS[number - 1]).positions[code] for code in found]

    assert len({tuple(order) for order in shown.values()}) > 1
    assert len({code for number in MEMBERS for code in codes_for(review, number)}) == 4 * len(MEMBERS)


def test_another_seat_s_code_opens_nothing(review: Review) -> None:
    """404 for another seat's code, a file or a page that there is not, and every business file before the lock."""
    own, strange = codes_for(review, 2)[0], codes_for(review, 3)[0]
    paths = [f"/page/{strange}/t1/1.png", f"/file/{strange}/t1.pdf", f"/page/{own}/t1/9.png", f"/page/{own}/t9/1.png"]
    paths += [f"/file/{own}/b1.pdf", f"/page/{own}/x/1.png", "/sheet/price.json", "/sign/price", "/report.pdf"]

    assert [ask(review, 2, path).status_code for path in paths] == [404] * len(paths)
    assert f'data-code="{strange}"' not in read(review, 2, f"?at={strange}")


def test_bids_by_name_wait_for_the_lock(review: Review) -> None:
    """Pages of the lock and of the report lead back to the sheet; their acts are refused."""
    lot = review.lot.pk
    refs = [row.bid.bid_ref for row in Unsealed.objects.order_by("position")]

    assert [ask(review, 2, path)["Location"] for path in ("/bids", "/report")] == [f"/desk/{lot}"] * 2
    refused = [
        send(review, 2, f"/bids/{refs[0]}/reject", {"reason": "一"}, key="a"),
        send(review, 2, f"/bids/{refs[0]}/grant/small", {}, key="b"),
        send(review, 2, "/abnormal", {"place": f"host/1 {refs[0]} t1"}, key="c"),
        send(review, 2, "/conclude", {}, key="d"),
    ]
    assert [(answer.status_code, codes(answer)) for answer in refused] == [(409, ["wrong-state"])] * 4
    assert [firm for firm in FIRMS for answer in refused if firm in text_of(answer)] == []


def test_nobody_but_a_seat_of_this_evaluation_comes_in(review: Review) -> None:
    """Posts of other rooms are refused, the public signs in."""
    path = f"/desk/{review.lot.pk}"
    with clock.frozen(AT):
        posts = [client_of(account).get(path) for account in ("agency-a", "buyer", "supervisor", "host", "bidder-1")]

    assert [(answer.status_code, codes(answer)) for answer in posts] == [(403, ["wrong-post"])] * 5
    assert ask_public(path) == 302


def ask_public(path: str) -> int:
    """Return the status of a page that somebody without an account asks for."""
    with clock.frozen(AT):
        return client_of("agency-a").__class__().get(path).status_code


def test_a_seat_follows_its_own_evaluation_and_nothing_else(review: Review) -> None:
    """The stream says that something happened, never what; topics of bids are closed to a seat."""
    with clock.frozen(AT):
        key = seat_of(review, 2).session.session_key or ""
        topics = [f"evaluation.evaluation:{review.lot.pk}", f"tenders.lot:{review.lot.pk}"]
        topics += [f"bidding.opening:{review.lot.pk}", f"tenders.tender:{review.lot.tender_id}"]
        may = [allowed(key, topic) for topic in topics]
        others = allowed(client_of("agency-a").session.session_key or "", topics[0])

    assert may == [True, False, False, False]
    assert not others
