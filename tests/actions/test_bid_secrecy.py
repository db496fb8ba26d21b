"""One second before the opening (开标前一秒): whoever holds database, files and logs finds no value, no name, no link.

Everything the platform keeps is searched, as text and as bytes, but for the reception's own key. Suppliers stand in
the register of organisations, which is public and knows of no bid; nothing that was written since they bid may name
them. The search can find: after the opening it finds all of it.
"""

import shutil
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured

from mifeng.bidding import dealings, reception
from mifeng.bidding.actions import close_keys, confirm_key
from mifeng.bidding.models import Envelope
from mifeng.bidding.queries import hall
from mifeng.kernel import clock
from mifeng.tenders.models import Lot
from tests.actions.evidence import Rows, snapshot
from tests.bids import DAY_BEFORE, Held, hand_in, replacement, sealed_bid, take_back
from tests.factories import DUE, City
from tests.trusted import Trusted

SOON = DUE + timedelta(minutes=5)
REGISTER = {"parties_organisation", "parties_post", "parties_person"}
PRICES = ("4861234.57", "4722222.01", "4799999.13", "4655555.29")
OWN = ("keys", "ca", "witness", "trustee-1", "trustee-2", "trustee-3")


@pytest.fixture
def data(tmp_path: Path, settings: Any) -> Path:
    """A data folder of the test's own, with the keys of the sample city."""
    folder = tmp_path / "data"
    for name in OWN:
        shutil.copytree(Path(configured.ENV.data) / name, folder / name)
    settings.ENV = replace(configured.ENV, data=folder)
    settings.VAULT = folder / "vault"
    return folder


def canary_bids(city: City, lot: Lot) -> list[Held]:
    """Return bids that say unmistakable things, handed in; one was replaced, one more was taken back."""
    held = [
        sealed_bid(
            city,
            lot,
            number,
            price_yuan=Decimal(price),
            delivery=f"金丝雀交期{number}",
            quality=f"canary-quality-{number}",
        )
        for number, price in enumerate(PRICES, 1)
    ]
    for one in held:
        hand_in(city, one)
    second = replacement(held[0], 1, price_yuan=Decimal(PRICES[0]), quality="canary-quality-1")
    hand_in(city, second)
    withdrawn = sealed_bid(city, lot, 5, quality="canary-quality-5")
    hand_in(city, withdrawn)
    take_back(withdrawn)
    return [second, *held[1:]]


def needles(held: list[Held], city: City) -> dict[str, list[bytes]]:
    """Return what must not be found: what bids say, and who stands behind them."""
    accounts = [f"bidder-{number}" for number in range(1, 6)]
    said = [*PRICES, *(price.partition(".")[0] for price in PRICES), "canary-quality", "金丝雀"]
    who = [one.bidder.organisation.name for one in held]
    who += [one.bidder.organisation.code for one in held]
    who += [text for name in accounts for text in (city[name].organisation, city[name].handle, city[name].post, name)]
    return {"said": [text.encode() for text in said], "who": [text.encode() for text in who]}


def found_in(content: bytes, wanted: list[bytes]) -> list[bytes]:
    """Return what occurs in some bytes, as it is, in hexadecimal, or as an id without its hyphens."""
    low = content.lower()
    return [
        one
        for one in wanted
        if one.lower() in low or one.hex().encode() in low or one.replace(b"-", b"").lower() in low
    ]


def tables(wanted: list[bytes], before: Rows | None = None) -> list[tuple[str, bytes]]:
    """Search every row of every table; but for rows that stood there before anybody bid, such as the register's."""
    known = before or {}
    rows = ((name, row) for name, many in snapshot().items() for row in set(many) - set(known.get(name, ())))
    return [(name, one) for name, row in rows for one in found_in(row.encode(), wanted)]


def files(folder: Path, wanted: list[bytes]) -> list[tuple[str, bytes]]:
    """Search every file the platform writes; what belongs to others, or is a key, lies in folders of its own."""
    paths = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.relative_to(folder).parts[0] not in OWN
    ]
    assert {path.relative_to(folder).parts[0] for path in paths} >= {"vault", "reception"}
    return [(path.name, one) for path in paths for one in found_in(path.read_bytes() + path.name.encode(), wanted)]


def test_nothing_is_known_one_second_before_the_opening(
    city: City, near: Trusted, lot: Lot, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Keys are in, trustees are about to release: still no value, no name, no link."""
    before = snapshot()
    held = canary_bids(city, lot)
    with clock.frozen(DAY_BEFORE):
        near.settle()
        for envelope in Envelope.objects.select_related("bid"):
            dealings.deal_stanzas(envelope, near.reach)
    near.listed(lot)
    with clock.frozen(SOON):
        near.advance(lot)
        for one in held:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        close_keys(lot.pk)
        near.settle()
    wanted = needles(held, city)

    assert tables(wanted["said"]) == []
    assert tables(wanted["who"], before) == []
    assert files(data, wanted["said"] + wanted["who"]) == []
    assert found_in(caplog.text.encode(), wanted["said"] + wanted["who"]) == []
    check_register(held)
    with clock.frozen(SOON):
        assert near.advance(lot) == "public"
    assert {name for name, _ in tables(wanted["said"])} >= {"bidding_unsealed", "kernel_entrybody"}
    assert {name for name, _ in tables(wanted["who"], before)} >= {"bidding_unsealed", "kernel_entrybody"}
    assert files(data, wanted["said"]) != []


@pytest.mark.parametrize(
    ("lost", "content"),
    [("keys/reception.key", b"\xff"), ("reception/bindings", b"\x01" * 1024), ("reception/bindings", b"")],
)
def test_bids_open_without_the_reception_s_register(
    city: City, near: Trusted, lot: Lot, data: Path, lost: str, content: bytes
) -> None:
    """What stands in no backup may be lost; then nobody can tell any more who registered, and all is read out."""
    held = [sealed_bid(city, lot, number) for number in (1, 2, 3)]
    for one in held:
        hand_in(city, one)
    near.listed(lot)
    with clock.frozen(SOON):
        near.advance(lot)
        for one in held:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
        close_keys(lot.pk)
        (data / lost).write_bytes(content)
        reception._register_at.cache_clear()

        assert near.advance(lot) == "public"

    assert [row.doubts for row in hall(None, lot.pk).rows] == [("supplier-unchecked",)] * 3


def check_register(held: list[Held]) -> None:
    """The public register of organisations knows of no bid; only the reception, with its key, knows who is who."""
    refs = [
        value.encode()
        for one in held
        for value in (one.bid_ref, one.submit_key, one.envelope, one.sha256, one.sealed.seal.sb_commit.hex())
    ]
    register = snapshot()
    assert [name for name in REGISTER for row in register[name] if found_in(row.encode(), refs)] == []
    for one in held:
        assert reception.bound(one.lot_ref, one.submit_key) == str(one.bidder.organisation.pk)


def test_no_post_learns_of_any_bid_before_the_list(city: City, near: Trusted, lot: Lot, data: Path) -> None:
    """Not how many, not whether: what a post can ask is the same with four bids and with none."""
    posts = ("agency-a", "buyer", "host", "supervisor", "bidder-1")
    with clock.frozen(DAY_BEFORE):
        before = [hall(city[name], lot.pk) for name in posts]
    canary_bids(city, lot)

    with clock.frozen(DAY_BEFORE):
        assert [hall(city[name], lot.pk) for name in posts] == before
        assert all((one.rows, one.lines, one.state) == ((), (), "") for one in before)


def test_entries_of_bids_name_no_project_and_stand_apart(city: City, near: Trusted, lot: Lot, data: Path) -> None:
    """A receipt, an id or a place in a chain tells nothing about other bids: each is a chain of its own."""
    held = canary_bids(city, lot)
    rows = snapshot()
    chains = [row for row in rows["kernel_stream"] if "bidding.bid:" in row]
    named = [row for row in rows["kernel_reference"] if "bidding." in row]

    assert len(chains) == 5
    assert named == []
    assert found_in("".join(rows["kernel_entry"]).encode(), [str(lot.pk).encode()]) == [str(lot.pk).encode()]
    receiving = [row for row in rows["kernel_entry"] if "receive_bid" in row]
    assert found_in("".join(receiving).encode(), [str(lot.pk).encode(), str(lot.tender_id).encode()]) == []
    assert len({one.row.pk.hex[:4] for one in held}) > 1
