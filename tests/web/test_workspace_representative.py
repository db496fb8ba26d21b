"""The purchaser's authorisation as a page (采购人授权函). MOF-87-45."""

import pytest

from mifeng.sittings.models import Representative
from mifeng.tenders.models import Tender
from tests.factories import City, published
from tests.web.rooms import ask, codes, read, send, shown_codes

NAME, NUMBER = "癸实子", "592801198001010036"


@pytest.fixture
def path(city: City) -> str:
    """Return the address of the page of a published project."""
    tender: Tender = published(city)
    return f"/workspace/{tender.pk}/representative"


def test_a_purchaser_authorises_and_sees_it_covered(path: str) -> None:
    before = read("buyer", path)

    answer = send("buyer", path, {"name": NAME, "number": NUMBER.lower()})
    page = read("buyer", path)

    assert "还没有授权" in before
    assert answer.status_code == 303
    assert "末四位 0036" in page
    assert not [word for word in (NAME, NUMBER) if word in page]
    assert [row.state for row in Representative.objects.all()] == ["authorised"]
    assert "授权采购人代表" in read("buyer", path.removesuffix("/representative"))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"name": NAME}, "malformed"),
        ({"name": NAME, "number": NUMBER[:-1] + "5"}, "malformed"),
        ({"name": "癸" * 101, "number": NUMBER}, "too-large"),
    ],
)
def test_what_cannot_be_right_comes_back_with_its_reason(path: str, data: dict[str, str], code: str) -> None:
    answer = send("buyer", path, data)

    assert codes(answer) == [code]
    assert code in shown_codes(answer.content.decode())
    assert Representative.objects.count() == 0


@pytest.mark.parametrize("account", ["agency-a", "host", "supervisor"])
def test_the_page_is_the_purchasers(path: str, account: str) -> None:
    assert codes(ask(account, path)) == ["wrong-post"]
    assert ask("buyer-2", path).status_code == 404
    assert "授权采购人代表" not in ask(account, path.removesuffix("/representative")).content.decode()
