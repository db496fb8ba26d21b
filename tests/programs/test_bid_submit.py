"""``mifeng bid submit``, ``withdraw`` and ``status``: handed in once, resumably, and believed by signatures only."""

import json
from pathlib import Path

import pytest

from mifeng.programs.bid import reception
from mifeng.rules.ledger import Kind, SigningKey
from tests.programs.bidding import Supplier, serving, supplier
from tests.programs.office import STRANGER, Office, policy, receipt

Said = pytest.CaptureFixture[str]


@pytest.fixture
def ours(tmp_path: Path) -> Supplier:
    """Return a supplier with a first version sealed."""
    found = supplier(tmp_path)
    found.make(policy())
    found.fill()
    found.run("seal")
    return found


@pytest.fixture
def office() -> Office:
    """Return the reception for the package."""
    return Office(policy())


def test_bid_is_handed_in_and_its_receipts_are_kept(ours: Supplier, office: Office, capsys: Said) -> None:
    with serving(office) as url:
        assert ours.submit(url) == 0

    [lying] = office.bids.values()
    assert lying.seal.envelope_hash.hex() == ours.latest["envelope"]
    assert (ours.latest["step"], ours.state["bound"], ours.state["server"]) == ("submitted", True, url)
    shown = capsys.readouterr().out
    assert "R1 已递交：回执成立，递交时间 2026-11-19 16:42:07 北京时间" in shown
    assert "R2 可开启：2 个托管方已确认份额（需要 2）" in shown
    assert (ours.folder / "receipts" / "R1-v1.proof").read_text().startswith("c2sp.org/tlog-proof@v1\n")
    assert len(json.loads((ours.folder / "receipts" / "R2-v1.json").read_text())["acks"]) == 2


def test_first_submission_needs_a_ticket_and_a_platform(ours: Supplier, office: Office, capsys: Said) -> None:
    assert ours.run("submit") == 1
    with serving(office) as url:
        assert ours.run("submit", "--server", url) == 1
        assert ours.run("submit", "--server", url, "--ticket", "wrong") == 1
        assert ours.run("submit", "--server", url, "--ticket", "递交码") == 1
        assert ours.run("submit", "--server", "platform") == 1

    said = capsys.readouterr().err
    codes = ("[server-missing]", "[ticket-missing]", "[ticket-unclear]", "[address-unclear]")
    assert [code in said for code in codes] == [True] * 4
    assert "平台没有受理：递交码无效（ticket-invalid，403）[refused]" in said
    assert (office.bids, ours.state["bound"]) == ({}, False)


def test_nothing_is_handed_in_before_it_is_sealed(tmp_path: Path, office: Office, capsys: Said) -> None:
    ours = supplier(tmp_path)
    ours.make(policy())

    with serving(office) as url:
        assert ours.submit(url) == 1
        assert ours.run("status", "--server", url) == 1

    assert capsys.readouterr().err.count("[nothing-sealed]") == 2
    assert office.calls["submit"] == 0


def test_nothing_is_uploaded_where_the_platform_shows_another_policy(
    ours: Supplier, office: Office, capsys: Said
) -> None:
    office.shown = policy(window_minutes=31)

    with serving(office) as url:
        assert ours.submit(url) == 1

    assert "[policy-other]" in capsys.readouterr().err
    assert (office.staged, office.calls["bind"]) == ({}, 0)


def test_upload_goes_on_where_the_connection_broke(
    ours: Supplier, office: Office, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "PIECE", 64 * 1024)
    ours.fill(technical=bytes(400_000))
    ours.run("seal")
    office.drop_at = 200_000

    with serving(office) as url:
        assert ours.submit(url, "--patience", "0") == 1
        assert (ours.latest["step"], office.bids) == ("sealed", {})
        assert ours.submit(url, "--patience", "0") == 0

    assert "[unanswered]" in capsys.readouterr().err
    size = ours.latest["size"]
    assert 200_000 <= office.received <= size + 64 * 1024
    assert len(office.staged[ours.latest["sha256"]]) == size


def test_broken_connection_is_taken_up_within_one_command(
    ours: Supplier, office: Office, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.setattr(reception, "PIECE", 64 * 1024)
    ours.fill(technical=bytes(400_000))
    ours.run("seal")
    office.drop_at = 150_000

    with serving(office) as url:
        assert ours.submit(url, "--patience", "5") == 0

    assert "上传 100%" in capsys.readouterr().err
    assert office.calls["submit"] == 1


def test_platform_that_is_down_is_told_and_nothing_is_lost(ours: Supplier, capsys: Said) -> None:
    before = (ours.folder / "state.json").read_bytes()

    assert ours.submit("http://127.0.0.1:9") == 1

    assert "稍后重做同一条命令即可。[unanswered]" in capsys.readouterr().err
    after = (ours.folder / "state.json").read_text().replace('"http://127.0.0.1:9"', '""')
    assert after.encode() == before


def test_answer_that_was_lost_is_found_out_and_the_bid_is_handed_in_once(
    ours: Supplier, office: Office, capsys: Said
) -> None:
    office.silent = {"submit"}

    with serving(office) as url:
        assert ours.submit(url, "--patience", "0") == 1
        assert ours.latest["step"] == "sent"
        assert ours.run("seal") == 1
        assert ours.run("submit", "--wait", "0") == 0

    shown = capsys.readouterr()
    assert "[outcome-unknown]" in shown.err
    assert "第 1 版此前已经递交。" in shown.out
    assert (ours.latest["step"], office.calls["submit"]) == ("submitted", 1)


def test_submission_that_never_arrived_is_sent_again(ours: Supplier, office: Office) -> None:
    state = ours.state
    state["versions"][0]["step"] = "sent"
    (ours.folder / "state.json").write_text(json.dumps(state))

    with serving(office) as url:
        assert ours.submit(url) == 0

    assert (ours.latest["step"], len(office.bids)) == ("submitted", 1)


def test_refusal_leaves_the_version_unsent(ours: Supplier, office: Office, capsys: Said) -> None:
    with serving(office) as url:
        ours.submit(url)
        ours.fill("4600000.00")
        ours.run("seal")
        [lying] = office.bids.values()
        office.bids.clear()
        assert ours.submit(url) == 1
        assert (ours.latest["number"], ours.latest["step"]) == (2, "sealed")
        office.bids[lying.seal.bid_ref.hex()] = lying
        assert ours.submit(url) == 0

    assert "版本不衔接（stale-version，409）" in capsys.readouterr().err


def test_platform_that_forgot_the_key_is_given_a_ticket_again(ours: Supplier, office: Office, capsys: Said) -> None:
    with serving(office) as url:
        ours.submit(url)
        ours.run("seal")
        office.bound.clear()
        assert ours.run("submit", "--wait", "0") == 1
        assert ours.state["bound"] is False
        assert ours.submit(url) == 0

    assert "递交密钥没有登记（not-bound，403）" in capsys.readouterr().err


def test_sealed_file_that_was_changed_is_not_handed_in(ours: Supplier, office: Office, capsys: Said) -> None:
    path = ours.folder / "bid-v1.be1"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")

    with serving(office) as url:
        assert ours.submit(url) == 1

    assert "[container-changed]" in capsys.readouterr().err
    assert office.staged == {}


def test_new_version_replaces_the_old_one(ours: Supplier, office: Office, capsys: Said) -> None:
    with serving(office) as url:
        ours.submit(url)
        first = ours.latest["envelope"]
        ours.fill("4600000.00")
        ours.run("seal")
        ours.submit(url)
        capsys.readouterr()
        assert ours.run("status") == 0

    assert [one["number"] for one in ours.state["versions"]] == [1, 2]
    assert ours.latest["prev"] == first
    shown = capsys.readouterr().out
    assert "第 1 版：已被后一版替换" in shown
    assert "第 2 版：已递交，将被开启的是这一版" in shown
    assert (ours.folder / "receipts" / "R1-v2.proof").is_file()


def test_bid_is_taken_back_and_may_come_again(ours: Supplier, office: Office, capsys: Said) -> None:
    with serving(office) as url:
        ours.submit(url)
        assert ours.run("withdraw", "--yes") == 0
        assert ours.run("withdraw", "--yes") == 1
        assert ours.submit(url) == 1
        withdrawn = ours.latest["envelope"]
        assert ours.run("seal") == 0
        assert ours.submit(url) == 0

    said = capsys.readouterr().err
    assert ("[not-standing]" in said, "[withdrawn-before]" in said) == (True, True)
    assert (ours.latest["number"], ours.latest["prev"]) == (2, withdrawn)


@pytest.mark.parametrize(("typed", "code"), [("撤回\n", 0), ("是\n", 1)])
def test_taking_back_asks_for_the_word(
    ours: Supplier, office: Office, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    with serving(office) as url:
        ours.submit(url)
        monkeypatch.setattr("typer.prompt", lambda text: typed)
        assert ours.run("withdraw") == code

    [lying] = office.bids.values()
    assert lying.word == ("withdrawn" if code == 0 else "received")


def test_status_before_anything_was_handed_in(ours: Supplier, office: Office, capsys: Said) -> None:
    with serving(office) as url:
        assert ours.run("status", "--server", url) == 0

    shown = capsys.readouterr().out
    assert ("第 1 版：已密封，未递交" in shown, "平台上没有本投标。" in shown) == (True, True)


def test_status_tells_of_a_receipt_and_trustees_still_to_come(ours: Supplier, office: Office, capsys: Said) -> None:
    office.quorum = ("notary",)
    office.wrong = {"receipt": ""}

    with serving(office) as url:
        ours.submit(url)
        ours.run("status")
        assert not (ours.folder / "receipts" / "R1-v1.proof").exists()
        office.wrong = {}
        ours.run("status")
        office.wrong = {"receipt": ""}
        ours.run("status")

    shown = capsys.readouterr().out
    assert shown.count("R1 回执还没有经见证方签名") == 2
    assert shown.count("R1 已递交：回执成立") == 2
    assert "R2 尚未可开启：1 个托管方已确认份额" in shown


def test_trustee_that_finds_its_share_bad_is_named(ours: Supplier, office: Office, capsys: Said) -> None:
    with serving(office) as url:
        ours.submit(url)
        [lying] = office.bids.values()
        acks = [office.ack(name, lying.seal, "bad" if name == "ca" else "ok") for name in ("notary", "ca", "guest")]
        office.wrong = {"acks": acks}
        ours.run("status")

    assert "托管方 ca 称其份额不对。" in capsys.readouterr().out


def test_word_of_a_trustee_counts_only_under_its_own_key(ours: Supplier, office: Office, capsys: Said) -> None:
    with serving(office) as url:
        ours.submit(url)
        capsys.readouterr()
        [lying] = office.bids.values()
        office.wrong = {
            "acks": [
                office.ack("notary", lying.seal, signer="ca"),
                office.ack("guest", lying.seal) | {"signature": "nonsense"},
                office.ack("ca", lying.seal) | {"verdict": "fine"},
                office.ack("stranger", lying.seal),
                "nonsense",
            ]
        }
        ours.run("status")

    assert "R2 尚未可开启：0 个托管方已确认份额" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["witness", "log", "other", "bodiless", "nonsense"])
def test_receipt_that_does_not_hold_is_kept_as_evidence(
    ours: Supplier, office: Office, capsys: Said, kind: str
) -> None:
    with serving(office) as url:
        office.wrong = {"receipt": ""}
        ours.submit(url)
        [lying] = office.bids.values()
        move = {"step": "receive", "subject": "bidding.bid:1", "from": "", "to": "received"}
        log = SigningKey("log.example/linyi", Kind.LOG, b"x" * 32)
        texts = {
            "witness": receipt("receive_bid", [move], witness=STRANGER),
            "log": receipt("receive_bid", [move], log=log),
            "other": office.first_receipt(lying.seal, version=2),
            "bodiless": receipt("receive_bid", [move]),
            "nonsense": "nonsense",
        }
        office.wrong = {"receipt": texts[kind]}
        assert ours.run("status") == 1

    assert "[receipt-wrong]" in capsys.readouterr().err
    assert (ours.folder / "receipts" / "R1-v1.wrong").read_text() == texts[kind]
    assert not (ours.folder / "receipts" / "R1-v1.proof").exists()


@pytest.mark.parametrize("offset", ["", "x", "999999999"])
def test_platform_that_answers_nonsense_is_not_believed(
    ours: Supplier, office: Office, capsys: Said, offset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.programs.office.Handler.do_HEAD", lambda self: self.send(204, b"", {"Upload-Offset": offset})
    )

    with serving(office) as url:
        assert ours.submit(url) == 1

    assert "[answer-unclear]" in capsys.readouterr().err
