"""``mifeng bid make``: a bid folder, for one policy and one bidder, made once."""

import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mifeng.programs.bid.texts import STATES, TEXTS, Failed, said, word
from mifeng.rules.certificates import Use
from mifeng.rules.seal.policy import format_policy, policy_hash
from mifeng.rules.seal.wrap import parse_recovery
from tests.programs.alone import run
from tests.programs.bidding import CODE, NAME, Supplier, serving, supplier
from tests.programs.office import Office, policy

Said = pytest.CaptureFixture[str]


@pytest.fixture
def ours(tmp_path: Path) -> Supplier:
    """Return a supplier with certificates and nothing else."""
    return supplier(tmp_path)


def test_folder_is_made_with_what_the_bidder_fills_in_and_what_nobody_else_reads(ours: Supplier, capsys: Said) -> None:
    assert ours.make(policy(), "--encryption-certificate", ours.home / "open.pem") == 0

    names = {path.name for path in ours.folder.iterdir() if not path.name.startswith(".")}
    parts = {"readout", "price", "business", "technical", "qualification"}
    assert names == parts | {"bid.json", "certificate.pem", "keys", "policy.json", "receipts", "state.json"}
    closed = [ours.folder / "keys", *(ours.folder / "keys").iterdir(), ours.folder / "state.json"]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in closed} == {0}
    assert len((ours.folder / "keys" / "slots").read_text().split()) == 2
    found = capsys.readouterr().out
    hashed = policy_hash(format_policy(policy())).hex()
    assert hashed in found.replace(" ", "")
    assert (ours.state["supplier"], ours.state["code"], ours.state["policy_hash"]) == (NAME, CODE, hashed)


def test_recovery_code_is_shown_once_and_kept_nowhere(ours: Supplier, capsys: Said) -> None:
    ours.make(policy())

    found = re.findall(r"(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}", capsys.readouterr().out)
    code = parse_recovery(found[0])
    kept = b"".join(path.read_bytes() for path in ours.folder.rglob("*") if path.is_file())
    assert len(found) == 1
    assert (found[0].encode() in kept, code in kept, code.hex().encode() in kept) == (False, False, False)


def test_policy_comes_from_the_platform_and_its_address_is_remembered(ours: Supplier) -> None:
    with serving(Office(policy())) as url:
        assert ours.make(f"{url}/reception/{policy().lot_ref.hex()}/policy") == 0

    assert ours.state["server"] == url
    assert (ours.folder / "policy.json").read_bytes() == format_policy(policy())


def test_folder_is_never_made_twice(ours: Supplier, capsys: Said) -> None:
    ours.make(policy())
    before = (ours.folder / "state.json").read_bytes()

    assert ours.make(policy()) == 1
    assert "[folder-made]" in capsys.readouterr().err
    assert (ours.folder / "state.json").read_bytes() == before


def test_what_the_bidder_has_filled_in_stays_when_making_begins_again(ours: Supplier) -> None:
    ours.make(policy())
    ours.fill()
    (ours.folder / "state.json").unlink()

    assert ours.make(policy()) == 0
    assert "4650000.00" in (ours.folder / "bid.json").read_text()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"t": 3}, "policy-unsound"),
        ({"trustees": policy().trustees[:2] * 2}, "policy-unsound"),
        ({"witnesses": ("nonsense",)}, "policy-unreadable"),
    ],
)
def test_policy_under_which_nobody_should_bid_is_refused(
    ours: Supplier, capsys: Said, changes: dict[str, object], code: str
) -> None:
    try:
        data = format_policy(policy(**changes))
    except ValueError:
        data = format_policy(policy()).replace(b"witness.example", b"witness example")
    (ours.home / "policy.json").write_bytes(data)

    assert run("bid", *ours.made("--policy", ours.home / "policy.json"))[0] == 1
    assert ours.run_made("--policy", ours.home / "policy.json") == 1
    assert f"[{code}]" in capsys.readouterr().err
    assert not ours.folder.exists()


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), "source-missing"),
        (("--policy", "{home}/absent"), "policy-unreadable"),
        (("--from", "ftp://example.org/reception/1/policy"), "address-unclear"),
        (("--from", "http://127.0.0.1:9/reception/1/policy", "--patience", "0"), "unanswered"),
        (("--policy", "{home}/policy.json", "--policy-hash", "ab" * 32), "policy-hash"),
        (("--policy", "{home}/policy.json", "--supplier", "丙家具有限公司"), "certificate-other"),
        (("--policy", "{home}/policy.json", "--key", "{home}/open.key"), "key-other"),
        (("--policy", "{home}/policy.json", "--certificate", "{home}/policy.json"), "certificate-unreadable"),
        (("--policy", "{home}/policy.json", "--key", "{home}/absent"), "certificate-unreadable"),
        (("--policy", "{home}/policy.json", *("--encryption-certificate", "{home}/open.pem") * 4), "slots-many"),
        (("--policy", "{home}/policy.json", "--encryption-certificate", "{home}/other.pem"), "certificate-other"),
    ],
)
def test_making_says_what_is_wrong_and_leaves_nothing(
    ours: Supplier, capsys: Said, args: tuple[str, ...], code: str
) -> None:
    (ours.home / "policy.json").write_bytes(format_policy(policy()))
    ours.issue("other", Use.ENCRYPTION, "丙家具有限公司")

    assert ours.run_made(*(arg.format(home=ours.home) for arg in args)) == 1
    assert f"[{code}]" in capsys.readouterr().err
    assert not ours.folder.exists()


def test_certificate_that_has_expired_cannot_sign(ours: Supplier, capsys: Said) -> None:
    ours.issue("sign", at=datetime(2020, 2, 1, tzinfo=UTC))

    assert ours.make(policy()) == 1
    assert "[certificate-expired]" in capsys.readouterr().err


def test_policy_of_another_package_under_an_address_is_refused(ours: Supplier, capsys: Said) -> None:
    office = Office(policy())
    with serving(office) as url:
        place = f"{url}/reception/{office.ref}/policy"
        office.shown = policy(lot_ref=b"x" * 32)
        assert ours.make(place) == 1

    assert "[policy-unreadable]" in capsys.readouterr().err


def test_address_at_which_there_is_no_policy_is_told(ours: Supplier, capsys: Said) -> None:
    with serving(Office(policy())) as url:
        assert ours.make(f"{url}/reception/{'ab' * 32}/policy") == 1

    assert "[refused]" in capsys.readouterr().err


def test_demonstration_keys_are_named_as_such(ours: Supplier, capsys: Said) -> None:
    ours.make(policy(demo=True))

    assert said("demo-keys") in capsys.readouterr().out


def test_program_starts_where_the_server_is_not_installed() -> None:
    code, shown, _ = run("bid", "--help")

    assert code == 0
    assert [name for name in ("make", "seal", "submit", "withdraw", "status", "confirm-key") if name not in shown] == []


@pytest.mark.parametrize("args", [["make"], ["seal"], ["submit", "--dir"], ["unseal"], ["status", "--unknown"]])
def test_program_ends_with_2_where_it_is_called_wrongly(args: list[str]) -> None:
    assert run("bid", *args)[0] == 2


def test_english_is_spoken_where_the_terminal_speaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(Failed("nothing-sealed")) == "还没有密封。先运行 mifeng bid seal。[nothing-sealed]"
    assert word("received") == "已递交，将被开启的是这一版"

    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")

    assert str(Failed("nothing-sealed")) == "Nothing is sealed. Run mifeng bid seal first.[nothing-sealed]"
    assert word("received") == "handed in, this one will be opened"
    assert word("no such word") == "no such word"


def test_both_languages_of_a_sentence_name_the_same_facts() -> None:
    field = re.compile(r"\{(\w+)\}")

    differing = [code for code, (zh, en) in TEXTS.items() if set(field.findall(zh)) != set(field.findall(en))]
    assert differing == []
    assert all(zh and en for zh, en in STATES.values())
