"""The verifier finds and locates everything that is wrong with an exported log. Source: docs/spec/log.md §8."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mifeng.programs.verify.audit import Audit
from mifeng.programs.verify.checkpoints import Trust
from mifeng.programs.verify.faults import TEXTS, UNCHECKED, Fault
from mifeng.rules.ledger import parse_note, parse_vkey
from tests.programs.logs import Log
from tests.rules.vectors import named, vectors

LOG = vectors("log")
EXPORT: list[str] = LOG["export"]
WHOLE = "".join(f"{line}\n" for line in EXPORT).encode()
TRUST = Trust(parse_vkey(LOG["log"]), (parse_vkey(LOG["witness"]),))
START = 1_800_000_000


def rows(lines: Iterable[int | str]) -> list[bytes]:
    """Return lines of an export: a number stands for the published line."""
    return [f"{EXPORT[line - 1] if isinstance(line, int) else line}\n".encode() for line in lines]


def found(lines: Iterable[bytes], trust: Trust = TRUST) -> list[Fault]:
    """Return all faults of an export."""
    return list(Audit(trust).faults(lines))


def spots(faults: Iterable[Fault]) -> list[tuple[str, int, int]]:
    """Return code, line and index of faults, in a fixed order."""
    return sorted((fault.code, fault.line, -1 if fault.index is None else fault.index) for fault in faults)


def wanted(case: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Return what a vector says must be found."""
    return spots(Fault(fault["code"], fault["line"], fault["index"]) for fault in case["faults"])


def codes(faults: Iterable[Fault]) -> set[str]:
    """Return the codes of faults."""
    return {fault.code for fault in faults}


def test_the_published_log_is_without_fault() -> None:
    audit = Audit(TRUST)

    assert list(audit.faults(rows(range(1, 12)))) == []
    assert audit.summary == {
        "ok": True,
        "entries": 6,
        "streams": 2,
        "checkpoints": 4,
        "size": 6,
        "cosigned_by": ["witness.example/notary"],
        "faults": 0,
        "unchecked": [],
    }


@pytest.mark.parametrize("case", **named(LOG["mutants"]))
def test_every_published_mutant_is_found_and_located(case: dict[str, Any]) -> None:
    assert spots(found(rows(case["lines"]))) == wanted(case)


@pytest.mark.parametrize("case", **named(LOG["against"]))
def test_checkpoints_kept_from_earlier_bring_a_fork_to_light(case: dict[str, Any]) -> None:
    trust = Trust(TRUST.log, TRUST.witnesses, (parse_note(case["note"]),))

    assert spots(found(rows(range(1, 12)), trust)) == wanted(case)


def test_every_fault_says_in_chinese_what_and_where() -> None:
    faults = [fault for case in LOG["mutants"] for fault in found(rows(case["lines"]))]
    faults += [
        fault
        for case in LOG["against"]
        for fault in found(rows(range(1, 12)), Trust(TRUST.log, TRUST.witnesses, (parse_note(case["note"]),)))
    ]

    assert codes(faults) == set(TEXTS)
    for fault in faults:
        assert "{" not in fault.text
        assert "None" not in fault.text
        assert fault.text.endswith("。")


def test_a_fault_names_stream_and_values() -> None:
    case = next(case for case in LOG["mutants"] if case["name"] == "two entries of a stream swapped")
    later, wrong, backwards = (
        next(fault for fault in found(rows(case["lines"])) if fault.code == code)
        for code in ("prev-later", "prev-wrong", "time-backwards")
    )

    assert (later.stream, later.index, later.other) == ("tender:1", 2, 3)
    assert (wrong.expected, wrong.found) == (LOG["entries"][3]["leaf"], LOG["entries"][0]["leaf"])
    assert (backwards.expected, backwards.found) == ("2027-01-15T08:01:50.000000Z", "2027-01-15T08:01:40.000000Z")


@settings(max_examples=200)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_any_changed_byte_is_found(place: int, change: int) -> None:
    raw = bytearray(WHOLE)
    raw[place] ^= change

    assert found(bytes(raw).splitlines(keepends=True))
    assert found(bytes(raw).splitlines(keepends=True), Trust())


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 2000))
def test_any_missing_bytes_are_found(place: int, length: int) -> None:
    rest = WHOLE[:place] + WHOLE[place + length :]
    # What ends with an earlier cosigned checkpoint is an earlier state of the same log: true, only old.
    earlier = [len(b"".join(rows(range(1, last + 1)))) for last in (4, 7)]

    assert found(rest.splitlines(keepends=True)) or (len(rest) in earlier and WHOLE.startswith(rest))


@given(st.permutations(range(2, 12)))
def test_any_other_order_is_found(order: list[int]) -> None:
    assert bool(found(rows([1, *order]))) == (order != list(range(2, 12)))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.data())
def test_any_order_of_a_longer_log_is_found(streams: list[int], data: st.DataObject) -> None:
    log = Log()
    for second, stream in enumerate(streams):
        log.entry(f"tender:{stream}", START + second)
    log.checkpoint(START + 60)
    order = data.draw(st.permutations(range(len(streams))))
    lines = [log.lines[0], *(log.lines[1 + place] for place in order), log.lines[-1]]

    assert bool(found(lines, log.trust)) == (order != list(range(len(streams))))


def test_without_keys_the_file_is_taken_at_its_word_and_that_is_said() -> None:
    audit = Audit(Trust())

    assert list(audit.faults(rows(range(1, 12)))) == []
    assert audit.unchecked == ["log-key", "witness-keys"]
    assert set(audit.unchecked) <= set(UNCHECKED)


def test_a_forged_log_is_found_by_a_key_known_from_elsewhere() -> None:
    log = Log(seed=b"forger")
    log.entry("tender:1", START)
    log.checkpoint(START)

    assert found(log.lines, Trust()) == []
    assert codes(found(log.lines, Trust(log=TRUST.log))) == {
        "key-other",
        "signature-missing",
        "signature-unknown",
    }
    assert codes(found(log.lines, Trust(witnesses=TRUST.witnesses))) == {"cosignature-missing"}


def test_a_log_without_witness_is_read_and_that_is_said() -> None:
    log = Log(witnesses=0)
    log.entry("tender:1", START)
    log.checkpoint(None)
    audit = Audit(Trust(log=log.key.verifier))

    assert list(audit.faults(log.lines)) == []
    assert audit.unchecked == ["witnesses"]


def test_every_witness_asked_for_must_have_cosigned_the_last_checkpoint() -> None:
    log = Log(witnesses=2)
    log.entry("tender:1", START)
    log.checkpoint(START, by=[0, 1])
    log.entry("tender:1", START + 1)
    log.checkpoint(START + 1, by=[0])
    first, second = (key.verifier for key in log.witnesses)

    assert found(log.lines, Trust()) == []
    assert found(log.lines, Trust(witnesses=(first,))) == []
    assert spots(found(log.lines, Trust(witnesses=(first, second)))) == [("cosignature-missing", 0, 2)]


def test_times_are_held_against_the_earliest_witness() -> None:
    log = Log(witnesses=2)
    log.entry("tender:1", START + 61)
    log.checkpoint({0: START + 500, 1: START})

    assert spots(found(log.lines, log.trust)) == [("time-ahead", 2, 0)]


@pytest.mark.parametrize(("late", "codes_found"), [(60, set()), (61, {"time-ahead"})])
def test_clocks_may_differ_by_a_minute_and_no_more_ahead(late: int, codes_found: set[str]) -> None:
    log = Log()
    log.entry("tender:1", START + late)
    log.checkpoint(START)

    assert codes(found(log.lines, log.trust)) == codes_found


@pytest.mark.parametrize(("early", "codes_found"), [(60, set()), (61, {"time-behind"})])
def test_clocks_may_differ_by_a_minute_and_no_more_behind(early: int, codes_found: set[str]) -> None:
    log = Log()
    log.entry("tender:1", START - 1000)
    log.checkpoint(START)
    log.entry("tender:2", START - early)
    log.checkpoint(START + 1)

    assert codes(found(log.lines, log.trust)) == codes_found


def test_an_entry_kept_waiting_is_not_back_dated_as_long_as_no_witness_saw_the_log_without_it() -> None:
    log = Log()
    log.entry("tender:1", START)
    log.checkpoint(START)
    log.entry("tender:2", START + 10)
    log.checkpoint(None)
    log.entry("tender:1", START + 5000)
    log.checkpoint(START + 5001)

    assert found(log.lines, log.trust) == []


def test_the_clock_of_a_test_log_is_not_held_against_its_witness() -> None:
    log = Log(origin="log.example/linyi/test")
    log.entry("tender:1", START + 86400 * 30)
    log.checkpoint(START)
    log.entry("tender:1", START + 86400 * 20)
    log.checkpoint(START)
    audit = Audit(log.trust)

    assert codes(audit.faults(log.lines)) == {"time-backwards"}
    assert audit.unchecked == ["witnessed-time"]


def test_a_time_beyond_the_calendar_is_shown_as_a_number() -> None:
    log = Log()
    log.entry("tender:1", START)
    log.checkpoint(2**62)
    log.entry("tender:1", START)
    log.checkpoint(2**62)
    (behind,) = found(log.lines, log.trust)

    assert (behind.code, behind.expected) == ("time-behind", str(2**62))


def test_a_checkpoint_of_nothing_may_begin_a_log() -> None:
    log = Log()
    log.checkpoint(START)
    log.entry("tender:1", START)
    log.checkpoint(START)

    assert found(log.lines, log.trust) == []
    assert found(log.lines, Trust(log.key.verifier, (), (parse_note(log.notes[0]),))) == []


def test_a_line_without_end_is_refused() -> None:
    assert codes(found([*rows(range(1, 11)), EXPORT[10].encode()])) == {
        "line-wrong",
        "entries-uncovered",
        "cosignature-missing",
    }
