"""Codes and orders of each seat, the mapping laid open, committed scores. LC-2018-80 三(六), R174."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mifeng.rules.blind import (
    ALPHABET,
    CODE_LENGTH,
    CODES,
    CodeMap,
    Fault,
    Grounds,
    Issue,
    Named,
    blind_key,
    code_of,
    commitment,
    format_mapping,
    in_order,
    is_code,
    issue_codes,
    open_commitment,
    order_key,
    parse_mapping,
    score_commitment,
    smallest_counter,
    tie_lot,
    verify_mapping,
)
from mifeng.rules.errors import Tampered
from mifeng.rules.scoring import parse_sheet, parse_template, template_hash
from tests.rules.vectors import named, vectors

BLIND = vectors("blind")
LOT, K_OP = bytes.fromhex(BLIND["lot_ref"]), bytes.fromhex(BLIND["k_op"])
SEEDS = tuple(bytes.fromhex(seed) for seed in BLIND["seeds"])
KEY = blind_key(K_OP, SEEDS)
POSITIONS = tuple(BLIND["positions"])
MAPPING = parse_mapping(BLIND["mapping"].encode())
KEYS = st.binary(min_size=32, max_size=32)


def grounds(fields: dict[str, Any]) -> Grounds:
    return Grounds(
        bytes.fromhex(fields["lot_ref"]),
        bytes.fromhex(fields["committed"]),
        tuple(bytes.fromhex(seed) for seed in fields["seeds"]),
        frozenset(fields["positions"]),
    )


def named_by(fields: dict[str, Any]) -> Named:
    return Named(
        bytes.fromhex(fields["lot_ref"]),
        fields["round"],
        fields["seat"],
        fields["part"],
        bytes.fromhex(fields["template"]),
        frozenset(fields["codes"]),
    )


def test_commitment_and_key_are_the_published_ones() -> None:
    assert commitment(LOT, K_OP).hex() == BLIND["commitment"]
    assert KEY.hex() == BLIND["k_blind"]


def test_codes_and_places_are_the_published_ones() -> None:
    for row in BLIND["seats"]:
        place = (KEY, LOT, row["round"], row["seat"], row["position"])

        assert code_of(*place, row["counter"]) == row["code"]
        assert order_key(*place).hex() == row["ord"]


def test_lots_are_the_published_ones() -> None:
    for row in BLIND["lots"]:
        assert tie_lot(KEY, LOT, row["round"], row["position"]).hex() == row["lot"]


def test_issues_are_the_published_ones() -> None:
    first = issue_codes(KEY, LOT, 1, [one.seat for one in MAPPING.issues[0].seats], POSITIONS)
    successor = issue_codes(KEY, LOT, 1, [one.seat for one in MAPPING.issues[1].seats], POSITIONS, [first])
    second = issue_codes(KEY, LOT, 2, [one.seat for one in MAPPING.issues[2].seats], POSITIONS, [first, successor])

    made = CodeMap(LOT, K_OP, (first, successor, second))
    assert format_mapping(made).decode() == BLIND["mapping"]
    assert parse_mapping(format_mapping(made)) == made


def test_a_seat_sees_its_codes_in_its_order() -> None:
    one = MAPPING.issues[0].seats[0]

    assert one.codes == tuple(line.code for line in one.lines)
    assert [one.positions[code] for code in one.codes] == in_order(KEY, LOT, 1, one.seat, POSITIONS)


def test_every_seat_has_codes_and_an_order_of_its_own() -> None:
    """The technical bids come to each expert in another order, under other codes (错位)."""
    seats = issue_codes(KEY, LOT, 1, [f"s{number}" for number in range(7)], range(1, 13)).seats

    assert len({code for one in seats for code in one.codes}) == 7 * 12
    assert len({tuple(line.position for line in one.lines) for one in seats}) == 7


def test_every_place_is_as_likely_for_every_bid() -> None:
    """Over 600 seats each of four bids stands first 150 times, give or take five standard deviations."""
    first = [in_order(KEY, LOT, 1, f"s{number}", POSITIONS)[0] for number in range(600)]

    assert all(abs(first.count(position) - 150) < 53 for position in POSITIONS)


def test_codes_that_collide_move_the_counter_on() -> None:
    case = BLIND["collision"]
    seats = [one["seat"] for one in case["together"]["seats"]]

    assert {code_of(KEY, LOT, 1, seat, 1, 0) for seat in seats} == {case["clash"]}
    assert shown(issue_codes(KEY, LOT, 1, seats, [1])) == case["together"]


def test_a_successor_s_codes_differ_from_all_given_out_before() -> None:
    case = BLIND["collision"]
    first = issue_codes(KEY, LOT, 1, [case["before"]], [1])
    after = issue_codes(KEY, LOT, 1, [one["seat"] for one in case["after"]["seats"]], [1], [first])

    assert (first.counter, first.codes) == (0, (case["clash"],))
    assert shown(after) == case["after"]
    assert first.codes != after.codes


def shown(issue: Issue) -> dict[str, Any]:
    return {
        "round": issue.round,
        "counter": issue.counter,
        "seats": [
            {
                "seat": one.seat,
                "codes": [{"code": line.code, "position": line.position} for line in one.lines],
            }
            for one in issue.seats
        ],
    }


@settings(max_examples=30)
@given(KEYS, st.sets(st.integers(1, 200), min_size=1, max_size=12), st.integers(1, 3))
def test_codes_of_a_lot_all_differ_and_come_out_the_same_again(key: bytes, positions: set[int], round: int) -> None:
    seats = [f"s{number}" for number in range(7)]
    first = issue_codes(key, LOT, round, seats, positions)
    later = issue_codes(key, LOT, round + 1, seats, positions, [first])

    codes = [*first.codes, *later.codes]
    assert len(set(codes)) == len(codes) == 14 * len(positions)
    assert all(is_code(code) and len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) for code in codes)
    assert issue_codes(key, LOT, round, seats, sorted(positions, reverse=True)) == first


@settings(max_examples=30)
@given(KEYS, st.lists(KEYS, min_size=1, max_size=3), st.sets(st.integers(1, 99), min_size=1, max_size=5))
def test_a_mapping_can_be_computed_anew(k_op: bytes, seeds: list[bytes], positions: set[int]) -> None:
    issue = issue_codes(blind_key(k_op, seeds), LOT, 1, ["a", "b"], positions)
    mapping = CodeMap(LOT, k_op, (issue,))
    known = Grounds(LOT, commitment(LOT, k_op), tuple(seeds), frozenset(positions))

    assert verify_mapping(parse_mapping(format_mapping(mapping)), known) == []


@pytest.mark.parametrize("case", **named(BLIND["mutants"]))
def test_every_published_mutant_of_a_mapping_is_found_and_located(case: dict[str, Any]) -> None:
    found = verify_mapping(parse_mapping(case["mapping"].encode()), grounds(case["grounds"]))

    assert [{"code": fault.code, "place": fault.place} for fault in found] == case["faults"]


def test_every_code_of_a_fault_has_a_mutant_that_only_it_finds() -> None:
    alone = {case["faults"][0]["code"] for case in BLIND["mutants"] if len({f["code"] for f in case["faults"]}) == 1}
    found = {fault["code"] for case in BLIND["mutants"] for fault in case["faults"]}

    assert found == CODES
    # A mapping made for another lot cannot fit the commitment either.
    assert CODES - alone == {"lot-other"}


def test_a_fault_says_what_should_stand_there() -> None:
    case = next(case for case in BLIND["mutants"] if case["name"] == "a counter chosen")
    [fault] = verify_mapping(parse_mapping(case["mapping"].encode()), grounds(case["grounds"]))

    assert fault == Fault("counter-wrong", "issue 3", "0", "1")


@pytest.mark.parametrize("case", **named(BLIND["refused"]))
def test_a_misshapen_mapping_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_mapping(case["text"].encode())


@pytest.mark.parametrize(
    ("round", "seats", "positions", "issued"),
    [
        (0, ["a"], [1], ()),
        (1, ["a"], [0], ()),
        (1, [], [1], ()),
        (1, ["a"], [], ()),
        (1, ["a", "a"], [1], ()),
        (1, ["a"], [1, 1], ()),
        (1, ["a b"], [1], ()),
        (1, ["a"], [1], (issue_codes(KEY, LOT, 1, ["a", "b"], [1]),)),
    ],
)
def test_codes_are_not_issued_to_nobody_or_twice(
    round: int, seats: list[str], positions: list[int], issued: tuple[Issue, ...]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        issue_codes(KEY, LOT, round, seats, positions, issued)


def test_secrets_seeds_and_references_have_one_length() -> None:
    for make in (
        lambda: commitment(LOT[1:], K_OP),
        lambda: commitment(LOT, K_OP + b"\0"),
        lambda: blind_key(K_OP[1:], SEEDS),
        lambda: blind_key(K_OP, [*SEEDS, b""]),
        lambda: tie_lot(KEY[1:], LOT, 1, 1),
        lambda: order_key(KEY, LOT, 1, "", 1),
        lambda: smallest_counter(KEY, LOT[1:], 1, ["a"], [1], ()),
    ):
        with pytest.raises(ValueError, match=r"."):
            make()
    with pytest.raises(ValueError, match="seeds of the draws"):
        blind_key(K_OP, [])


# --- committed scores -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", **named(BLIND["sheets"]))
def test_commitments_to_scores_are_the_published_ones(case: dict[str, str]) -> None:
    committed, salt, sheet = bytes.fromhex(case["committed"]), bytes.fromhex(case["salt"]), case["sheet"].encode()
    own = named_by(BLIND["named"])

    if not case["error"]:
        assert open_commitment(committed, salt, sheet, own) == parse_sheet(sheet)
        assert score_commitment(salt, sheet) == committed
    else:
        with pytest.raises(Tampered if case["error"] == "tampered" else ValueError):
            open_commitment(committed, salt, sheet, own)


def test_the_template_of_the_vectors_is_named_by_its_hash() -> None:
    text = BLIND["template"]["text"].encode()

    assert template_hash(text).hex() == BLIND["template"]["hash"] == BLIND["named"]["template"]
    assert parse_template(text).price_points == 30


OWN = BLIND["sheets"][0]


@given(st.integers(0, len(OWN["sheet"].encode()) - 1), st.integers(1, 255))
def test_any_changed_byte_of_a_sheet_breaks_its_commitment(place: int, change: int) -> None:
    sheet = bytearray(OWN["sheet"].encode())
    sheet[place] ^= change

    with pytest.raises(Tampered):
        open_commitment(
            bytes.fromhex(OWN["committed"]), bytes.fromhex(OWN["salt"]), bytes(sheet), named_by(BLIND["named"])
        )


@given(st.integers(0, 31), st.integers(1, 255))
def test_any_changed_byte_of_a_salt_breaks_its_commitment(place: int, change: int) -> None:
    salt = bytearray(bytes.fromhex(OWN["salt"]))
    salt[place] ^= change

    with pytest.raises(Tampered):
        open_commitment(bytes.fromhex(OWN["committed"]), bytes(salt), OWN["sheet"].encode(), named_by(BLIND["named"]))


def test_a_copied_commitment_cannot_be_opened_as_one_s_own() -> None:
    """Another seat's hash and, later, its sheet: the sheet names the other seat."""
    thief = replace(named_by(BLIND["named"]), seat="host/2")

    with pytest.raises(Tampered, match="another seat"):
        open_commitment(bytes.fromhex(OWN["committed"]), bytes.fromhex(OWN["salt"]), OWN["sheet"].encode(), thief)
