"""Computers at the seats (席位机): an officer says which they are, and seats are opened there alone. ADR-9."""

from datetime import timedelta

import pytest

from mifeng.kernel import clock
from mifeng.kernel.ledger.queries import body_of
from mifeng.kernel.models import Entry
from mifeng.rules.errors import NotEntitled, WrongState
from mifeng.venues.computers import (
    LIFE,
    close_seat_computer,
    computer_of,
    computers_at,
    open_seat_computer,
    serves,
    take_place,
)
from mifeng.venues.models import SeatComputer
from tests.actions.evidence import refused
from tests.factories import DUE, City

AT = DUE


@pytest.fixture
def token(city: City) -> str:
    """Return the secret of a computer at the seats of a guest site."""
    with clock.frozen(AT):
        return open_seat_computer(by=city["guest-hangjin"])


def test_a_computer_is_known_by_its_secret_for_its_life(city: City, token: str) -> None:
    found = computer_of(token, AT)

    assert found is not None
    assert (found.until - found.opened_at, found.over, len(found.mark)) == (LIFE, False, 4)
    assert (computer_of("", AT), computer_of("another", AT), computer_of(token, AT + LIFE)) == (None, None, None)
    assert [one.over for one in computers_at(city["guest-hangjin"], AT + LIFE)] == [True]
    assert (computers_at(city["host"], AT), computers_at(city["agency-a"], AT)) == ([], [])
    assert token not in str(list(SeatComputer.objects.values()))


def test_the_ledger_says_who_opened_it_and_not_its_secret(city: City, token: str) -> None:
    entry = Entry.objects.get(type="open_seat_computer")

    assert entry.actor_handle == city["guest-hangjin"].handle
    assert str(city.sites["杭锦后旗"].pk) in str(body_of(entry.pk))
    assert token not in str(body_of(entry.pk))


@pytest.mark.parametrize("account", ["agency-a", "buyer", "supervisor", "bidder-1"])
def test_only_officers_say_which_computers_stand_at_seats(city: City, account: str) -> None:
    with refused(NotEntitled, "wrong-post"):
        open_seat_computer(by=city[account])


def test_a_computer_that_is_opened_again_stands_in_the_list_once(city: City, token: str) -> None:
    with clock.frozen(AT + timedelta(days=1)):
        again = open_seat_computer(token, by=city["guest-hangjin"])

    assert (computer_of(token, AT), [one.opened_at for one in computers_at(city["guest-hangjin"], AT)]) == (
        None,
        [AT + timedelta(days=1)],
    )
    with clock.frozen(AT + timedelta(days=2)):
        elsewhere = open_seat_computer(again, by=city["host"])
    assert [computer_of(one, AT) is not None for one in (again, elsewhere)] == [True, True]  # no officer ends another's


def test_a_computer_is_ended_once_and_by_its_own_site(city: City, token: str) -> None:
    row = SeatComputer.objects.get()
    site = str(row.site_id)
    before = serves(row.handle, site, token), serves(row.handle, site)

    with refused(NotEntitled, "not-your-site"):
        close_seat_computer(row.pk, by=city["host"])
    close_seat_computer(row.pk, by=city["guest-hangjin"])
    with refused(WrongState, "wrong-state"):
        close_seat_computer(row.pk, by=city["guest-hangjin"])

    assert (before, serves(row.handle, site)) == ((True, True), False)
    assert computers_at(city["guest-hangjin"], AT) == []


def test_a_seat_is_served_at_its_own_site_and_browser(city: City, token: str) -> None:
    row = SeatComputer.objects.get()

    assert serves(row.handle, str(row.site_id), token)
    assert not serves(row.handle, str(row.site_id), "another")
    assert not serves(row.handle, str(city.sites["市中心"].pk), token)
    assert not serves("", str(row.site_id), "")


def test_no_seat_is_opened_on_any_other_computer(city: City, token: str) -> None:
    for held, at in (("", AT), ("another", AT), (token, AT + LIFE)):
        with clock.frozen(at), refused(NotEntitled, "not-a-seat-computer") as caught:
            take_place(held, "7QKM2X4D", address="10.0.0.9")
        assert caught.value.reasons[0].lifted_by == ("host", "guest")
