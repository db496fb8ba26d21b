"""Pages of a PDF as pictures (文件页面), with their text and the outline, made by a process of its own.

A page reaches the desk as a picture and as text: nothing else of a file does, neither what its metadata say nor what a
viewer would run. The library that draws pages is large, and the files come from outside: it runs in ``drawing``, a
process for one errand with bounds on memory and time, without settings, database or keys.

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
class Contents:
    """What a file says about itself (文件内容): the text of each page and the outline."""

    texts: tuple[str, ...]
    outline: tuple[Heading, ...]

    def find(self, words: str) -> list[int]:
        """Return the pages, from 1, on which words stand, whatever blanks are between them (查找)."""
        wanted = _plain(words)
        return [number for number, text in enumerate(self.texts, 1) if wanted in _plain(text)] if wanted else []


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on a page (标示): left, top, width and height in hundredths of the page."""

    left: float
    top: float
    width: float
    height: float


def contents(path: Path, folder: Path) -> Contents:
    """Return text and outline of a file, kept below a folder once they were read.

    Raises:
        Unreadable: when the file cannot be read.
    """
    kept = folder / path.name / "contents.json"
    data = _kept(kept)
    if data is None:
        answer, _ = _errand({"file": str(path), "do": "contents"})
        data = json.dumps(answer).encode()
        _keep(kept, data)
    read = json.loads(data)
    return Contents(tuple(read["texts"]), tuple(Heading(*one) for one in read["outline"]))


def picture(path: Path, page: int, folder: Path) -> bytes:
    """Return one page, from 1, as a PNG.

    Raises:
        Unreadable: when the file cannot be read, or has no such page.
    """
    kept = folder / path.name / f"{page}.png"
    data = _kept(kept)
    if data is None:
        _, data = _errand({"file": str(path), "do": "picture", "page": page})
        _keep(kept, data)
    return data


def marks(path: Path, page: int, words: str) -> tuple[Mark, ...]:
    """Return where words stand on a page.

    Raises:
        Unreadable: when the file cannot be read, or has no such page.
    """
    answer, _ = _errand({"file": str(path), "do": "marks", "page": page, "words": words})
    return tuple(Mark(*one) for one in answer["marks"])


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


def _keep(place: Path, data: bytes) -> None:
    """Keep what was made; of many files only those that were looked at last."""
    for folder in (place.parent.parent, place.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
        file.write(data)
    os.replace(file.name, place)
    folders = sorted(place.parent.parent.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in folders[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
