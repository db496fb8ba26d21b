"""``mifeng bid seal``: what the folder holds becomes one sealed file that opens to exactly that."""

import hashlib
import json
import stat
from pathlib import Path

import pytest

from mifeng.programs.bid import sealing
from mifeng.rules.readout import FILE, parse_readout
from mifeng.rules.seal.envelope import Seal, parse_seal, read_header, verify_ciphertexts
from mifeng.rules.seal.opening import matches_key
from mifeng.rules.seal.part import MAX_FILES
from tests.programs.alone import run
from tests.programs.bidding import Supplier, supplier
from tests.programs.office import policy

Said = pytest.CaptureFixture[str]


@pytest.fixture
def ours(tmp_path: Path) -> Supplier:
    """Return a supplier with a bid folder that is filled in."""
    found = supplier(tmp_path)
    found.make(policy())
    found.fill()
    return found


def seal_of(ours: Supplier, number: int = 1) -> Seal:
    """Return the header of a sealed version whose ciphertexts are what it names."""
    header, ciphertexts = read_header((ours.folder / f"bid-v{number}.be1").read_bytes())
    seal = parse_seal(header)
    verify_ciphertexts(seal, ciphertexts)
    return seal


def test_version_is_sealed_and_its_key_kept_for_the_owner_alone(ours: Supplier, capsys: Said) -> None:
    assert ours.run("seal") == 0

    seal, [version] = seal_of(ours), ours.state["versions"]
    container = (ours.folder / "bid-v1.be1").read_bytes()
    assert version == {
        "number": 1,
        "envelope": seal.envelope_hash.hex(),
        "prev": "",
        "sha256": hashlib.sha256(container).hexdigest(),
        "size": len(container),
        "step": "sealed",
        "leaf": "",
    }
    kept = ours.folder / "keys" / f"v1-{version['envelope'][:16]}.key"
    assert matches_key(seal, bytes.fromhex(kept.read_text()))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    shown = capsys.readouterr().out
    assert version["envelope"] in shown.replace(" ", "")
    assert "4650000.00 元，大写 肆佰陆拾伍万元整" in shown
    assert "技术方案.pdf" in shown


def test_what_will_be_read_out_lies_in_its_own_folder(ours: Supplier) -> None:
    ours.run("seal")

    readout = parse_readout((ours.folder / "readout" / FILE).read_bytes())
    assert (str(readout.price_yuan), readout.price_words, readout.agrees) == ("4650000.00", "肆佰陆拾伍万元整", True)


def test_nothing_in_the_sealed_file_shows_what_is_inside(ours: Supplier) -> None:
    ours.run("seal")

    container = (ours.folder / "bid-v1.be1").read_bytes()
    secret = ("乙家具", "91150800", "4650000", "技术方案", "BH-2026-001", "PDF-1.7 plan")
    assert [text for text in secret if text.encode() in container] == []


def test_every_field_that_is_missing_is_named_at_once(ours: Supplier, capsys: Said) -> None:
    (ours.folder / "bid.json").write_text('{"price": "1.00"}')

    assert ours.run("seal") == 1
    assert "delivery（交付期限）、quality（质量承诺）" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "bid-unreadable"),
        ("[]", "bid-unreadable"),
        ('{"price": "1e6", "delivery": "a", "quality": "b"}', "price-unclear"),
        ('{"price": "1000000000000", "delivery": "a", "quality": "b"}', "price-unclear"),
        ('{"price": "1.00", "delivery": "a", "quality": "%s"}' % ("b" * 501), "bid-unreadable"),
        ('{"price": "1.00", "price_words": "贰元整", "delivery": "a", "quality": "b"}', "words-differ"),
    ],
)
def test_what_cannot_be_read_out_is_not_sealed(ours: Supplier, capsys: Said, text: str, code: str) -> None:
    (ours.folder / "bid.json").write_text(text)

    assert ours.run("seal") == 1
    assert f"[{code}]" in capsys.readouterr().err
    assert ours.state["versions"] == []


def test_words_that_differ_are_sealed_when_asked_for(ours: Supplier) -> None:
    assert ours.run("seal", "--price-words", "肆佰陆拾万元整") == 1
    assert ours.run("seal", "--price-words", "肆佰陆拾万元整", "--accept-words") == 0

    assert not parse_readout((ours.folder / "readout" / FILE).read_bytes()).agrees


def test_figures_typed_as_a_number_are_understood(ours: Supplier) -> None:
    (ours.folder / "bid.json").write_text(json.dumps({"price": 4650000, "delivery": "30日", "quality": "合格"}))

    assert ours.run("seal") == 0
    assert parse_readout((ours.folder / "readout" / FILE).read_bytes()).price_words == "肆佰陆拾伍万元整"


@pytest.mark.parametrize(
    ("place", "code"),
    [("technical/附件/图.pdf", "folder-inside"), ("readout/其他.txt", "readout-other")],
)
def test_file_in_a_wrong_place_is_named(ours: Supplier, capsys: Said, place: str, code: str) -> None:
    (ours.folder / place).parent.mkdir(exist_ok=True)
    (ours.folder / place).write_text("x")

    assert ours.run("seal") == 1
    assert f"[{code}]" in capsys.readouterr().err


def test_name_that_could_deceive_is_not_sealed(ours: Supplier, capsys: Said) -> None:
    (ours.folder / "technical" / "fdp.\u202eexe").write_text("x")

    assert ours.run("seal") == 1
    assert "[not-sealed]" in capsys.readouterr().err
    assert ours.state["versions"] == []


def test_more_files_than_a_part_holds_are_not_sealed(ours: Supplier, capsys: Said) -> None:
    for number in range(MAX_FILES):
        (ours.folder / "technical" / f"{number}.txt").touch()

    assert ours.run("seal") == 1
    assert "[too-many-files]" in capsys.readouterr().err
    assert ours.state["versions"] == []


def test_bid_without_any_file_is_not_sealed(ours: Supplier, capsys: Said) -> None:
    for path in [*(ours.folder / "technical").iterdir(), *(ours.folder / "price").iterdir()]:
        path.unlink()

    assert ours.run("seal") == 1
    assert "[nothing-to-seal]" in capsys.readouterr().err


def test_leftovers_of_other_programs_are_no_part_of_a_bid(ours: Supplier, capsys: Said) -> None:
    for name in (".DS_Store", "~$技术方案.docx", "Thumbs.db"):
        (ours.folder / "technical" / name).write_text("x")

    assert ours.run("seal") == 0
    assert "读取 3 个文件" in capsys.readouterr().out


def test_version_that_was_never_sent_is_replaced_by_the_next(ours: Supplier) -> None:
    ours.run("seal")
    before = ours.latest["envelope"]
    ours.fill("4600000.00")

    assert ours.run("seal") == 0

    [version] = ours.state["versions"]
    assert (version["number"], version["prev"], version["envelope"] != before) == (1, "", True)
    assert seal_of(ours).envelope_hash.hex() == version["envelope"]
    assert len(list((ours.folder / "keys").glob("v1-*.key"))) == 2


def test_bid_larger_than_the_policy_allows_is_not_sealed(tmp_path: Path, capsys: Said) -> None:
    ours = supplier(tmp_path)
    ours.make(policy(envelope_bytes=100_000))
    ours.fill(technical=bytes(200_000))

    assert ours.run("seal") == 1
    assert "[too-large]" in capsys.readouterr().err


def test_large_file_is_sealed_and_opened_on_trial(ours: Supplier) -> None:
    ours.fill(technical=b"%PDF" + bytes(12 * 2**20))

    assert ours.run("seal") == 0
    assert ours.latest["size"] > 12 * 2**20


def test_policy_changed_under_the_bidder_s_hands_is_noticed(ours: Supplier, capsys: Said) -> None:
    path = ours.folder / "policy.json"
    path.write_bytes(path.read_bytes().replace(b'"window_minutes":30', b'"window_minutes":31'))

    assert ours.run("seal") == 1
    assert "[policy-hash]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "code"),
    [("keys/submit.key", "key-missing"), ("keys/slots", "key-missing"), ("certificate.pem", "certificate-unreadable")],
)
def test_missing_file_of_the_folder_is_named(ours: Supplier, capsys: Said, name: str, code: str) -> None:
    (ours.folder / name).unlink()

    assert ours.run("seal") == 1
    assert f"[{code}]" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"versions": [{}]}'])
def test_damaged_memory_is_no_reason_to_guess(ours: Supplier, capsys: Said, text: str) -> None:
    (ours.folder / "state.json").write_text(text)

    assert ours.run("seal") == 1
    assert "[folder-damaged]" in capsys.readouterr().err


def test_folder_that_is_not_there_or_not_made_is_told(tmp_path: Path, capsys: Said) -> None:
    ours = supplier(tmp_path)

    assert ours.run("seal") == 1
    ours.folder.mkdir()
    assert ours.run("seal") == 1
    assert capsys.readouterr().err.count("[folder-missing]") == 2


def test_two_commands_at_once_do_not_share_a_folder(ours: Supplier) -> None:
    with sealing.Folder(ours.folder).alone():
        code, _, said = run("bid", "seal", "--dir", ours.folder)

    assert (code, "[folder-busy]" in said) == (1, True)


def test_sealing_where_the_server_is_not_installed(ours: Supplier) -> None:
    code, shown, said = run("bid", "seal", "--dir", ours.folder)

    assert (code, said) == (0, "")
    assert "第 1 版已密封并通过自检" in shown
