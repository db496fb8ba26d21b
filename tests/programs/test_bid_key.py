"""``mifeng bid confirm-key``: the key goes out only for a list that holds the bid; a wrong one can be tried again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs.bidding import Supplier, serving, supplier
from tests.programs.office import Office, policy

Said = pytest.CaptureFixture[str]


class Opening:
    """A supplier whose bid is listed at the deadline, and the reception that takes keys."""

    def __init__(self, home: Path, office: Office, url: str, code: str) -> None:
        self.ours = Supplier(home)
        self.office = office
        self.url = url
        self.code = code

    @property
    def given(self) -> str:
        """Return the key that the reception has taken; empty before."""
        return "".join(key.hex() for key in self.office.keys.values())

    @property
    def own(self) -> str:
        """Return the key in the folder."""
        [path] = (self.ours.folder / "keys").glob("v1-*.key")
        return path.read_text().strip()

    def confirm(self, *args: object) -> int:
        return self.ours.run("confirm-key", "--patience", "0", *args)


@pytest.fixture
def opening(tmp_path: Path, capsys: Said) -> Iterator[Opening]:
    """Return a bid that is handed in and listed."""
    ours, office = supplier(tmp_path), Office(policy())
    ours.make(policy(), "--encryption-certificate", ours.home / "open.pem")
    code = next(line.strip() for line in capsys.readouterr().out.splitlines() if line.count("-") == 6)
    ours.fill()
    ours.run("seal")
    with serving(office) as url:
        ours.submit(url)
        office.close(office.listed())
        capsys.readouterr()
        yield Opening(tmp_path, office, url, code)


def test_key_is_confirmed_when_the_bid_is_listed(opening: Opening, capsys: Said) -> None:
    assert opening.confirm() == 0

    assert opening.given == opening.own
    assert "密钥已确认。现在谁也还看不到内容" in capsys.readouterr().out
    assert (opening.ours.folder / "receipts" / "close.proof").is_file()


def test_key_is_confirmed_again_without_harm(opening: Opening) -> None:
    assert [opening.confirm(), opening.confirm()] == [0, 0]


def test_key_stays_here_before_there_is_a_list(opening: Opening, capsys: Said) -> None:
    opening.office.opening = {}

    assert opening.confirm() == 1
    assert "[list-missing]" in capsys.readouterr().err
    assert opening.given == ""


def test_key_stays_here_when_the_bid_is_not_on_the_list(opening: Opening, capsys: Said) -> None:
    rows = opening.office.listed()
    opening.office.close([row | {"envelope": "ab" * 32} for row in rows])

    assert opening.confirm() == 1
    assert "[not-listed]" in capsys.readouterr().err
    assert opening.given == ""


@pytest.mark.parametrize("changes", [{"lot_ref": "ab" * 32}, {"policy_hash": "ab" * 32}, {"due": "tomorrow"}])
def test_key_stays_here_when_the_list_does_not_hold(opening: Opening, capsys: Said, changes: dict[str, str]) -> None:
    opening.office.close(opening.office.listed(), **changes)

    assert opening.confirm() == 1
    assert "[receipt-wrong]" in capsys.readouterr().err
    assert opening.given == ""


def test_wrong_key_is_told_here_and_another_is_tried(opening: Opening, capsys: Said) -> None:
    wrong, right = opening.ours.home / "wrong", opening.ours.home / "right"
    wrong.write_text("ab" * 32)
    right.write_text(opening.own.upper() + "\n")

    assert opening.confirm("--key", wrong) == 1
    said = capsys.readouterr().err
    assert "投标文件完好，确认密钥期间可以换一把再试。[key-unfit]" in said
    assert opening.office.calls["key"] == 0
    assert opening.confirm("--key", right) == 0
    assert opening.given == opening.own


def test_wrong_key_is_told_by_the_platform_when_asked_to(opening: Opening, capsys: Said) -> None:
    wrong = opening.ours.home / "wrong"
    wrong.write_text("ab" * 32)

    assert opening.confirm("--key", wrong, "--send-unchecked") == 1
    assert "密钥与承诺不符（key-mismatch，422）" in capsys.readouterr().err
    assert opening.confirm() == 0


def test_key_comes_out_of_the_sealed_file_by_an_encryption_key(opening: Opening) -> None:
    for path in (opening.ours.folder / "keys").glob("v1-*.key"):
        own = path.read_text().strip()
        path.unlink()

    assert opening.confirm() == 1
    assert opening.confirm("--key", opening.ours.home / "open.key") == 0
    assert opening.given == own


def test_key_comes_out_of_the_sealed_file_by_the_recovery_code(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.prompt", lambda text, hide_input: opening.code.lower().replace("-", " "))

    assert opening.confirm("--recovery-code") == 0
    assert opening.given == opening.own


@pytest.mark.parametrize("code", ["", "0000-0000-0000-0000-0000-0000-0000", "U" * 28])
def test_code_that_is_mistyped_is_told(
    opening: Opening, capsys: Said, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr("typer.prompt", lambda text, hide_input: code or "AAAA")

    assert opening.confirm("--recovery-code") == 1
    assert "[code-unclear]" in capsys.readouterr().err


def test_private_key_that_opens_no_slot_is_told(opening: Opening, capsys: Said) -> None:
    assert opening.confirm("--key", opening.ours.home / "sign.key") == 1
    assert "[key-unfit]" in capsys.readouterr().err


@pytest.mark.parametrize(("content", "code"), [(None, "file-unreadable"), ("nonsense", "certificate-unreadable")])
def test_file_without_a_key_is_told(opening: Opening, capsys: Said, content: str | None, code: str) -> None:
    path = opening.ours.home / "nothing"
    if content:
        path.write_text(content)

    assert opening.confirm("--key", path) == 1
    assert f"[{code}]" in capsys.readouterr().err


def test_key_cannot_be_checked_without_the_sealed_file(opening: Opening, capsys: Said) -> None:
    path = opening.ours.folder / "bid-v1.be1"
    path.write_bytes(path.read_bytes()[:100])

    assert opening.confirm() == 1
    assert "[container-changed]" in capsys.readouterr().err
    assert opening.confirm("--send-unchecked") == 0


def test_key_string_is_printed_for_the_page_without_asking_anybody(opening: Opening, capsys: Said) -> None:
    before = opening.office.calls.total()

    assert opening.confirm("--print") == 0

    [bid_ref, s_b] = capsys.readouterr().out.splitlines()[-1].split(":")
    assert (bid_ref, s_b) == (opening.ours.state["bid_ref"], opening.own)
    assert opening.office.calls.total() == before


def test_wrong_key_is_not_printed(opening: Opening, capsys: Said) -> None:
    wrong = opening.ours.home / "wrong"
    wrong.write_text("ab" * 32)

    assert opening.confirm("--print", "--key", wrong) == 1
    assert "[key-unfit]" in capsys.readouterr().err


def test_bid_that_was_taken_back_has_no_key_to_confirm(opening: Opening, capsys: Said) -> None:
    opening.ours.run("withdraw", "--yes")

    assert opening.confirm() == 1
    assert "[not-standing]" in capsys.readouterr().err


def test_status_tells_until_when_keys_are_taken(opening: Opening, capsys: Said) -> None:
    assert opening.ours.run("status") == 0

    shown = capsys.readouterr().out
    assert ("开标：确认密钥" in shown, "确认密钥截止：2026-11-20 10:00:00 北京时间" in shown) == (True, True)
