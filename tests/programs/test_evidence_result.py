"""The evidence of a project from its review to its result (评审与结果的证据): what each cut shows at which moment.

Source: docs/spec/bundle.md §5, §9; R093, R178.
"""

import json
import re
from pathlib import Path

import pytest

import mifeng
from mifeng.evaluation.actions import begin_review, review_qualification, start_evaluation
from mifeng.kernel import clock
from mifeng.oversight.records import PUBLIC_ACTS
from mifeng.programs.verify.bundle.report import verify
from mifeng.rules.bundle import layout, read_bundle
from tests import judged
from tests.bundles import Files, told
from tests.factories import City
from tests.programs.conftest import Evidence
from tests.programs.forging import trust

MOMENTS = ("reviewing", "evaluated", "awarded", "announced")


def test_the_supervisor_sees_the_review_when_it_is_over_and_everybody_the_result(evidence: Evidence) -> None:
    seen = {(moment, cut): stage(evidence, moment, cut) for moment in MOMENTS for cut in ("public", "supervisor")}

    opened = ("opened", "public")
    assert [seen[moment, "public"] for moment in MOMENTS] == [opened, opened, opened, ("announced", "announced")]
    assert [seen[moment, "supervisor"][0] for moment in MOMENTS] == ["opened", "evaluated", "awarded", "announced"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("cut", ["public", "supervisor"])
def test_whatever_is_handed_out_is_sound(evidence: Evidence, moment: str, cut: str) -> None:
    report = verify(read_bundle(evidence.moments[moment, cut].items()), trust())

    assert [(one.id, fault) for one in report.findings for fault in one.faults] == []
    hidden = {one.id for one in report.findings if one.outcome == "withheld"}
    assert hidden == (set() if cut == "supervisor" else _hidden(moment))


def _hidden(moment: str) -> set[str]:
    return {"B5", "R3", "R5"} if moment == "announced" else {"B5", "D2", "D6"}


@pytest.mark.parametrize("cut", ["public", "supervisor"])
@pytest.mark.parametrize("path", ["review/1-template.json", "review/1-codes.json", "result/1.json"])
def test_a_file_of_the_review_in_another_form_is_found_and_breaks_nothing(
    evidence: Evidence, cut: str, path: str
) -> None:
    files = {**evidence.moments["announced", cut], path: b"{}"}

    report = verify(read_bundle(files.items()), trust())

    failed = {one.id for one in report.findings if one.faults}
    assert "C1" in failed
    assert "facts-malformed" not in {fault.code for one in report.findings for fault in one.faults}


def test_of_a_review_that_goes_on_no_cut_shows_anything(evidence: Evidence) -> None:
    for cut in ("public", "supervisor"):
        files = evidence.moments["reviewing", cut]
        assert [path for path in files if path.startswith(("review/", "result/"))] == []
        assert "evaluation.evaluation" not in laid_open(files)
    assert evidence.moments["reviewing", "public"].keys() == evidence.moments["awarded", "public"].keys()


def test_everybody_learns_the_result_and_nobody_s_scores(evidence: Evidence) -> None:
    """Totals and ranks are public with the notice; a member's scores, votes and words are not (R093, R178)."""
    files = evidence.moments["announced", "public"]
    public, supervised = laid_open(files), laid_open(evidence.moments["announced", "supervisor"])
    sheets = [text.replace('"', '\\"') for text in evidence.sheets]

    assert [one["place"] for one in json.loads(files["result/1.json"])["bids"] if one["valid"]].count(1) == 1
    assert len(sheets) == 10
    assert all(text in supervised and text not in public for text in sheets)
    for word in ("与其他委员相比明显偏高", '"step":"grant_deduction"', '"step":"sign_report"', '"sums"'):
        assert word in supervised or word.replace('"', '\\"') in supervised
        assert word not in public
        assert word.replace('"', '\\"') not in public


def test_names_stand_in_the_notice_alone(evidence: Evidence) -> None:
    """The committee is named where the notice names it, and in no cut before it."""
    for moment in MOMENTS[:-1]:
        for cut in ("public", "supervisor"):
            assert [name for name in judged.NAMES if name in laid_open(evidence.moments[moment, cut])] == []
    lines = read_bundle(evidence.moments["announced", "public"].items()).lines
    naming = {line.type for line in lines if line.row.disclosed and _names(line.row.disclosed.body or b"")}
    assert naming == {"announce"}


def _names(body: bytes) -> bool:
    return any(name.encode() in body for name in judged.NAMES)


def test_a_later_bundle_shows_what_an_earlier_one_withheld(evidence: Evidence) -> None:
    """Draws to everybody, parts and what was opened to the supervisor; what stays closed has its reason."""
    public = read_bundle(evidence.moments["announced", "public"].items())
    before = read_bundle(evidence.moments["awarded", "public"].items())
    supervised = read_bundle(evidence.moments["evaluated", "supervisor"].items())

    assert {one.withheld.kind for one in before.redactions} - {one.withheld.kind for one in public.redactions} == {
        "codes",
        "lists",
    }
    assert len(public.disclosures) == len(public.manifest.draws) == 3
    assert {one.why for one in public.redactions} >= {"review-secret", "bid-content", "experts-secret"}
    assert {one.withheld.kind for one in supervised.redactions} == {"key", "part"}
    opened = [bid for bid in supervised.bids if bid.published.outcome == "opened"]
    assert {len(bid.ciphertexts) for bid in opened} == {6}


def test_evidence_is_made_anew_with_the_result_and_the_page_says_so(evidence: Evidence) -> None:
    outcomes = dict(re.findall(r'data-check="(\w+)" data-outcome="([a-z ]+)"', evidence.page))

    assert "结果公告阶段" in evidence.page
    assert "由总分重算名次" in evidence.page
    assert (outcomes["S4"], outcomes["R1"], outcomes["R5"]) == ("pass", "pass", "withheld")
    # What the public cut does not show of a check that passed, the page says beside it.
    assert re.search(r'data-check="R4" data-outcome="pass".{0,400}另有1处未公开', evidence.page, re.DOTALL)
    assert "-supervisor.evb" in evidence.offered
    path, *found = evidence.kept
    assert found == [path]


def test_every_act_of_review_and_award_is_shown_or_closed_on_purpose() -> None:
    """An act that nobody has decided about would stand in the public cut as a leaf that may not be withheld."""
    acts: set[str] = set()
    for context in ("evaluation", "awards"):
        for path in sorted((Path(mifeng.__file__).parent / context).rglob("*.py")):
            acts |= set(re.findall(r'acting\("(\w+)"', path.read_text("utf-8")))

    # In the chain of the package, before the notice; in the chain of a sheet, before its signature.
    assert acts - PUBLIC_ACTS == {"set_template", "save_cells"}


@pytest.mark.prove
def test_a_void_tender_is_evidence_too(committing: City, tmp_path: Path) -> None:
    """With fewer than three qualified nothing is scored; both cuts say so, and the secret of the codes stays closed."""
    story = told(committing, tmp_path, keyed=(2, 3, 4))
    review = judged.review_of(story)
    with clock.frozen(judged.minutes(5)):
        begin_review(story.lot.pk)
        for number, row in enumerate([row for row in review.bids if not row.fault]):
            review_qualification(row.bid_id, number > 0, "" if number else "未提供审计报告", by=story.city["agency-a"])
        start_evaluation(story.lot.pk, by=story.city["agency-a"])
    judged.settle(tmp_path, judged.minutes(10))

    for cut in ("public", "supervisor"):
        bundle = read_bundle(story.files(cut).items())
        found = {one.id: one for one in verify(bundle, trust()).findings}
        assert [fault for one in found.values() for fault in one.faults] == []
        assert (bundle.manifest.stage, bundle.manifest.lots[0].state) == ("evaluated", "void")
        assert (found["X3"].outcome, found["R1"].outcome) == ("pass", "not applicable")
        assert "codes" in {one.withheld.kind for one in bundle.redactions}


def stage(evidence: Evidence, moment: str, cut: str) -> tuple[str, str]:
    """Return stage and state of the package in a cut at a moment."""
    manifest = json.loads(evidence.moments[moment, cut][layout.MANIFEST])
    return manifest["stage"], manifest["lots"][0]["state"]


def laid_open(files: Files) -> str:
    """Return everything a bundle holds as one text, what its entries lay open included."""
    lines = read_bundle(files.items()).lines
    laid = [line.row.disclosed for line in lines if line.row.disclosed]
    parts = [data for path, data in files.items() if not path.endswith(".ct")]
    parts += [*(one.data for one in laid), *(one.body for one in laid if one.body)]
    return b"\n".join(parts).decode("utf-8", "replace")
