"""The sample municipality (示范城市): a small city made by the platform's own acts, invented and seen to be so."""

import json
import stat
from collections import Counter
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import check_password
from stdnum.cn import uscc

from mifeng.gateways.reader import Card
from mifeng.gateways.reader.simulated import SimulatedReader
from mifeng.kernel.models import Entry
from mifeng.parties.models import Organisation, Person, Post
from mifeng.sample.cards import cards, write
from mifeng.sample.municipality import CENTRE_NAME, POSTS, SHOWN, build, organisation_code, sign_in_data
from mifeng.venues.models import Seat, Site
from tests.actions.evidence import changed, snapshot
from tests.factories import City


def test_city_and_counties_have_sites_with_seats(city: City) -> None:
    """One city centre as host, county centres as guests, seats of both kinds (R124)."""
    seats = Counter((row.site.name, row.kind) for row in Seat.objects.select_related("site"))

    assert seats == {
        ("市中心", "buyer"): 2,
        ("市中心", "expert"): 8,
        ("杭锦后旗", "expert"): 4,
        ("五原县", "expert"): 2,
        ("磴口县", "expert"): 3,
    }
    assert Site.objects.get(region="150800").organisation == Organisation.objects.get(name=CENTRE_NAME).pk


def test_every_post_stands_in_its_organisation_and_officers_at_their_site(city: City) -> None:
    """Named persons at host and guest (R029); supervisor, centre, agency and purchaser apart."""
    rows = Post.objects.select_related("organisation", "person")
    found = {row.person.account: (row.organisation.name, row.role) for row in rows}

    assert found == {account: (firm, str(role)) for account, firm, role, _ in POSTS}
    sites = {str(site.pk): str(site.organisation) for site in Site.objects.all()}
    assert {sites[row.site] == str(row.organisation_id) for row in rows if row.site} == {True}
    assert {row.role for row in rows if row.site} == {"host", "guest"}


def test_codes_pass_their_check_and_lie_in_no_assigned_range(city: City) -> None:
    codes = list(Organisation.objects.values_list("code", flat=True))

    assert all(uscc.calc_check_digit(code[:-1]) == code[-1] for code in codes)
    assert not any(uscc.is_valid(code) for code in codes)
    assert {code[0] for code in codes} == {"Y"}
    assert organisation_code("甲", "150800") != organisation_code("乙", "150800")


def test_everything_was_made_by_acts_that_are_in_the_ledger(city: City) -> None:
    """Nothing of the sample came in behind the door's back (R071)."""
    types = Counter(Entry.objects.values_list("type", flat=True))

    assert types == {"register_organisation": 16, "register_site": 4, "appoint": 20, "add_experts": 1}
    assert set(Entry.objects.values_list("actor_handle", flat=True)) == {"operator"}


def test_building_a_city_that_stands_changes_nothing(city: City, tmp_path: Path) -> None:
    before = snapshot()

    build(tmp_path / "sample")

    assert changed(before) == {}


def test_city_is_completed_where_a_first_build_broke_off(city: City, tmp_path: Path) -> None:
    Post.objects.filter(person__account="supervisor").delete()
    Person.objects.filter(account="supervisor").delete()

    build(tmp_path / "sample")

    assert Post.objects.get(person__account="supervisor").organisation.kind == "supervisor"


def test_passwords_are_drawn_once_and_closed_to_others(city: City, tmp_path: Path) -> None:
    path = tmp_path / "sample"

    build(path)
    first = path.read_text()
    build(path)

    known = json.loads(first)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (first, 0o600)
    assert sorted(known) == sorted(account for account, *_ in POSTS)
    assert len(set(known.values())) == len(known)
    assert min(len(word) for word in known.values()) >= 12


def test_passwords_that_an_older_city_lacks_are_added(city: City, tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_text(json.dumps({"buyer": "kept"}))

    build(path)

    known = json.loads(path.read_text())
    assert known["buyer"] == "kept"
    assert sorted(known) == sorted(account for account, *_ in POSTS)


def test_sign_in_data_shows_one_person_of_each_post(city: City, passwords: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_text(json.dumps(passwords))

    shown = sign_in_data(path)

    assert [account for _, account, _ in shown] == list(SHOWN)
    roles = {Post.objects.get(person__account=account).role for account in SHOWN}
    assert roles == set(Post.Role.values)
    person = Person.objects.get(account="buyer")
    assert [check_password(word, person.password) for _, account, word in shown if account == "buyer"] == [True]
    assert sign_in_data(tmp_path / "nothing") == []


def test_cards_stand_in_a_closed_file_and_are_read_by_the_reader(city: City) -> None:
    path = Path(settings.ENV.data) / "keys" / "cards"
    found = cards(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert len(found["experts"]) == 120
    assert not {one["number"] for one in found["experts"]} & {one["number"] for one in found["representatives"]}
    for one in (*found["experts"], *found["representatives"]):
        card = SimulatedReader().read(one["card"])
        assert card == Card(one["number"], one["name"], one["face"])


def test_cards_that_are_there_stay(tmp_path: Path, city: City) -> None:
    write(tmp_path / "cards")
    before = (tmp_path / "cards").read_text()

    write(tmp_path / "cards")

    assert (tmp_path / "cards").read_text() == before
