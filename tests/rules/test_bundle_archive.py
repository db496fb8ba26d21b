"""The file of a bundle: equal content is equal bytes, and nothing else is read. Source: docs/spec/bundle.md §1, §2."""

import base64
import io
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.bundle import (
    Lot,
    format_manifest,
    format_redactions,
    pack,
    parse_manifest,
    parse_redactions,
    stage_of,
    unpack,
)
from mifeng.rules.bundle.archive import MAX_NAME, header
from tests.rules.vectors import named, vectors

VECTORS = vectors("bundle")
FILES = [(one["path"], bytes.fromhex(one["data"])) for one in VECTORS["files"]]
ARCHIVE = base64.b64decode(VECTORS["archive"])


def test_the_archive_is_the_published_one() -> None:
    assert b"".join(pack(FILES)) == ARCHIVE
    assert list(unpack([ARCHIVE])) == FILES


@pytest.mark.parametrize("case", **named(VECTORS["malformed"]))
def test_any_other_archive_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        list(unpack([base64.b64decode(case["archive"])]))


@given(st.integers(1, 700), st.binary(max_size=1200))
def test_an_archive_is_read_in_pieces_of_any_length(step: int, data: bytes) -> None:
    files = [("manifest.json", data), ("a/b.ct", data[:7])]
    archive = b"".join(pack(files))

    assert list(unpack(archive[start : start + step] for start in range(0, len(archive), step))) == files


def test_an_archive_is_a_plain_tar() -> None:
    with tarfile.open(fileobj=io.BytesIO(ARCHIVE)) as archive:
        assert [(one.name, one.size) for one in archive.getmembers()] == [(name, len(data)) for name, data in FILES]


@pytest.mark.parametrize("name", ["", "a/", "/a", "a//b", "../a", "a/../b", "A", "a b", "证据", "a" * (MAX_NAME + 1)])
def test_a_name_that_is_not_allowed_is_never_written(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        header(name, 0)


def test_files_out_of_order_are_never_written() -> None:
    with pytest.raises(ValueError, match="in the order"):
        list(pack([FILES[0], FILES[2], FILES[1]]))


def test_the_manifest_is_the_published_one() -> None:
    data = VECTORS["manifest"].encode()

    assert format_manifest(parse_manifest(data)) == data


@pytest.mark.parametrize("case", **named(VECTORS["malformed_manifests"]))
def test_any_other_manifest_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_manifest(case["text"].encode())


@pytest.mark.parametrize(
    ("states", "stage"),
    [
        ((), "opened"),
        (("failed", "short", "unkeyed"), "opened"),
        (("public", "announced"), "opened"),
        (("evaluated", "announced"), "evaluated"),
        (("awarded", "announced", "failed"), "awarded"),
        (("announced", "void"), "announced"),
        (("void", "void"), "evaluated"),
        (("void", "public"), "opened"),
    ],
)
def test_the_stage_is_that_of_the_last_package(states: tuple[str, ...], stage: str) -> None:
    """What is void goes no further, and what was never opened does not count."""
    assert stage_of([Lot(number, "00" * 32, state) for number, state in enumerate(states, 1)]) == stage


def test_redactions_are_the_published_ones() -> None:
    data = VECTORS["redactions"].encode()

    assert format_redactions(reversed(parse_redactions(data))) == data


@pytest.mark.parametrize("case", **named(VECTORS["malformed_redactions"]))
def test_any_other_redactions_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_redactions(case["text"].encode())
