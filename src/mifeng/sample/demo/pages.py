"""Papers for the demo (演示文件): PDFs of as many pages as asked for, with real text, made here."""

import io
import textwrap
from collections.abc import Sequence

import pikepdf
from pikepdf import Array, Dictionary, Name

PAGE = (595, 842)  # A4 in points
LINES, CHARACTERS, LEADING = 34, 36, 20


def paper(title: str, paragraphs: Sequence[str], pages: int) -> bytes:
    """Return a PDF of so many pages; the paragraphs run on and on, each page bears title and number.

    Args:
        title: head of every page.
        paragraphs: text, repeated until the pages are full; numbered, so that no two pages are alike.
        pages: number of pages, 1 or more.
    """
    document = pikepdf.new()
    font = document.make_indirect(_font(document))
    lines = _lines(paragraphs, pages * LINES)
    for number in range(1, pages + 1):
        text = [f"{title}　第{number}页，共{pages}页", "", *lines[(number - 1) * LINES : number * LINES]]
        content = document.make_stream(_content(text))
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, *PAGE]),
            Resources=Dictionary(Font=Dictionary(F1=font)),
            Contents=content,
        )
        document.pages.append(pikepdf.Page(document.make_indirect(page)))
    out = io.BytesIO()
    document.save(out, static_id=True)
    return out.getvalue()


def _lines(paragraphs: Sequence[str], wanted: int) -> list[str]:
    lines: list[str] = []
    number = 0
    while len(lines) < wanted:
        number += 1
        text = paragraphs[(number - 1) % len(paragraphs)]
        lines += [*textwrap.wrap(f"{number}　{text}", CHARACTERS), ""]
    return lines[:wanted]


def _content(lines: Sequence[str]) -> bytes:
    shown = "".join(f"<{line.encode('utf-16-be').hex()}> Tj T*\n" for line in lines)
    return f"BT /F1 13 Tf {LEADING} TL 56 {PAGE[1] - 64} Td\n{shown}ET\n".encode("ascii")


def _font(document: pikepdf.Pdf) -> Dictionary:
    """Return the standard Chinese font that every reader brings along, addressed by UTF-16."""
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/STSong-Light"),
        Flags=6,
        FontBBox=Array([-25, -254, 1000, 880]),
        ItalicAngle=0,
        Ascent=880,
        Descent=-120,
        CapHeight=880,
        StemV=93,
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType0,
        BaseFont=Name("/STSong-Light"),
        CIDSystemInfo=Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("GB1"), Supplement=4),
        FontDescriptor=document.make_indirect(descriptor),
        DW=1000,
    )
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=Name("/STSong-Light-UniGB-UTF16-H"),
        Encoding=Name("/UniGB-UTF16-H"),
        DescendantFonts=Array([document.make_indirect(descendant)]),
    )
