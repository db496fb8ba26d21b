"""Pages of a PDF as pictures (文件页面), with their text and the outline, made by a process of its own.

A page reaches the desk as a picture and as text: nothing else of a file does, neither what its metadata say nor what a
viewer would run. The library that draws pages is large, and the files come from outside: it runs in ``drawing``, a
process for one errand with bounds on memory and time, without settings, database or keys.

A page that is opened costs that page, however many there are: the text of the others is read when words are looked for.
What was made is kept for a while in the data folder under the hash of the copy. It can be made again at any time.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

KEPT = 200  # files of which pages are kept
PROGRAM = Path(__file__).with_name("drawing.py")
SECONDS = 20
HEAD_BYTES = 8
SUMMARY, TEXTS = "summary.json", "texts.json"
TURNS = threading.BoundedSemaphore(2)  # errands of one process of the server at a time


class Unreadable(Exception):
    """The file cannot be shown; not a refusal of anybody, and the same for every seat."""


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of the outline (目录项): its title, its depth from 0, its page from 1."""

    title: str
    depth: int
    page: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file says about itself (文件概要): how many pages it has, and its outline."""

    pages: int
    outline: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on a page (标示): left, top, width and height in hundredths of the page."""

    left: float
    top: float
    width: float
    height: float


def summary(path: Path, page: int, folder: Path) -> Summary:
    """Return how many pages a file has and its outline, kept below a folder once a page of it was drawn.

    Args:
        path: of the file.
        page: from 1, that is about to be looked at; the last one is drawn where there are fewer.
        folder: below which pages are kept.

    Raises:
        Unreadable: when the file cannot be read.
    """
    place = folder / path.name
    data = _kept(place / SUMMARY)
    if data is None:
        try:
            answer, _ = _leaf(path, page, folder)
        except Unreadable:  # another page may be sound
            answer, _ = _errand({"file": str(path), "do": "summary"})
            _keep(place, {SUMMARY: json.dumps(answer).encode()})
    else:
        answer = json.loads(data)
    return Summary(answer["pages"], tuple(Heading(*one) for one in answer["outline"]))


def text(path: Path, page: int, folder: Path) -> str:
    """Return the text of one page, from 1.

    Raises:
        Unreadable: when the file cannot be read, or has no such page.
    """
    data = _kept(folder / path.name / f"{page}.txt")
    return data.decode() if data is not None else str(_exactly(page, *_leaf(path, page, folder))[0]["text"])


def picture(path: Path, page: int, folder: Path) -> bytes:
    """Return one page, from 1, as a PNG.

    Raises:
        Unreadable: when the file cannot be read, or has no such page.
    """
    data = _kept(folder / path.name / f"{page}.png")
    return data if data is not None else _exactly(page, *_leaf(path, page, folder))[1]


def find(path: Path, words: str, folder: Path) -> list[int]:
    """Return the pages, from 1, on which words stand, whatever blanks are between them (查找).

    Raises:
        Unreadable: when the file cannot be read.
    """
    wanted = _plain(words)
    if not wanted:
        return []
    data = _kept(folder / path.name / TEXTS)
    if data is None:
        data = json.dumps(_all_texts(path)).encode()
        _keep(folder / path.name, {TEXTS: data})
    return [number for number, found in enumerate(json.loads(data), 1) if wanted in _plain(found)]


def marks(path: Path, page: int, words: str) -> tuple[Mark, ...]:
    """Return where words stand on a page.

    Raises:
        Unreadable: when the file cannot be read, or has no such page.
    """
    answer, _ = _errand({"file": str(path), "do": "marks", "page": page, "words": words})
    return tuple(Mark(*one) for one in answer["marks"])


def _leaf(path: Path, page: int, folder: Path) -> tuple[dict[str, Any], bytes]:
    """Draw one page and keep all that came of it."""
    answer, data = _errand({"file": str(path), "do": "leaf", "page": page})
    about = json.dumps({name: answer[name] for name in ("pages", "outline")}).encode()
    drawn = answer["page"]
    _keep(folder / path.name, {SUMMARY: about, f"{drawn}.txt": answer["text"].encode(), f"{drawn}.png": data})
    return answer, data


def _exactly(page: int, answer: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    if answer["page"] != page:
        raise Unreadable("no such page")
    return answer, data


def _all_texts(path: Path) -> list[str]:
    """Return the text of all pages; of many, a stretch at a time."""
    texts: list[str] = []
    while True:
        answer, _ = _errand({"file": str(path), "do": "texts", "start": len(texts) + 1})
        texts += answer["texts"]
        if len(texts) >= answer["pages"] or not answer["texts"]:
            return texts


def _errand(asked: Mapping[str, object]) -> tuple[dict[str, Any], bytes]:
    """Have one thing done by a process of its own."""
    command = [sys.executable, "-I", str(PROGRAM)]
    try:
        with TURNS:
            done = subprocess.run(  # noqa: S603 - our own program
                command, input=json.dumps(asked).encode(), capture_output=True, timeout=SECONDS, env={}, check=False
            )
    except subprocess.TimeoutExpired:
        raise Unreadable("took too long") from None
    if done.returncode or len(done.stdout) < HEAD_BYTES:
        raise Unreadable(done.stderr[-200:].decode(errors="replace"))
    end = HEAD_BYTES + int.from_bytes(done.stdout[:HEAD_BYTES])
    answer, data = done.stdout[HEAD_BYTES:end], done.stdout[end:]
    return cast("dict[str, Any]", json.loads(answer)), data


def _kept(place: Path) -> bytes | None:
    """Return what was kept; None when nothing was, or was just swept away."""
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None


def _keep(place: Path, made: Mapping[str, bytes]) -> None:
    """Keep what was made of a file; of many files only those that were looked at last."""
    for folder in (place.parent, place):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, data in made.items():
        with tempfile.NamedTemporaryFile(dir=place, delete=False) as file:
            file.write(data)
        os.replace(file.name, place / name)
    folders = sorted(place.parent.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in folders[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
