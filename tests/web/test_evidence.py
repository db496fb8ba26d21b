"""The evidence of a project as it is handed out (证据包): to everybody one cut, to its supervisor another.

Source: docs/spec/bundle.md; NM-2018-67 四(十一), 四(十二).
"""

import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from mifeng.bidding.models import Bid, OpenedFile
from mifeng.config import export
from mifeng.experts.models import Draw, Expert, Personal, Pool, WalkLine
from mifeng.experts.pools import open_pool, personal_of
from mifeng.kernel import clock
from mifeng.kernel.models import Entry, Noted
from mifeng.oversight.bundle import FOLDER
from mifeng.oversight.tasks import make_evidence
from mifeng.programs.verify.bundle.report import verify
from mifeng.rules.bundle import layout, read_bundle, unpack
from tests.bundles import OVER, Begun, Files, Story, begun, finished, own_city, told
from tests.conftest import read_city
from tests.databases import own_database
from tests.factories import City, published
from tests.programs.alone import run
from tests.programs.forging import trust
from tests.web.rooms import client_of
from tests.web.witnessed import witness_log


@pytest.fixture(scope="module")
def story(django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Lead one project to its opening."""
    with own_city(django_db_blocker) as city, clock.frozen(OVER):
        yield told(city, tmp_path_factory.mktemp("near"))


@pytest.fixture(scope="module")
def drawn(
    django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Begun, str]]:
    """Lead one project to its draw, in a database whose name is returned too.

    Asked for by the last tests of the file alone: from then on the database of ``story`` is no longer the one at hand.
    """
    with own_database(django_db_blocker) as name:
        yield begun(read_city(), tmp_path_factory.mktemp("drawn")), name


@pytest.fixture
def start(drawn: tuple[Begun, str], django_db_blocker: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Begun]:
    """Return the project whose experts are drawn, in a copy that a test may lead to another end."""
    story, template = drawn
    shutil.copytree(story.folder, tmp_path, dirs_exist_ok=True)
    with own_database(django_db_blocker, template):
        yield replace(story, folder=tmp_path)


def got(path: str, *, account: str = "", status: int = 200, **headers: str) -> bytes:
    """Return what somebody gets at an address."""
    client = client_of(account) if account else Client()
    answer = client.get(path, headers=headers)
    assert answer.status_code == status, answer.content[:500]
    return b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]


def verified(data: bytes, folder: Path) -> dict[str, object]:
    """Let the program check a bundle where neither platform nor network is at hand."""
    (folder / "a.evb").write_bytes(data)
    known = Path(settings.ENV.data)
    keys = ("--log-vkey", known / "keys" / "log.vkey", "--witness-vkey", known / "witness" / "witness.vkey")
    code, out, _ = run("verify", "bundle", folder / "a.evb", *keys, "--json")
    assert code == 0, out
    return dict(json.loads(out))


def test_everybody_gets_the_bundle_and_checks_it_alone(story: Story, tmp_path: Path) -> None:
    """What is downloaded verifies in a process that has no platform (R071)."""
    result = verified(got(f"/projects/{story.tender.pk}/evidence"), tmp_path)

    assert result["bundle"] == {"project": story.tender.number, "cut": "public", "stage": "opened"}
    assert {one["id"] for one in result["checks"] if one["outcome"] == "withheld"} == {"B5", "D2", "D6"}  # type: ignore[attr-defined]


def test_supervisor_gets_more_and_the_look_is_noted(story: Story, tmp_path: Path) -> None:
    """Supervisors read and export, and leave a trace of it (R073)."""
    result = verified(got(f"/cockpit/{story.tender.pk}/evidence", account="supervisor"), tmp_path)

    assert {one["outcome"] for one in result["checks"]} == {"pass", "not applicable"}  # type: ignore[attr-defined]
    assert Noted.objects.filter(kind="evidence", subject=f"tenders.tender:{story.tender.pk}").count() == 1


@pytest.mark.parametrize(
    ("account", "status"), [("", 302), ("agency-a", 403), ("buyer", 403), ("bidder-1", 403), ("librarian", 403)]
)
def test_nobody_else_gets_the_supervisor_s_cut(story: Story, account: str, status: int) -> None:
    assert b"ustar" not in got(f"/cockpit/{story.tender.pk}/evidence", account=account, status=status)


def test_page_says_how_to_check_and_what_the_platform_s_own_check_found(story: Story) -> None:
    """The page names the file's hash and the command, and says that its own word is no proof."""
    page = got(f"/projects/{story.tender.pk}/verification").decode()
    data = got(f"/projects/{story.tender.pk}/evidence")

    assert f'data-evidence="{hashlib.sha256(data).hexdigest()}"' in page
    assert f"mifeng verify bundle {story.tender.number}.evb --log-vkey" in page
    assert "只供参考，不能代替自己核验" in page
    assert re.findall(r'data-check="(\w+)" data-outcome="(pass|withheld)"', page)[:2] == [
        ("C1", "pass"),
        ("C2", "pass"),
    ]
    assert 'data-outcome="fail"' not in page


def test_project_page_and_opening_record_lead_there(story: Story) -> None:
    link = f'href="/projects/{story.tender.pk}/verification"'

    assert link in got(f"/projects/{story.tender.pk}").decode()
    assert link in got(f"/hall/{story.lot.pk}/record").decode()
    assert (
        f'href="/cockpit/{story.tender.pk}/evidence"'
        in got(f"/cockpit/{story.tender.pk}", account="supervisor").decode()
    )


def test_same_evidence_is_the_same_file(story: Story) -> None:
    """It is made once, named by its hash in the cache, and made again byte for byte."""
    path = f"/projects/{story.tender.pk}/evidence"
    first = Client().get(path)
    data = b"".join(first.streaming_content)  # type: ignore[attr-defined]
    for kept in (Path(settings.ENV.data) / FOLDER).glob("*"):
        kept.unlink()

    assert got(path) == data
    assert first["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert got(path, status=304, if_none_match=first["ETag"]) == b""


def test_job_makes_it_as_soon_as_bids_are_open(story: Story) -> None:
    for kept in (Path(settings.ENV.data) / FOLDER).glob("*"):
        kept.unlink()

    make_evidence(entry_id=Entry.objects.get(type="open_all").pk)

    assert sorted(path.suffix for path in (Path(settings.ENV.data) / FOLDER).glob("*")) == [".evb", ".json"]


def test_there_is_none_before_the_opening_is_over(story: Story) -> None:
    """A project that is published and not opened has no evidence, for nobody."""
    tender = published(story.city, later=timedelta(days=1))

    assert got(f"/projects/{tender.pk}/evidence", status=404)
    assert got(f"/projects/{tender.pk}/verification", status=404)
    assert got(f"/cockpit/{tender.pk}/evidence", account="supervisor", status=404)
    assert "verification" not in got(f"/projects/{tender.pk}").decode()


def test_file_is_a_plain_tar_that_anybody_opens(story: Story) -> None:
    data = got(f"/projects/{story.tender.pk}/evidence")

    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = archive.getmembers()

    assert [one.name for one in members][:1] == [layout.MANIFEST]
    assert {(one.mtime, one.uid, one.gid, one.mode) for one in members} == {(0, 0, 0, 0o644)}
    assert dict(unpack([data])) == story.files()


def test_public_cut_names_no_site_no_expert_and_no_file_of_a_bid(story: Story) -> None:
    """Sites, experts, exclusion reasons and which file lies in which bid are in no byte that everybody reads."""
    text = _opened(story.files())

    secret = [str(site.pk) for site in story.city.sites.values()]
    secret += [str(pk) for pk in Expert.objects.values_list("pk", flat=True)]
    secret += [
        str(one["name"])
        for one in personal_of([str(pk) for pk in Personal.objects.values_list("pk", flat=True)]).values()
    ]
    secret += [one.sha256 for one in OpenedFile.objects.all()]
    secret += [row["salt"] for row in story.tender.draw_handles]
    secret += [one.key for one in Bid.objects.exclude(key="")]
    assert [word for word in secret if word in text] == []
    reasons = {
        why for draw in Draw.objects.filter(pk__in=Pool.objects.values("pk")) for _, why in open_pool(draw).persons
    }
    assert [why for why in reasons if why and f'"{why}"' in text] == []


def test_supervisor_s_cut_names_no_expert_and_holds_no_key_of_a_bidder(story: Story) -> None:
    text = _opened(story.files("supervisor"))

    secret = [str(pk) for pk in Expert.objects.values_list("pk", flat=True)]
    secret += [
        str(one["name"])
        for one in personal_of([str(pk) for pk in Personal.objects.values_list("pk", flat=True)]).values()
    ]
    secret += [one.key for one in Bid.objects.exclude(key="")]
    secret += [one.sha256 for one in OpenedFile.objects.filter(part="technical")]
    assert [word for word in secret if word in text] == []
    assert WalkLine.objects.exclude(detail="").exists()


def test_export_writes_the_same_file(story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``mifeng export bundle`` names the project by its number."""
    file = tmp_path / "b.evb"

    assert export.main(["bundle", story.tender.number, str(file)]) == 0
    assert file.read_bytes() == got(f"/projects/{story.tender.pk}/evidence")
    assert hashlib.sha256(file.read_bytes()).hexdigest() in capsys.readouterr().out

    assert export.main(["bundle", story.tender.number, str(file), "--cut", "supervisor"]) == 0
    assert read_bundle(unpack([file.read_bytes()])).manifest.cut == "supervisor"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["bundle"], 2),
        (["bundle", "X"], 2),
        (["bundle", "X", "y.evb", "--cut", "all"], 2),
        (["bundle", "--cut", "y.evb"], 2),
        (["log", "a", "b"], 2),
        ([], 2),
        (["bundle", "ZFCG-0000-000000", "y.evb"], 1),
    ],
)
def test_export_that_makes_no_sense_is_not_carried_out(story: Story, arguments: list[str], code: int) -> None:
    assert export.main(arguments) == code
    assert not Path("y.evb").exists()


def test_it_waits_for_the_witness(start: Begun, tmp_path: Path) -> None:
    """An entry that no witness has seen yet is no evidence; page, file and command say so and come back."""
    with clock.frozen(OVER):
        waiting = finished(start, witnessed=False)
        path = f"/projects/{waiting.tender.pk}"

        answer = Client().get(f"{path}/evidence")
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert "有条目待见证" in got(f"{path}/verification").decode()
        assert got(f"/cockpit/{waiting.tender.pk}/evidence", account="supervisor", status=503)
        assert export.main(["bundle", waiting.tender.number, str(tmp_path / "y.evb")]) == 1

        witness_log(tmp_path, lambda: clock.now().timestamp())
        assert verified(got(f"{path}/evidence"), tmp_path)["ok"]


def test_too_few_bids_are_evidence_without_their_number(start: Begun) -> None:
    """A package for which too few came is closed unopened; how many came, only the supervisor can count."""
    with clock.frozen(OVER):
        failed = finished(start, bids=2)

        public, supervised = failed.files(), failed.files("supervisor")

    assert outcomes(public)["X2"] == "withheld"
    assert outcomes(supervised)["X2"] == "pass"
    assert [path for path in (*public, *supervised) if path.startswith("bids/")] == []
    assert "receive_bid" not in _opened(public)
    assert _opened(supervised).count('"step":"receive_bid"') == 3
    assert "fail" not in outcomes(public).values()
    assert "fail" not in outcomes(supervised).values()


def test_clarification_is_shown_by_its_entry_and_what_trustees_signed_under_it(
    committing: City, tmp_path: Path
) -> None:
    """Its body names sites and reasons and is not public; the deadline stands under the trustees' signatures."""
    with clock.frozen(OVER):
        story = finished(begun(committing, tmp_path, clarified=True))

        public, supervised = story.files(), story.files("supervisor")

    assert "fail" not in outcomes(public).values()
    assert set(outcomes(supervised).values()) == {"pass", "not applicable"}
    assert "不影响编制" not in _opened(public)
    assert "不影响编制" in _opened(supervised)
    bundle = read_bundle(public.items())
    [line] = bundle.of_type("clarify")
    assert sum(one.leaf == line.leaf for one in bundle.countersigned) == 3
    assert [one.why for one in bundle.redactions if one.withheld.of == line.leaf] == ["sites-secret"]


def test_keys_that_never_came_are_evidence(start: Begun) -> None:
    """Where no bidder confirmed a key nothing is opened, and every bid is there as it was sealed."""
    with clock.frozen(OVER):
        unkeyed = finished(start, keyed=())

        files = unkeyed.files()

    assert json.loads(files["opening/1.json"])["ended"] == "unkeyed"
    assert [one["outcome"] for one in json.loads(files["opening/1.json"])["bids"]] == [""] * 4
    assert "fail" not in outcomes(files).values()


def outcomes(files: Files) -> dict[str, str]:
    """Return what the checks say of a bundle, each by its id."""
    return {one.id: one.outcome for one in verify(read_bundle(files.items()), trust()).findings}


def names() -> list[str]:
    """Return the names of all experts of the library."""
    found = personal_of([str(pk) for pk in Personal.objects.values_list("pk", flat=True)])
    return [str(one["name"]) for one in found.values()]


def _opened(files: Files) -> str:
    """Return everything a bundle holds as one text, what its entries lay open included."""
    bundle = read_bundle(files.items())
    laid = [line.row.disclosed for line in bundle.lines if line.row.disclosed]
    parts = [*files.values(), *(one.data for one in laid), *(one.body for one in laid if one.body)]
    return b"\n".join(parts).decode("utf-8", "replace")
