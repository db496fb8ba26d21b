"""The report as PDF (评审报告文件): the same paper, its seats under the same names, gives the same bytes everywhere.

The font comes from a wheel and no font of the machine is looked at, so that a machine without Chinese fonts prints the
same; a character that the font lacks is spelled by its code point, never left out. The file is PDF/A with text that can
be searched and copied. It carries a title and the time at which the report was put together; nothing in it says on
which machine, when or for whom it was printed.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst
from django.http import HttpResponse
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from noto_cjk_sans_otc import FONT_PATH

from mifeng.evaluation.papers import Endorsement, Paper
from mifeng.web.shell import words
from mifeng.web.shell.glyphs import glyphs_of
from mifeng.web.shell.reported import SILENT, ReportBid, ReportView, report_view
from mifeng.web.shell.scoring import TemplateView, template_view
from mifeng.web.shell.seats import label_titles

LANGUAGE = "zh-hans"
Section = dict[str, Any]


@lru_cache(maxsize=16)
def report_pdf(paper: Paper, titles: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Return a report as PDF/A, in Chinese whatever the reader's language.

    Args:
        paper: the report.
        titles: labels of seats with the places that they name; a label without one is printed itself.
    """
    with translation.override(LANGUAGE):
        data = json.dumps(_spelled(_content(paper, dict(titles))), ensure_ascii=False)
    return typst.compile(
        _source(),
        font_paths=fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": data},
        format="pdf",
        pdf_standards="a-2u",
        timestamp=paper.made_at.astimezone(UTC).replace(microsecond=0),  # what a PDF can say
    )


def report_answer(paper: Paper) -> HttpResponse:
    """Return the answer that hands a report out, for callers who have made sure that it may be read."""
    name = _("评审报告-%(number)s-第%(lot)d包.pdf") % {"number": paper.number, "lot": paper.lot[0]}
    disposition = content_disposition_header(True, name) or "attachment"
    headers = {"Cache-Control": "no-store", "Content-Disposition": disposition}
    with translation.override(LANGUAGE):
        titles = label_titles(one.seat for one in paper.endorsements)
    printed = report_pdf(paper, tuple(sorted(titles.items())))
    return HttpResponse(printed, content_type="application/pdf", headers=headers)


@cache
def _source() -> bytes:
    return files("mifeng.web.shell").joinpath("typst", "report.typ").read_bytes()


@cache
def fonts() -> typst.Fonts:
    """Return the fonts of the wheel, and no others."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_font().parent)])


def _font() -> Path:
    return Path(str(FONT_PATH))


def _spelled(value: Any) -> Any:
    """Return data in which every text can be shown."""
    if isinstance(value, str):
        return glyphs_of(_font()).spelled(value)
    if isinstance(value, dict):
        return {name: _spelled(one) for name, one in value.items()}
    return [_spelled(one) for one in value] if isinstance(value, list | tuple) else value


def _content(paper: Paper, titles: Mapping[str, str]) -> dict[str, Any]:
    items = {item.id: item.name for item in paper.template.items}
    report = report_view(paper.text, dict(paper.bidders), items, titles)
    method = template_view(paper.template)
    found = [
        _project(paper, report),
        _committee(report),
        *_method(method),
        _ranking(report),
        _seats(report),
        *_invalid(report),
        *_changes(report),
        _recommended(report),
        _signed(paper, titles),
        _proof(paper, report),
    ]
    numbered = [{**one, "title": f"{_numeral(place)}、{one['title']}"} for place, one in enumerate(found, 1)]
    title = _("评审报告")
    return {
        "title": title,
        "name": paper.name,
        "number": paper.number,
        "running": f"{title}　{paper.name}",
        "foot": _("报告指纹 %(hash)s") % {"hash": paper.report_hash},
        "sections": numbered,
    }


def _project(paper: Paper, report: ReportView) -> Section:
    number, name = paper.lot
    purchaser, agency, supervisor = paper.parties
    budget = Decimal(paper.budget_yuan)
    rows = [
        (_("项目"), paper.name),
        (_("项目编号"), paper.number),
        (_("采购包"), _("第%(number)d包　%(name)s") % {"number": number, "name": name}),
        (_("采购人"), purchaser),
        (_("代理机构"), agency),
        (_("监管主体"), supervisor),
        (_("采购方式"), _("公开招标，综合评分法")),
        (_("预算"), _("%(amount)s元") % {"amount": words.yuan(budget)}),
        (_("进入评审的投标"), _("%(number)d份") % {"number": len(report.bids)}),
        (_("报告形成时间"), words.beijing(paper.made_at, seconds=True)),
        (_whole(paper), words.beijing(paper.concluded_at, seconds=True)),
    ]
    return _section(_("项目"), "facts", rows)


def _whole(paper: Paper) -> str:
    return _("签署完毕时间") if any(one.deemed for one in paper.endorsements) else _("全体签署时间")


def _committee(report: ReportView) -> Section:
    rows = [(one.seat, one.role, _("组长") if one.chair else "") for one in report.seats]
    note = _("席位代表成员；成员姓名在结果公告中公布。")
    return _table(_("评审委员会"), (_("席位"), _("身份"), ""), rows, "lll", (3, 2, 1), note)


def _method(method: TemplateView) -> list[Section]:
    head = (_("评审因素"), _("部分"), _("打分"), _("分值"), _("满分"))
    rows = [(one.name, one.part, one.kind, one.rule, one.points) for one in method.items]
    return [
        _table(_("评审办法"), head, rows, "llllr", (5, 3, 3, 6, 2)),
        _section(_("计算规则"), "facts", list(method.facts)),
    ]


def _ranking(report: ReportView) -> Section:
    head = (_("名次"), _("投标人"), _("报价（元）"), _("评审价（元）"), _("技术"), _("商务"), _("价格"), _("总分"))
    rows = [
        (str(one.rank), _titled(one), one.quote, one.evaluated, one.technical, one.business, one.price, one.total)
        for one in report.valid
    ]
    return _table(_("评审结果"), head, rows, "llrrrrrr", (0, 1, 0, 0, 0, 0, 0, 0))


def _titled(one: ReportBid) -> str:
    parts = [
        one.bidder,
        _("（价格扣除：%(kinds)s）") % {"kinds": one.granted} if one.granted else "",
        _("（启动异常低价审查：%(tests)s）") % {"tests": one.low} if one.low else "",
        f"（{one.decided}）" if one.valid and not one.place else "",
    ]
    return "".join(parts)


def _seats(report: ReportView) -> Section:
    head = (_("投标人"), *(one.seat for one in report.seats))
    rows = [(one.bidder, *one.sums) for one in report.valid]
    sides, widths = "l" + "r" * len(report.seats), (3, *[1] * len(report.seats))
    return _table(_("各席位评分合计"), head, rows, sides, widths, _("技术与商务两部分之和；价格分由报价算出。"))


def _invalid(report: ReportView) -> list[Section]:
    rows = [(one.bidder, "；".join(one.reasons)) for one in report.invalid]
    return [_table(_("无效投标"), (_("投标人"), _("原因")), rows, "ll", (1, 2))] if rows else []


def _changes(report: ReportView) -> list[Section]:
    head = (_("情形"), _("席位"), _("投标人"), _("因素"), _("原分"), _("改为"), _("理由"))
    rows = [(one.kind, one.seat, one.bidder, one.item, one.before, one.after, one.reason) for one in report.changes]
    return [_table(_("评分修改"), head, rows, "llllrrl", (3, 2, 3, 0, 0, 0, 4))] if rows else []


def _recommended(report: ReportView) -> Section:
    rows = [
        _("第%(number)d候选人：%(bidder)s，总分%(total)s，报价%(quote)s元（%(decided)s）")
        % {
            "number": one.candidate,
            "bidder": one.bidder,
            "total": one.total,
            "quote": one.quote,
            "decided": one.decided,
        }
        for one in report.candidates
    ]
    return _section(_("推荐的中标候选人"), "lines", rows)


def _signed(paper: Paper, titles: Mapping[str, str]) -> Section:
    rows = [(titles.get(one.seat, one.seat), *_word(one)) for one in paper.endorsements]
    note = _("视为同意：没有签署，也没有在期限内写明不同意见和理由（政府采购法实施条例第四十一条）。")
    silent = any(one.deemed for one in paper.endorsements)
    head = (_("席位"), _("意见"), _("理由"))
    return _table(_("成员签署"), head, rows, "lll", (2, 1, 4), note if silent else "")


def _word(one: Endorsement) -> tuple[str, str]:
    if one.deemed:
        return _("视为同意"), str(SILENT[one.deemed])
    return (_("同意"), "") if one.agrees else (_("不同意"), one.dissent)


def _proof(paper: Paper, report: ReportView) -> Section:
    rows = [
        (_("报告指纹"), words.groups(paper.report_hash)),
        (_("评分办法指纹"), words.groups(report.template)),
        (_("采购包标识"), words.groups(report.lot_ref)),
    ]
    note = _("本文件由已签署的报告数据排印。成员签署的是报告指纹；用监督部门的证据包可以从各席位评分重新算出本报告。")
    return _section(_("核验"), "hashes", rows, note)


def _section(title: str, kind: str, rows: Sequence[object], note: str = "") -> Section:
    return {"title": title, "kind": kind, "rows": rows, "note": note}


def _table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    aligns: str,
    widths: Sequence[int],
    note: str = "",
) -> Section:
    found = _section(title, "table", rows, note)
    return {**found, "head": head, "aligns": list(aligns), "widths": widths}


def _numeral(number: int) -> str:
    digits = "一二三四五六七八九"
    return digits[number - 1] if number < 10 else "十" + (digits[number - 11] if number > 10 else "")
