"""The cockpit (监督): sees the authority's own projects in full, writes findings, and nothing else."""

import re

import pytest

from mifeng.kernel.ledger.queries import body_of, history
from mifeng.kernel.models import Entry, Noted, Reference
from mifeng.oversight.models import Finding
from mifeng.sample.experts import people
from tests.actions.draws import assembled, draws_of, seeded, walk
from tests.factories import City, documented, entered, fresh, planned, published
from tests.web.rooms import client_of, queries, read


def test_supervisor_sees_projects_of_the_own_authority(city: City) -> None:
    """The list and the page show clocks, sites and history (R045, NM-2018-67 二(四))."""
    tender = published(city)

    listed = client_of("supervisor").get("/cockpit/")
    shown = client_of("supervisor").get(f"/cockpit/{tender.pk}")

    assert tender.number in listed.content.decode()
    page = shown.content.decode()
    assert [site for site in ("市中心", "杭锦后旗", "五原县") if site in page] == ["市中心", "杭锦后旗", "五原县"]
    assert page.count("data-clock=") == 11
    assert 'data-theme="dark"' in page


def test_finding_is_recorded_with_an_entry_of_its_own(city: City) -> None:
    """A finding stands in the ledger and no follower of the project can tell (R045, R048)."""
    tender = documented(city)
    page = f"/cockpit/{tender.pk}"

    answer = client_of("supervisor").post(page, {"_key": "k1", "kind": "irregularity", "text": "附件与公告不一致"})

    finding = Finding.objects.get()
    entry = Entry.objects.get(subject=f"oversight.finding:{finding.pk}")
    assert answer.status_code == 303
    assert answer["X-Receipt"] == str(entry.pk)
    assert finding.text == "附件与公告不一致"
    assert body_of(entry.pk)["moves"][0]["facts"]["about"] == f"tenders.tender:{tender.pk}"
    assert not Reference.objects.filter(entry=entry).exists()
    assert entry.type not in [line.type for line in history([f"tenders.tender:{tender.pk}"])]
    assert "附件与公告不一致" in client_of("supervisor").get(page).content.decode()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"kind": "observation", "text": "  "}, "reason-required"),
        ({"kind": "observation", "text": "多" * 4001}, "too-large"),
    ],
)
def test_unlawful_finding_comes_back_with_its_reason(city: City, sent: dict[str, str], code: str) -> None:
    """What was typed stays, the reason is beside it, nothing is written (U12)."""
    tender = entered(city)

    answer = client_of("supervisor").post(f"/cockpit/{tender.pk}", {"_key": "k2", **sent})

    assert answer.status_code == 422
    assert f'data-reason="{code}"' in answer.content.decode()
    assert sent["text"].strip()[:20] in answer.content.decode()
    assert not Finding.objects.exists()


@pytest.mark.parametrize("account", ["agency-a", "buyer", "host", "guest-hangjin"])
def test_other_posts_are_refused_before_anything_is_looked_up(city: City, account: str) -> None:
    """The room is the supervisor's; the refusal names the post that may enter (R076)."""
    tender = entered(city)

    answers = [client_of(account).get(path) for path in ("/cockpit/", f"/cockpit/{tender.pk}")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert [answer["X-Reason"] for answer in answers] == ["wrong-post", "wrong-post"]
    assert tender.name not in answers[1].content.decode()


def test_watching_leaves_a_trace_and_changes_nothing(city: City) -> None:
    """A supervisor's look is noted for the digest; no verb but POST of a finding is answered (R071)."""
    tender = planned(city)
    client = client_of("supervisor")
    before = fresh(tender).version

    client.get(f"/cockpit/{tender.pk}")
    wrong = client.delete(f"/cockpit/{tender.pk}")

    assert Noted.objects.filter(kind="supervised", subject=f"tenders.tender:{tender.pk}").count() == 1
    assert wrong.status_code == 405
    assert fresh(tender).version == before


def test_list_costs_the_same_for_one_and_three_projects(city: City) -> None:
    """Queries do not grow with rows."""
    entered(city)
    read("supervisor", "/cockpit/")
    one = queries("supervisor", "/cockpit/")
    entered(city)
    entered(city)

    assert (one > 3, queries("supervisor", "/cockpit/")) == (True, one)


def test_supervisor_follows_the_draws_in_numbers(city: City) -> None:
    """Every site with its counts; no reason before the award, nobody by name (J4, GPLR-9)."""
    tender = published(city)
    panel = assembled(city, tender)
    seeded(panel)
    walk(panel)

    page = client_of("supervisor").get(f"/cockpit/{tender.pk}").content.decode()

    assert page.count('data-draw-state="walking"') == 3
    shown = re.findall(r'data-l="(可抽|回避等)">(\d+)<', page)
    assert sum(int(number) for name, number in shown if name == "回避等") == sum(
        sum(draw.excluded.values()) for draw in draws_of(panel)
    )
    assert [word for word in ("related", "employed", "untrained") if word in page] == []
    assert [word for one in people([]) for word in (one.name, one.phone, one.number) if word in page] == []
