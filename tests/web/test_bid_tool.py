"""The bidder's own program against the platform's own reception, over a real connection, from the ticket to the key."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.conf import settings
from django.db import connections

from mifeng.bidding import dealings
from mifeng.bidding.actions import close_keys, confirm_key
from mifeng.bidding.models import Bid, RecordAnswer
from mifeng.bidding.queries import opening_record, unacknowledged
from mifeng.config.wsgi import application
from mifeng.kernel import clock
from mifeng.kernel.models import Entry
from mifeng.sample.certificates import issue_all
from mifeng.tenders.models import Lot
from tests.bids import DAY_BEFORE, hand_in, sealed_bid
from tests.factories import DUE, START, City, lot_of, pdf_bytes, published
from tests.programs.bidding import Supplier
from tests.trusted import Trusted, trusted
from tests.web.receiving import page_of, ticket_on
from tests.web.rooms import client_of, text_of

Said = pytest.CaptureFixture[str]


class Served:
    """The platform at an instant that the test chooses, in a thread of its own."""

    def __init__(self) -> None:
        self.at = DAY_BEFORE
        self.server = make_server("127.0.0.1", 0, self.answer, handler_class=Quiet)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        try:
            with clock.frozen(self.at):
                return list(application(environ, start))
        finally:
            connections.close_all()


class Quiet(WSGIRequestHandler):
    """A handler that says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def served(committing: City) -> Iterator[Served]:
    """Return the platform on a port."""
    found = Served()
    found.thread.start()
    yield found
    found.server.shutdown()
    found.thread.join()
    found.server.server_close()


@pytest.fixture
def near(committing: City, tmp_path: Path) -> Iterator[Trusted]:
    """Return the trustees of the sample city."""
    (tmp_path / "trustees").mkdir()
    with trusted(tmp_path / "trustees") as found:
        yield found


@pytest.fixture
def lot(committing: City, near: Trusted) -> Lot:
    """Return a published package that the trustees know."""
    found = lot_of(published(committing))
    with clock.frozen(START + timedelta(hours=1)):
        near.settle()
        dealings.countersign_deadline(Entry.objects.get(type="publish_notice").pk, near.reach)
    return found


class Tool(Supplier):
    """The supplier's own machine, and the platform it talks to."""

    def __init__(self, home: Path, certificates: Path, lot: Lot, served: Served) -> None:
        super().__init__(home)
        self.certificates, self.lot, self.served = certificates, lot, served

    def make(self, *args: object) -> int:  # type: ignore[override]
        """Make the folder as the project's page says."""
        own = client_of("bidder-1")
        with clock.frozen(self.served.at):
            page = text_of(own.get(page_of(self.lot.tender)))
        [code] = {word for word in page.split() if word.startswith("Y1")}
        signing = ["--certificate", self.certificates / "signing.pem", "--key", self.certificates / "signing.key"]
        return self.run(
            "make",
            *("--supplier", "甲木家具有限公司", "--code", code, *signing),
            *("--encryption-certificate", self.certificates / "encryption.pem"),
            *("--from", f"{self.served.url}/reception/{self.lot.lot_ref}/policy"),
            *("--policy-hash", self.lot.policy_hash, *args),
        )

    def ticket(self) -> str:
        """Take a ticket from the page."""
        with clock.frozen(self.served.at):
            answer = client_of("bidder-1").post(f"{page_of(self.lot.tender)}/ticket", {"lot": self.lot.pk})
        return ticket_on(text_of(answer))

    def hand_in(self) -> int:
        """Seal what is there and hand it in, with a ticket the first time."""
        assert self.run("seal") == 0
        ticket = ["--ticket", self.ticket()] if not self.state["bound"] else []
        return self.run("submit", *ticket, "--wait", "0", "--patience", "0")


@pytest.fixture
def city_certificates(committing: City, tmp_path: Path) -> Path:
    """Return the folder of the suppliers' certificates, one folder for each account."""
    issue_all(Path(settings.ENV.data) / "ca", tmp_path / "suppliers", START)
    return tmp_path / "suppliers"


@pytest.fixture
def ours(lot: Lot, served: Served, city_certificates: Path, tmp_path: Path) -> Tool:
    """Return a supplier of the city with a bid folder made from the platform's own policy."""
    found = Tool(tmp_path, city_certificates / "bidder-1", lot, served)
    assert found.make() == 0
    found.fill(technical=pdf_bytes(2))
    return found


def test_bid_goes_from_the_page_to_the_opening(
    committing: City, lot: Lot, ours: Tool, served: Served, near: Trusted, capsys: Said
) -> None:
    """Sealed, handed in, replaced, listed, its key confirmed after a wrong one, and opened with the others (J5, J6)."""
    assert ours.hand_in() == 0
    ours.fill("4600000.00", pdf_bytes(3))
    assert ours.hand_in() == 0
    with clock.frozen(served.at):
        near.settle()
        for envelope in unacknowledged():
            dealings.deal_stanzas(envelope, near.reach)
    assert ours.run("status") == 0
    shown = capsys.readouterr().out
    assert "R1 已递交：回执成立，递交时间 2026-03-25 09:30:00 北京时间" in shown
    assert "R2 可开启：3 个托管方已确认份额（需要 2）" in shown
    assert Bid.objects.get().envelope == ours.latest["envelope"]

    others = [sealed_bid(committing, lot, number) for number in (2, 3)]
    for one in others:
        hand_in(committing, one)
    near.listed(lot)
    served.at = DUE + timedelta(minutes=5)
    with clock.frozen(served.at):
        assert near.advance(lot) == "keying"
        near.settle()
    wrong = ours.home / "wrong"
    wrong.write_text("ab" * 32)
    assert ours.run("confirm-key", "--key", wrong) == 1
    assert ours.run("confirm-key", "--key", wrong, "--send-unchecked") == 1
    assert ours.run("confirm-key") == 0
    assert "[key-unfit]" in capsys.readouterr().err
    assert Bid.objects.get(bid_ref=ours.state["bid_ref"]).state == "keyed"

    with clock.frozen(served.at + timedelta(minutes=1)):
        for one in others:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        close_keys(lot.pk)
        assert near.advance(lot) == "public"
    [row] = [row for row in opening_record(lot.pk).rows if row.bid_ref == ours.state["bid_ref"]]
    assert (row.bidder, str(row.price_yuan)) == ("甲木家具有限公司", "4600000.00")
    assert (row.price_words, row.delivery) == ("肆佰陆拾万元整", "合同签订后30日内")
    assert (row.outcome, row.agrees, row.doubts) == ("opened", True, ())
    assert ours.run("status") == 0
    assert "第 2 版：已开启" in capsys.readouterr().out

    served.at += timedelta(minutes=2)
    object_to_the_record(ours, capsys)


def object_to_the_record(ours: Tool, capsys: Said) -> None:
    """Object in words, again with the same words, and then otherwise: said once, and not taken back."""
    assert ours.run("answer-record", "--object", "工期读错") == 0
    assert ours.run("answer-record", "--object", "工期读错") == 0
    assert ours.run("answer-record") == 1
    assert "record-answered，409" in capsys.readouterr().err
    answered = RecordAnswer.objects.get()
    assert (answered.bid.bid_ref, answered.answer, answered.text) == (ours.state["bid_ref"], "objected", "工期读错")


def test_nothing_is_handed_in_after_the_deadline(ours: Tool, served: Served, capsys: Said) -> None:
    """A bid that is not whole by then does not count, and its bidder is told (J5)."""
    ticket = ours.ticket()
    ours.run("seal")
    served.at = DUE

    assert ours.run("submit", "--ticket", ticket, "--wait", "0", "--patience", "0") == 1
    assert "deadline-passed，403" in capsys.readouterr().err
    assert (ours.latest["step"], Bid.objects.count()) == ("sealed", 0)
