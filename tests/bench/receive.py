"""Bids stored per second into one tender (递交速率) at 1, 4 and 8 clients; whether the 500th is as quick as the 10th.

Sealing, registering the key and uploading are done before: what counts here is the small signed act that decides
timeliness, which all bidders send in the last minutes. No bid may be refused: a refusal between bids of different
bidders would be a conflict of our own making, and ends the run.
"""

import secrets
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from django.db import connections

from mifeng.bidding import reception
from mifeng.bidding.actions import Submission, receive_bid
from mifeng.kernel import clock
from mifeng.parties.models import Organisation
from mifeng.rules.reception import binding
from mifeng.rules.seal.statements import sign_ecdsa
from mifeng.tenders.models import Lot
from tests.bench.figures import Figure, at_least, at_most
from tests.bids import DAY_BEFORE, Bidder, Held, bidder_of, sealed_bid, submission_of
from tests.factories import City, lot_of, published

CLIENTS = (1, 4, 8)
EACH = 160  # bids per number of clients
SERIES = 500
EARLY, LATE = slice(9, 59), slice(450, 500)
LEAST_RATE, STEEPEST = 40.0, 1.5


def measure(city: City) -> Iterator[Figure]:
    """Yield a row per number of clients, and one for the latency along a series."""
    signer = bidder_of("bidder-1", city["bidder-1"].organisation)
    lot = lot_of(published(city))
    for clients in CLIENTS:
        rate = stored(prepared(city, lot, signer, EACH), clients)
        yield at_least(f"bids stored into one tender, {clients} client(s)", rate, "bids/s", LEAST_RATE)
    took = series(prepared(city, lot, signer, SERIES))
    early, late = median(took[EARLY]), median(took[LATE])
    yield at_most("latency of bid 500 beside bid 10, median of 50 each", late * 1e3, "ms", early * STEEPEST * 1e3)


def prepared(city: City, lot: Lot, signer: Bidder, count: int) -> list[tuple[Lot, Submission]]:
    """Return so many bids of as many suppliers, uploaded and signed."""
    found = []
    with clock.frozen(DAY_BEFORE):
        for _ in range(count):
            held = sealed_bid(city, lot, bidder=signer)
            register(city, held)
            found.append((lot, submission_of(held)))
    return found


def register(city: City, held: Held) -> None:
    """Register the key of a bid for a supplier of its own."""
    organisation = Organisation.objects.create(
        code=secrets.token_hex(9), name=f"供应商{uuid.uuid4()}", kind=Organisation.Kind.SUPPLIER, region="150800"
    )
    actor = replace(city["bidder-1"], organisation=str(organisation.pk))
    ticket = reception.issue_ticket(actor, held.lot.pk)
    message = binding(bytes.fromhex(held.lot_ref), ticket, bytes.fromhex(held.submit_key))
    reception.bind(held.lot_ref, ticket, held.submit_key, sign_ecdsa(held.secrets.submit, message))


def stored(bids: Sequence[tuple[Lot, Submission]], clients: int) -> float:
    """Return how many bids per second the clients hand in together, each in a thread with a connection of its own."""
    shares = [bids[number::clients] for number in range(clients)]
    ready = threading.Barrier(clients + 1)
    failures: list[BaseException] = []

    def work(share: Sequence[tuple[Lot, Submission]]) -> None:
        try:
            with clock.frozen(DAY_BEFORE):
                connections["default"].ensure_connection()
                ready.wait(30)
                for lot, submitted in share:
                    receive_bid(lot.pk, submitted)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    ready.wait(30)
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    if failures:
        raise failures[0]
    return len(bids) / took


def series(bids: Sequence[tuple[Lot, Submission]]) -> list[float]:
    """Return how many seconds each bid of a series took, one after the other."""
    found = []
    with clock.frozen(DAY_BEFORE):
        for lot, submitted in bids:
            begun = time.perf_counter()
            receive_bid(lot.pk, submitted)
            found.append(time.perf_counter() - begun)
    return found
