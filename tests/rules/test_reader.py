"""The simulated reader (模拟读卡器): what is a card, and what is not."""

import pytest

from mifeng.gateways.reader import Card
from mifeng.gateways.reader.simulated import SimulatedReader, card_line, new_face

READER = SimulatedReader()
NUMBER, NAME, FACE = "592801198001010036", "癸实子", "00112233445566ff"


def test_a_card_is_read_back() -> None:
    assert READER.read(f"  {card_line(NUMBER, NAME, FACE)}\n") == Card(NUMBER, NAME, FACE)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "癸实子",
        card_line(NUMBER[:-1], NAME, FACE),
        card_line(NUMBER.replace("5", "x", 1), NAME, FACE),
        card_line(NUMBER, "", FACE),
        card_line(NUMBER, "癸\n子", FACE),
        card_line(NUMBER, "癸|子", FACE),
        card_line(NUMBER, NAME, "00"),
        card_line(NUMBER, NAME, FACE) + "|",
        card_line(NUMBER, NAME, FACE).replace("CARD-1", "CARD-2"),
        card_line(NUMBER, "癸" * 400, FACE),
    ],
)
def test_any_other_line_is_no_card(line: str) -> None:
    assert READER.read(line) is None


def test_a_face_is_one_word() -> None:
    assert READER.matches(FACE, f" {FACE} ")
    assert not READER.matches(FACE, new_face())
    assert not READER.matches(FACE, "癸实子")
    assert new_face() != new_face()
