"""Who is there before the first project (平台设立): organisations, posts, sites; and how a person signs in."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import check_password

from mifeng.kernel import clock
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.models import Noted
from mifeng.parties.actions import TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS, WINDOW, appoint, register_organisation, sign_in
from mifeng.parties.models import Organisation, Person, Post, SignInAttempt
from mifeng.rules.errors import NotEntitled, Unfair
from mifeng.sample.municipality import OPERATOR, organisation_code
from mifeng.venues.actions import register_site
from mifeng.venues.models import Seat, Site
from tests.actions.acts import POSTS, actor
from tests.actions.evidence import changed, entries, read_entry, refused, snapshot, waits
from tests.factories import START, City

NAME = "丙达招标代理有限公司"
CODE = organisation_code(NAME, "150800")
FIRM = {"code": CODE, "name": NAME, "kind": "agency", "region": "150800", "phone": "0478-000-0409"}
POST = {
    "account": "agency-c",
    "name": "经办",
    "password": "a long sentence",
    "role": "agency",
    "title": "代理机构 经办C-01",
}
SEATS = (
    {"area": "第1评审区", "label": "01", "kind": "buyer"},
    {"area": "第1评审区", "label": "02", "kind": "expert"},
)


def place(city: City, **changes: object) -> dict[str, object]:
    """Return the facts of a site that has none yet."""
    centre = city.organisations["杭锦后旗公共资源交易中心"].pk
    facts = {"organisation": centre, "name": "乌拉特前旗", "region": "150823", "phone": "", "travel_minutes": 90}
    return facts | changes


def test_registered_organisation_is_in_the_ledger_with_all_it_said(city: City) -> None:
    """Agencies and purchasers stand in one register, keyed by their code (R071)."""
    with clock.frozen(START):
        found = register_organisation(FIRM, by=OPERATOR)

    row = Organisation.objects.get(code=CODE)
    assert (row.pk, row.name, row.kind, row.region, row.banned_until) == (found.pk, NAME, "agency", "150800", None)
    read = read_entry(entries()[-1])
    assert (read.type, read.stream, read.prev) == ("register_organisation", f"parties.organisation:{row.pk}", "")
    assert (read.actor, read.at, read.facts("register")) == ("operator", START, FIRM)
    assert waits(read.id)


def test_post_is_given_with_an_account_that_can_sign_in(city: City) -> None:
    firm = city.organisations["甲诚招标代理有限公司"]

    with clock.frozen(START):
        post = appoint(firm.pk, POST, by=OPERATOR)
        found = sign_in("agency-c", "a long sentence", address="192.0.2.1")

    assert (found.pk, found.role, found.organisation_id) == (post.pk, "agency", firm.pk)
    assert check_password("a long sentence", Person.objects.get(account="agency-c").password)
    read = read_entry(entries()[-1])
    assert read.moves == ["parties.person account", "parties.post appoint"]
    assert read.facts("appoint") == {"role": "agency", "organisation": str(firm.pk)}
    assert "a long sentence" not in str(read.body)
    assert "经办" not in str(read.body)


def test_handle_says_nothing_about_the_person(city: City) -> None:
    handles = list(Post.objects.values_list("handle", flat=True))

    assert len(set(handles)) == len(handles)
    assert {len(handle) for handle in handles} == {16}
    assert all(set(handle) <= set("0123456789abcdef") for handle in handles)


def test_registered_site_has_its_seats_tested(city: City) -> None:
    """A site comes with numbered seats, not with rooms (R129)."""
    with clock.frozen(START):
        site = register_site(place(city), SEATS, by=OPERATOR)

    rows = Seat.objects.filter(site=site).order_by("label").values_list("label", "kind", "fault", "tested_at")
    assert list(rows) == [("01", "buyer", "", START), ("02", "expert", "", START)]
    read = read_entry(entries()[-1])
    assert read.moves == ["venues.site register", "venues.seat seat", "venues.seat seat"]
    assert read.facts("register") == {**place(city), "organisation": str(place(city)["organisation"]), "seats": 2}


@pytest.mark.parametrize("post", POSTS)
def test_registration_is_nobody_s_post(city: City, post: str) -> None:
    """No post registers organisations, posts or sites: whoever runs the platform does (R076)."""
    by = actor(city, post)

    for call in (
        lambda: register_organisation(FIRM, by=by),
        lambda: appoint(city.organisations["甲诚招标代理有限公司"].pk, POST, by=by),
        lambda: register_site(place(city), SEATS, by=by),
    ):
        with refused(NotEntitled, "wrong-post") as caught:
            call()
        assert (caught.value.source, caught.value.reasons[0].lifted_by) == ("NM-2018-67 五(十四)", ("operator",))


FAULTY_FIRMS: list[tuple[Mapping[str, str], tuple[str, ...]]] = [
    ({"code": f"{CODE[:-1]}{'0' if CODE[-1] != '0' else '1'}"}, ("code",)),
    ({"code": ""}, ("code",)),
    ({"code": CODE.lower()}, ("code",)),
    ({"code": organisation_code("市教育局", "150800")}, ("code",)),
    ({"kind": "bank"}, ("kind",)),
    ({"region": "1508"}, ("region",)),
    ({"region": "15080\uff10"}, ("region",)),
    ({"code": "1", "kind": "", "region": ""}, ("code", "kind", "region")),
]


@pytest.mark.parametrize(("changes", "fields"), FAULTY_FIRMS)
def test_organisation_that_cannot_be_registered_is_refused(
    city: City, changes: Mapping[str, str], fields: tuple[str, ...]
) -> None:
    with refused(Unfair, *["malformed"] * len(fields)) as caught:
        register_organisation({**FIRM, **changes}, by=OPERATOR)

    assert tuple(reason.facts["field"] for reason in caught.value.reasons) == fields


@pytest.mark.parametrize(("name", "code"), [("", "malformed"), ("名\0", "malformed"), ("名" * 201, "too-large")])
def test_organisation_s_name_that_cannot_be_kept_is_refused(city: City, name: str, code: str) -> None:
    with refused(Unfair, code):
        register_organisation({**FIRM, "name": name}, by=OPERATOR)


FAULTY_POSTS: list[tuple[Mapping[str, str], str, str]] = [
    ({"account": "agency-a"}, "malformed", "account"),
    ({"account": ""}, "malformed", "account"),
    ({"account": "a" * 61}, "too-large", "account"),
    ({"name": "\x00"}, "malformed", "name"),
    ({"title": " "}, "malformed", "title"),
    ({"title": "岗" * 201}, "too-large", "title"),
    ({"role": "judge"}, "malformed", "role"),
    ({"role": "guest"}, "malformed", "site"),
    ({"site": str(uuid4())}, "malformed", "site"),
]


@pytest.mark.parametrize(("changes", "code", "field"), FAULTY_POSTS)
def test_post_that_cannot_be_given_is_refused(city: City, changes: Mapping[str, str], code: str, field: str) -> None:
    with refused(Unfair, code) as caught:
        appoint(city.organisations["甲诚招标代理有限公司"].pk, {**POST, **changes}, by=OPERATOR)

    assert caught.value.facts["field"] == field


def test_post_in_an_unknown_organisation_is_refused(city: City) -> None:
    with refused(Unfair, "malformed") as caught:
        appoint(uuid4(), POST, by=OPERATOR)

    assert dict(caught.value.facts) == {"field": "organisation"}


@pytest.mark.parametrize(
    ("changes", "seats", "field"),
    [
        ({"organisation": uuid4()}, SEATS, "organisation"),
        ({"name": "五原县"}, SEATS, "name"),
        ({"region": "150821"}, SEATS, "region"),
        ({}, (SEATS[0], SEATS[0]), "label"),
        ({}, ({**SEATS[0], "kind": "sofa"},), "kind"),
    ],
)
def test_site_that_cannot_be_registered_is_refused(
    city: City, changes: dict[str, object], seats: tuple[dict[str, str], ...], field: str
) -> None:
    with refused(Unfair, "malformed") as caught:
        register_site(place(city, **changes), seats, by=OPERATOR)

    assert (dict(caught.value.facts), Site.objects.count()) == ({"field": field}, 4)


def test_registration_sent_twice_is_done_once(city: City) -> None:
    by = OPERATOR.with_key("line-7", b"firm")
    register_organisation(FIRM, by=by)
    first, before = entries()[-1], snapshot()

    with pytest.raises(Repeated) as again:
        register_organisation(FIRM, by=by)

    assert (again.value.entry, changed(before)) == (first, {})


ADDRESS = "192.0.2.7"


def fail(account: str = "buyer", *, times: int = 1, address: str = ADDRESS) -> None:
    """Try to sign in with a wrong password some times."""
    for _ in range(times):
        with pytest.raises(NotEntitled):
            sign_in(account, "wrong", address=address)


def tries(account: str, address: str, times: int, *, succeeded: bool = False) -> None:
    """Leave tries behind without spending the time of each."""
    SignInAttempt.objects.bulk_create(
        SignInAttempt(account=account, address=address, at=START, succeeded=succeeded) for _ in range(times)
    )


@pytest.mark.parametrize("account", ["agency-a", "buyer", "host", "guest-wuyuan", "supervisor"])
def test_each_of_the_five_posts_signs_in_and_it_is_noted(city: City, passwords: dict[str, str], account: str) -> None:
    """A person signs in with a password; that it happened goes into the next digest of the ledger (R071)."""
    with clock.frozen(START):
        post = sign_in(account, passwords[account], address=ADDRESS)

    assert post.handle == city[account].handle
    assert list(SignInAttempt.objects.values_list("account", "address", "at", "succeeded")) == [
        (account, ADDRESS, START, True)
    ]
    assert list(Noted.objects.values_list("kind", "actor_handle", "subject", "at")) == [
        ("signed-in", post.handle, f"parties.post:{post.pk}", START)
    ]


@pytest.mark.parametrize(
    ("account", "password"), [("buyer", "wrong"), ("buyer", ""), ("nobody", "x"), ("", "x"), ("b" * 5_000, "x")]
)
def test_wrong_account_and_wrong_password_are_refused_alike(city: City, account: str, password: str) -> None:
    """A refusal does not say which of the two was wrong."""
    with clock.frozen(START), pytest.raises(NotEntitled) as caught:
        sign_in(account, password, address=ADDRESS)

    assert (caught.value.codes, dict(caught.value.facts)) == (("sign-in-failed",), {})
    assert caught.value.source == "our choice (ADR-1)"
    assert list(SignInAttempt.objects.values_list("account", "succeeded")) == [(account[:60], False)]
    assert Noted.objects.count() == 0


@pytest.mark.parametrize("account", ["buyer\0", "\ud800", "a\x1bb"])
def test_account_that_nobody_can_have_typed_is_refused(city: City, account: str) -> None:
    with refused(Unfair, "malformed"):
        sign_in(account, "x", address=ADDRESS)


@pytest.mark.parametrize("what", ["person", "post"])
def test_ended_post_cannot_sign_in(city: City, passwords: dict[str, str], what: str) -> None:
    """Who has left signs in no more, and the refusal does not say why."""
    if what == "person":
        Person.objects.filter(account="buyer").update(is_active=False)
    else:
        Post.objects.filter(person__account="buyer").update(active=False)

    with pytest.raises(NotEntitled) as caught:
        sign_in("buyer", passwords["buyer"], address=ADDRESS)

    assert caught.value.codes == ("sign-in-failed",)


def test_sixth_try_of_an_account_waits_for_a_quarter_of_an_hour(city: City, passwords: dict[str, str]) -> None:
    """Guessing is slowed down, and the refusal says until when (our choice (ADR-1))."""
    with clock.frozen(START):
        fail(times=1)
        tries("buyer", ADDRESS, TRIES_PER_ACCOUNT - 1)

    with clock.frozen(START + timedelta(minutes=1)), refused(NotEntitled, "too-many-attempts") as caught:
        sign_in("buyer", passwords["buyer"], address="192.0.2.99")
    with clock.frozen(START + WINDOW):
        post = sign_in("buyer", passwords["buyer"], address=ADDRESS)

    assert caught.value.reasons[0].until == START + WINDOW
    assert post.role == "buyer"


def test_one_address_cannot_try_many_accounts(city: City, passwords: dict[str, str]) -> None:
    for number in range(TRIES_PER_ADDRESS):
        tries(f"nobody-{number}", ADDRESS, 1)

    with clock.frozen(START), refused(NotEntitled, "too-many-attempts"):
        sign_in("buyer", passwords["buyer"], address=ADDRESS)
    with clock.frozen(START):
        other = sign_in("buyer", passwords["buyer"], address="192.0.2.8")

    assert other.role == "buyer"


def test_successes_do_not_count_as_tries(city: City, passwords: dict[str, str]) -> None:
    tries("buyer", ADDRESS, TRIES_PER_ADDRESS, succeeded=True)

    with clock.frozen(START):
        post = sign_in("buyer", passwords["buyer"], address=ADDRESS)

    assert post.role == "buyer"
