"""The public page of the draws (抽取公开): roots, sizes, contributions, seed, opaque leaves; no site and no person."""

import json
import re

from django.http import HttpResponse
from django.test import Client

from mifeng.kernel import clock
from mifeng.sample.experts import people
from mifeng.tenders.models import Tender
from tests.actions.draws import ANSWERED, assembled, draws_of, filled, pooled, seeded
from tests.factories import City, entered, published
from tests.web.rooms import text_of


def ask(tender: Tender, path: str = "draw") -> HttpResponse:
    """Return the public page of a project's draws."""
    with clock.frozen(ANSWERED):
        return Client().get(f"/projects/{tender.pk}/{path}")


def closed_words(tender: Tender) -> list[str]:
    """Return what the page may not hold: sites, code name, salts, persons."""
    persons = [word for one in people([]) for word in (one.name, one.phone, one.number)]
    salts = [row["salt"] for row in tender.draw_handles] + [row["site"] for row in tender.draw_handles]
    return ["杭锦后旗", "五原县", "市中心", *salts, *persons]


def test_before_the_draw_the_page_says_how_it_will_be_checked(city: City) -> None:
    tender = published(city)

    page = text_of(ask(tender))

    assert "还没有发起抽取" in page
    assert "公告列出了3个抽取编号" in page
    assert "怎样复核" in page
    assert f'href="/projects/{tender.pk}/draw"' in text_of(Client().get(f"/projects/{tender.pk}"))


def test_hashes_and_numbers_are_public_and_nothing_else(city: City) -> None:
    """Root, sizes, every contribution, seed, leaves walked, seats filled (proof RD1 5)."""
    tender = published(city)
    panel = assembled(city, tender)
    seeded(panel)
    filled(panel)

    page = text_of(ask(tender))

    draws = draws_of(panel)
    assert sorted(re.findall(r'data-handle="(\w+)"', page)) == sorted(draw.handle for draw in draws)
    for draw in draws:
        assert " ".join(draw.root[n : n + 4] for n in range(0, 64, 4)) in page
        assert " ".join(draw.seed[n : n + 4] for n in range(0, 64, 4)) in page
    assert page.count("data-contribution") == 9
    assert page.count("/verify?leaf=") >= 6
    assert len(re.findall(r"<li>[0-9a-f]{64}</li>", page)) == 4
    assert [word for word in closed_words(tender) if word in page] == []


def test_pool_comes_before_the_seed(city: City) -> None:
    tender = published(city)
    pooled(assembled(city, tender))

    page = text_of(ask(tender))

    assert "名单封存的台账条目" in page
    assert "种子确定的台账条目" not in page
    assert page.count("名单封存之后才征集。") == 3


def test_the_same_facts_come_as_a_file(city: City) -> None:
    """For programs; a stable form with the handles of the notice."""
    tender = published(city)
    panel = assembled(city, tender)
    seeded(panel)
    filled(panel)

    answer = ask(tender, "draw.json")

    content = json.loads(text_of(answer))
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert content["format"] == "mifeng-draw-public/1"
    assert content["handles"] == sorted(row["handle"] for row in tender.draw_handles)
    assert {one["handle"] for one in content["draws"]} == set(content["handles"])
    assert {len(one["contributions"]) for one in content["draws"]} == {3}
    assert [word for word in closed_words(tender) if word in text_of(answer)] == []


def test_project_before_its_notice_has_no_such_page(city: City) -> None:
    assert [ask(entered(city), path).status_code for path in ("draw", "draw.json")] == [404, 404]
