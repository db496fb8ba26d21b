"""Entries, exports and receipts. Source: docs/spec/log.md §1, §2, §7, §8."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.errors import Tampered
from mifeng.rules.ledger import (
    Disclosed,
    Entry,
    ExportedCheckpoint,
    ExportedEntry,
    Header,
    body_commitment,
    entry_leaf,
    format_entry,
    format_line,
    format_proof,
    format_receipt,
    format_time,
    is_ahead,
    is_behind,
    leaf_hash,
    parse_entry,
    parse_line,
    parse_receipt,
    parse_time,
    parse_vkey,
    verify_receipt,
)
from tests.rules.vectors import named, vectors

LOG = vectors("log")
LOG_KEY, WITNESS_KEY = parse_vkey(LOG["log"]), parse_vkey(LOG["witness"])
RECEIPT = LOG["receipt"]
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
BYTES32 = st.binary(min_size=32, max_size=32)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds carry no zone
ENTRIES = st.builds(
    Entry, NAMES, NAMES, st.one_of(st.just(b""), BYTES32), NAMES, TIMES, BYTES32, st.lists(NAMES, max_size=3).map(tuple)
)
ENTRY = Entry("enter", "tender:1", b"", "agency-1", datetime(2027, 1, 15, 8, tzinfo=UTC), b"b" * 32)


def normal(entry: Entry) -> Entry:
    """Return the entry as it stands after being written: text in normal form C."""
    return parse_entry(format_entry(entry))


@pytest.mark.parametrize("case", LOG["entries"])
def test_leaves_and_commitments_are_the_published_ones(case: dict[str, Any]) -> None:
    data, salt = case["entry"].encode(), bytes.fromhex(case["salt"])
    body, body_salt = case["body"].encode(), bytes.fromhex(case["body_salt"])

    assert entry_leaf(salt, data).hex() == case["leaf"]
    assert body_commitment(body_salt, body).hex() == case["body_commit"]
    assert leaf_hash(bytes.fromhex(case["leaf"])).hex() == case["leaf_hash"]
    assert format_entry(parse_entry(data)) == data
    assert parse_entry(data).body.hex() == case["body_commit"]


@given(ENTRIES)
def test_an_entry_reads_as_it_was_written(entry: Entry) -> None:
    data = format_entry(entry)

    assert format_entry(parse_entry(data)) == data
    assert parse_entry(data).at == entry.at
    assert parse_entry(data).prev == entry.prev


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": "1"},
        {"type": ""},
        {"type": 1},
        {"stream": ""},
        {"actor": ""},
        {"prev": "00"},
        {"prev": "AB" * 32},
        {"prev": 0},
        {"body": ""},
        {"body": "ab" * 31},
        {"t": "2027-01-15T08:00:00Z"},
        {"t": "2027-01-15T08:00:00.000000+00:00"},
        {"t": "2027-13-15T08:00:00.000000Z"},
        {"t": "2027-01-15T24:00:00.000000Z"},
        {"t": 0},
        {"refs": "x"},
        {"refs": [""]},
        {"refs": [1]},
        {"more": "x"},
    ],
)
def test_a_misshapen_entry_is_refused(change: dict[str, object]) -> None:
    fields = parse_canonical(format_entry(ENTRY))
    assert isinstance(fields, dict)

    with pytest.raises(ValueError, match=r".+"):
        parse_entry(canonical(fields | change))


@pytest.mark.parametrize("data", [b"[]", b"{}", b'"x"', b"", b"{", format_entry(ENTRY) + b" "])
def test_what_is_no_entry_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_entry(data)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ENTRY, type=""),
        replace(ENTRY, prev=b"short"),
        replace(ENTRY, body=b""),
        replace(ENTRY, refs=("",)),
        replace(ENTRY, at=datetime(2027, 1, 15, 8)),  # noqa: DTZ001 - the point of the case
    ],
)
def test_an_entry_that_no_verifier_would_accept_is_not_written(wrong: Entry) -> None:
    with pytest.raises(ValueError, match=r".+"):
        format_entry(wrong)


def test_times_are_written_in_one_form() -> None:
    beijing = datetime(2026, 11, 22, 8, 12, 3, 5, tzinfo=timezone(timedelta(hours=8)))

    assert format_time(beijing) == "2026-11-22T00:12:03.000005Z"
    assert parse_time("2026-11-22T00:12:03.000005Z") == beijing
    with pytest.raises(ValueError, match="zone"):
        format_time(datetime(2026, 11, 22))  # noqa: DTZ001 - the point of the case


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_salt_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        entry_leaf(b"s" * size, b"{}")
    with pytest.raises(ValueError, match="32 bytes"):
        body_commitment(b"s" * size, b"{}")
    with pytest.raises(ValueError, match="32 bytes"):
        Disclosed(b"{}", b"s" * size)
    with pytest.raises(ValueError, match="32 bytes"):
        Disclosed(b"{}", b"s" * 32, b"{}", b"s" * size)


def test_a_body_is_laid_open_with_its_salt_or_not_at_all() -> None:
    with pytest.raises(ValueError, match="with its salt"):
        Disclosed(b"{}", b"s" * 32, body=b"{}")
    with pytest.raises(ValueError, match="with its salt"):
        Disclosed(b"{}", b"s" * 32, body_salt=b"s" * 32)
    assert Disclosed(b"{}", b"s" * 32).body_commit is None


# export ---------------------------------------------------------------------------------------------------------------


def test_export_lines_are_the_published_ones() -> None:
    rows = [line.encode() + b"\n" for line in LOG["export"]]
    lines = [parse_line(row) for row in rows]

    assert [format_line(line) for line in lines] == rows
    assert lines[0] == Header(LOG["origin"], LOG_KEY, (WITNESS_KEY,))
    assert [line.index for line in lines if isinstance(line, ExportedEntry)] == list(range(6))
    assert [line.disclosed.leaf for line in lines if isinstance(line, ExportedEntry)] == [
        bytes.fromhex(case["leaf"]) for case in LOG["entries"]
    ]
    assert sum(isinstance(line, ExportedCheckpoint) for line in lines) == 4


@given(
    st.integers(0, 2**53 - 1), st.binary(max_size=40), BYTES32, st.none() | st.tuples(st.binary(max_size=40), BYTES32)
)
def test_an_exported_entry_reads_as_it_was_written(
    index: int, data: bytes, salt: bytes, body: tuple[bytes, bytes] | None
) -> None:
    line = ExportedEntry(index, entry_leaf(salt, data), Disclosed(data, salt, *(body or ())))

    assert parse_line(format_line(line)) == line


def changed(line: int, **fields: object) -> bytes:
    """Return a line of the published export with some fields changed, in canonical form."""
    shown = parse_canonical(LOG["export"][line].encode())
    assert isinstance(shown, dict)
    return canonical({key: value for key, value in (shown | fields).items() if value != "absent"}) + b"\n"


@pytest.mark.parametrize(
    "row",
    [
        b"",
        b"\n",
        b"[]\n",
        b"{}\n",
        b'{"a":"b"}\n',
        LOG["export"][1].encode(),
        LOG["export"][1].encode() + b"\r\n",
        changed(0, format="mifeng-log/2"),
        changed(0, origin="log.example/other"),
        changed(0, origin=1),
        changed(0, log=LOG["witness"]),
        changed(0, log=LOG["log"] + "\n"),
        changed(0, witnesses=[LOG["log"]]),
        changed(0, witnesses=[1]),
        changed(0, witnesses="absent"),
        changed(0, more="x"),
        changed(1, index="absent"),
        changed(1, index=-1),
        changed(1, index=True),
        changed(1, index="0"),
        changed(1, leaf="absent"),
        changed(1, leaf="ab"),
        changed(1, leaf="zz" * 32),
        changed(1, leaf="ß" * 32),
        changed(1, leaf="AB" * 32),
        changed(1, salt="absent"),
        changed(1, data="!"),
        changed(1, body="absent"),
        changed(1, body_salt="00"),
        changed(1, more="x"),
        changed(3, more="x"),
        changed(3, checkpoint=1),
    ],
)
def test_a_misshapen_line_is_refused(row: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_line(row)


def test_a_log_in_test_mode_says_so() -> None:
    key = replace(LOG_KEY, name="log.example/linyi/test")

    assert Header(key.name, key).is_test
    assert not Header(LOG["origin"], LOG_KEY).is_test


# receipts -------------------------------------------------------------------------------------------------------------


def test_the_published_receipt_proves_its_entry() -> None:
    proven = verify_receipt(RECEIPT["text"], LOG_KEY, [WITNESS_KEY])

    assert (proven.index, proven.leaf.hex()) == (RECEIPT["index"], RECEIPT["leaf"])
    assert proven.entry == parse_entry(LOG["entries"][3]["entry"].encode())
    assert dict(proven.seen) == {WITNESS_KEY.name: RECEIPT["seen"]}
    assert proven.checkpoint.size == 4
    assert proven.checkpoint.root.hex() == LOG["roots"][4]
    assert verify_receipt(RECEIPT["with_body"], LOG_KEY).leaf == proven.leaf


def test_a_receipt_is_written_as_it_is_read() -> None:
    for text in (RECEIPT["text"], RECEIPT["with_body"]):
        receipt = parse_receipt(text)
        assert receipt.disclosed is not None

        assert format_receipt(receipt.index, receipt.proof, receipt.note, receipt.disclosed) == text


def test_a_proof_without_an_entry_is_a_proof_but_no_receipt() -> None:
    receipt = parse_receipt(RECEIPT["text"])
    bare = format_proof(receipt.index, receipt.proof, receipt.note)

    assert parse_receipt(bare) == replace(receipt, disclosed=None)
    with pytest.raises(ValueError, match="lay its entry open"):
        verify_receipt(bare, LOG_KEY)


@pytest.mark.parametrize("case", **named(RECEIPT["refused"]))
def test_a_receipt_that_does_not_fit_is_found(case: dict[str, Any]) -> None:
    with pytest.raises(Tampered):
        verify_receipt(case["text"], LOG_KEY, [WITNESS_KEY])


@pytest.mark.parametrize("case", **named(RECEIPT["malformed"]))
def test_a_misshapen_receipt_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        verify_receipt(case["text"], LOG_KEY, [WITNESS_KEY])


@given(st.integers(0, len(RECEIPT["text"].encode()) - 1), st.integers(1, 255))
def test_any_changed_byte_of_a_receipt_is_found(place: int, change: int) -> None:
    raw = bytearray(RECEIPT["text"].encode())
    raw[place] ^= change

    with pytest.raises((ValueError, Tampered)):
        verify_receipt(raw.decode(), LOG_KEY, [WITNESS_KEY])


def test_clocks_may_differ_by_a_minute() -> None:
    at = datetime(2027, 1, 15, 8, tzinfo=UTC)
    seen = int(at.timestamp())

    assert not is_ahead(at, seen - 60)
    assert is_ahead(at + timedelta(microseconds=1), seen - 60)
    assert not is_behind(at, seen + 60)
    assert is_behind(at - timedelta(microseconds=1), seen + 60)
