"""The program that draws one page (绘制页面): an errand as JSON comes in, an answer and a picture go out.

It is never imported: ``paper`` starts it by its path, isolated, with nothing in its environment. Should a file break
the library, this process ends and nothing else does.
"""

import io
import json
import resource
import sys
import time
from collections.abc import Mapping
from typing import Any

import pypdfium2

WIDTH = 1_240  # pixels of the shorter side of a page; sharp for A4 on a desk with two screens
MAX_SIDE = 2_400
MAX_TEXT = 20_000  # characters of one page
MAX_OUTLINE, MAX_TITLE, MAX_DEPTH = 400, 120, 4
MAX_MARKS = 40
SECONDS, MEMORY = 15, 2**30
TEXT_SECONDS = 4  # of one errand for the text of many pages
HEAD_BYTES = 8


def _leaf(document: pypdfium2.PdfDocument, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return one page, the last one for a number beyond it, and what the file says about itself."""
    number = min(asked["page"], len(document))
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(WIDTH / min(width, height), MAX_SIDE / max(width, height))
    out = io.BytesIO()
    page.render(scale=scale, may_draw_forms=False).to_pil().save(out, "png", compress_level=4)
    about, _ = _summary(document, asked)
    return {"page": number, "text": _text(page), **about}, out.getvalue()


def _summary(document: pypdfium2.PdfDocument, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    outline: list[list[object]] = []
    for one in document.get_toc(max_depth=MAX_DEPTH):
        target = one.get_dest()
        index = target.get_index() if target else None
        if index is not None and len(outline) < MAX_OUTLINE:
            outline.append([one.get_title().strip()[:MAX_TITLE], one.level, index + 1])
    return {"pages": len(document), "outline": outline}, b""


def _texts(document: pypdfium2.PdfDocument, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the text of the pages from one on, as many as there is time for; some take long."""
    texts: list[str] = []
    while (index := asked["start"] - 1 + len(texts)) < len(document) and time.process_time() < TEXT_SECONDS:
        page = document[index]
        texts.append(_text(page))
        page.close()
    return {"texts": texts, "pages": len(document)}, b""


def _text(page: pypdfium2.PdfPage) -> str:
    text = page.get_textpage()
    found = str(text.get_text_bounded())[:MAX_TEXT].replace("\r\n", "\n").replace("\ufffe", "")
    text.close()
    return found


def _marks(document: pypdfium2.PdfDocument, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    page = document[asked["page"] - 1]
    if page.get_rotation():
        return {"marks": []}, b""  # places are told as they lie on the page that was not turned
    x, y, right_edge, upper_edge = page.get_bbox()
    width, height = right_edge - x, upper_edge - y
    text = page.get_textpage()
    found: list[list[float]] = []
    searcher = text.search(asked["words"])
    while len(found) < MAX_MARKS and (place := searcher.get_next()):
        for number in range(text.count_rects(*place)):
            left, bottom, right, top = text.get_rect(number)
            box = ((left - x) / width, 1 - (top - y) / height, (right - left) / width, (top - bottom) / height)
            found.append([round(100 * side, 2) for side in box])
    return {"marks": found[:MAX_MARKS]}, b""


DOES = {"leaf": _leaf, "summary": _summary, "texts": _texts, "marks": _marks}


def main() -> None:
    """Do the one errand that comes in."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    asked = json.load(sys.stdin)
    answer, data = DOES[asked["do"]](pypdfium2.PdfDocument(asked["file"]), asked)
    text = json.dumps(answer).encode()
    sys.stdout.buffer.write(len(text).to_bytes(HEAD_BYTES) + text + data)


if __name__ == "__main__":
    main()
