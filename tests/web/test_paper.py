"""The report on paper (评审报告文件): right text, the same bytes, clean metadata, whatever fonts a machine has."""

import io
import json
import os
import pickle
import subprocess
import sys
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pypdfium2
import pytest
from django.utils import translation

from mifeng.evaluation.papers import Endorsement, Paper
from mifeng.web.shell.paper import fonts, report_pdf
from tests.rules.scores import HASH, TEMPLATE

REFS = ("a1" * 32, "b2" * 32, "c3" * 32)
SEATS = ("host/1", "host/2", "one/1")
LINE = {
    "quote_yuan": "4680000.00",
    "valid": True,
    "granted": ["small-firm"],
    "evaluated_yuan": "3978000.00",
    "sums": dict.fromkeys(SEATS, "56.5"),
    "technical": "42.5",
    "mean": "55.5",
    "price": "30",
    "total": "85.5",
    "rank": 1,
    "place": 1,
    "decided": "first",
    "low": ["mean"],
}
REPORT: dict[str, Any] = {
    "format": "mifeng-report/1",
    "lot_ref": "d4" * 32,
    "round": 1,
    "template": HASH.hex(),
    "members": [{"seat": seat, "role": "buyer" if seat == "host/1" else "expert"} for seat in SEATS],
    "chair": "host/2",
    "bids": [
        {"position": 1, "bid_ref": REFS[0], **LINE},
        {"position": 2, "bid_ref": REFS[1], **LINE, "total": "70.25", "rank": 2, "place": 2, "decided": "score"},
        {"position": 3, "bid_ref": REFS[2], "quote_yuan": "", "valid": False, "reasons": ["rejected"]},
    ],
    "corrections": [
        {"kind": "abnormal", "seat": "one/1", "bid_ref": REFS[0], "item": "t1", "reason": "漏看第12页"}
        | {"before": "10", "after": "12", "agreed": 3}
    ],
    "rejected": {REFS[2]: ["未实质响应 #strong[x] *y* $z$"]},
    "candidates": list(REFS[:2]),
}
AT = datetime(2026, 3, 26, 3, 5, tzinfo=UTC)
PAPER = Paper(
    number="ZFCG-2026-046221",
    name="龑䶮𬱖㛃小学课桌椅采购",
    lot=(1, "课桌椅"),
    parties=("市教育局", "甲诚招标代理有限公司", "市财政局"),
    budget_yuan="4800000.00",
    template=TEMPLATE,
    report_hash="ab" * 32,
    text=json.dumps(REPORT),
    bidders=tuple(zip(REFS, ("戊镜木业有限公司", "𠮷镜家具厂", "己ᠮ镜公司"), strict=True)),
    endorsements=(
        Endorsement("host/1", True, ""),
        Endorsement("host/2", True, ""),
        Endorsement("one/1", False, "偏低"),
    ),
    made_at=AT.replace(microsecond=271828),
    concluded_at=AT,
)


def words_of(data: bytes) -> str:
    """Return the text of a PDF as it is compared: NFKC, without white space."""
    document = pypdfium2.PdfDocument(data)
    try:
        texts = []
        for page in document:
            text = page.get_textpage()
            texts.append(text.get_text_range())
            text.close()
            page.close()
    finally:
        document.close()
    return "".join(unicodedata.normalize("NFKC", "".join(texts)).split())


@pytest.fixture(scope="module")
def printed() -> bytes:
    """Print the paper once."""
    return report_pdf(PAPER)


@pytest.mark.parametrize(
    "said",
    [
        "评审报告",
        "龑䶮𬱖㛃小学课桌椅采购",
        "第1候选人:戊镜木业有限公司,总分85.5,报价4,680,000.00元(总分最高)",
        "2𠮷镜家具厂(价格扣除:小微企业)(启动异常低价审查:低于平均报价)4,680,000.003,978,000.0042.5133070.25",
        "host/2评审专家组长",
        "one/1不同意偏低",
        "评分畸高、畸低one/1戊镜木业有限公司技术方案1012漏看第12页",
        "未实质响应#strong[x]*y*$z$",
        "己〔U+182E〕镜公司",
        "abab" * 16,
    ],
)
def test_everything_that_was_decided_can_be_read_and_searched(printed: bytes, said: str) -> None:
    """Rare characters too; a character without a glyph is spelled, and nothing that is written is taken for markup."""
    assert said in words_of(printed)


def test_a_member_without_a_word_is_said_to_be_deemed_to_agree() -> None:
    """In place of a signature, with the reason; where all have signed, nothing of it."""
    silent = replace(PAPER, endorsements=(*PAPER.endorsements[:2], Endorsement("one/1", True, "", "left")))

    said = words_of(report_pdf(silent))

    assert "one/1视为同意已离开评审现场" in said
    assert ("签署完毕时间" in said, "实施条例第四十一条" in said) == (True, True)
    assert "视为同意" not in words_of(report_pdf(PAPER))


def test_a_seat_is_named_by_its_place() -> None:
    """A reader knows a site by its name, not by the digits of its region; all tables name it so."""
    text = words_of(report_pdf(PAPER, (("one/1", "杭锦后旗 03号席"), ("host/2", "市中心 02号席"))))

    assert ("one/1" in text, "host/2" in text) == (False, False)
    assert ("市中心02号席评审专家组长" in text, "杭锦后旗03号席不同意偏低" in text) == (True, True)
    assert "评分畸高、畸低杭锦后旗03号席戊镜木业有限公司" in text


def test_headings_are_bold(printed: bytes) -> None:
    """The wheel has one weight, so letters of a heading are drawn with a stroke around them (text render mode 2)."""
    with pikepdf.open(io.BytesIO(printed)) as document:
        modes = {
            int(operands[0])
            for operands, operator in pikepdf.parse_content_stream(document.pages[0])
            if str(operator) == "Tr"
        }
    assert 2 in modes


def test_the_same_report_is_the_same_bytes_in_every_language(printed: bytes) -> None:
    """Another process, another reader: no time of printing, no machine, no number of the copy."""
    report_pdf.cache_clear()
    with translation.override("en"):
        assert report_pdf(PAPER) == printed

    assert report_pdf(replace(PAPER, name="另一项目")) != printed


def test_no_font_of_the_machine_is_looked_at() -> None:
    """Only those of the wheel are known, so that a machine without Chinese fonts prints the same (trap 3)."""
    assert {name.split()[0] for name in fonts().families()} == {"Noto"}


@pytest.mark.prove
def test_another_process_on_a_bare_machine_prints_the_same(printed: bytes) -> None:
    """With no home, no locale and no path to fonts."""
    code = (
        "import pickle, sys, django; django.setup(); from mifeng.web.shell.paper import report_pdf;"
        "sys.stdout.buffer.write(report_pdf(pickle.loads(sys.stdin.buffer.read())))"
    )
    bare = {"DJANGO_SETTINGS_MODULE": "mifeng.config.settings", "HOME": "/nonexistent", "PATH": ""}
    bare |= {name: value for name, value in os.environ.items() if name.startswith("MIFENG_")}
    asked = pickle.dumps(PAPER)

    made = subprocess.run([sys.executable, "-c", code], input=asked, capture_output=True, check=True, env=bare)

    assert made.stdout == printed


def test_nothing_says_where_when_and_for_whom_it_was_printed(printed: bytes) -> None:
    """PDF/A: title, tool and the time of the report; no author, no path, no script; every font is in it."""
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        info = {name: str(value) for name, value in pdf.docinfo.items()}
        with pdf.open_metadata() as metadata:
            standard = metadata["pdfaid:part"], metadata["pdfaid:conformance"]
        names = {str(item.get("/Type")) for item in pdf.objects if isinstance(item, pikepdf.Dictionary)}
        embedded = [
            any(name in item for name in ("/FontFile", "/FontFile2", "/FontFile3"))
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor"
        ]

    assert sorted(info) == ["/CreationDate", "/Creator", "/ModDate", "/Title"]
    assert info["/Title"] == "评审报告"
    assert info["/CreationDate"] == info["/ModDate"] == "D:20260326030500Z"
    assert standard == ("2", "U")
    assert (names & {"/Action", "/Filespec"}, embedded != [], all(embedded)) == (set(), True, True)
    assert [word in printed for word in (b"/JavaScript", b"/tmp", b"/work", b"/home")] == [False] * 4
