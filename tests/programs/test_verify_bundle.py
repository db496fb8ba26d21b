"""``mifeng verify bundle`` as a person calls it: exit codes, sentences, JSON, trust. Source: docs/spec/bundle.md §8."""

import ast
import hashlib
import io
import json
import os
import random
import re
import secrets
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from mifeng.programs.verify.bundle import texts
from mifeng.programs.verify.bundle.case import Case, Trust
from mifeng.programs.verify.bundle.command import report_of
from mifeng.programs.verify.bundle.findings import SEEN, UNSEEN, Fault, finding
from mifeng.programs.verify.bundle.report import CHECKS, verify
from mifeng.programs.verify.bundle.trust import FORMAT, parse_trust
from mifeng.programs.verify.main import main
from mifeng.rules.bundle import CATALOGUE, format_manifest, layout, pack, read_bundle
from mifeng.rules.ledger import Kind, SigningKey
from tests.bundles import Files
from tests.programs.alone import called, run, surroundings
from tests.programs.conftest import Evidence
from tests.programs.forging import Forge, signed, trust
from tests.programs.mutants import MUTANTS
from tests.rules.vectors import SPEC

SHARE = float(os.environ.get("MIFENG_PROVE", "1"))
OTHER_LOG = SigningKey("log.example/other", Kind.LOG, b"o" * 32)
STRANGER = SigningKey("witness.example/stranger", Kind.WITNESS, b"s" * 32)
OFFLINE = """
import socket, sys
def refuse(*a, **k): raise RuntimeError("a connection")
socket.socket.connect = socket.create_connection = refuse
from mifeng.programs.verify.main import main
main(sys.argv[1:])
"""


def write(folder: Path, files: Files, name: str = "a.evb") -> Path:
    """Write a bundle and return its path."""
    path = folder / name
    path.write_bytes(b"".join(pack(files.items())))
    return path


def keys() -> tuple[object, ...]:
    """Return the options that name the keys of the sample city."""
    data = Path(settings.ENV.data)
    return ("--log-vkey", data / "keys" / "log.vkey", "--witness-vkey", data / "witness" / "witness.vkey")


def failing(report: Any) -> dict[str, set[str]]:
    """Return the checks that failed, with the codes of their faults."""
    return {one.id: {fault.code for fault in one.faults} for one in report.findings if one.faults}


def test_a_sound_bundle_is_said_to_be_sound(evidence: Evidence, tmp_path: Path) -> None:
    code, out, _ = run("verify", "bundle", write(tmp_path, evidence.cuts["public"]), *keys())

    lines = out.splitlines()
    assert code == 0
    assert (
        lines[0]
        == f"证据包：项目 {json.loads(evidence.cuts['public']['manifest.json'])['project']}，公开件，开标阶段。"
    )
    assert lines[1] == "通过  C1  文件齐全：与清单一致，格式正确，应有的都有"
    assert "未公开  B5  份额可验：放行的份额与公开承诺相符，足数" in lines
    assert "提示：演示密钥：受托人与见证人的密钥同在一台机器上，不防管理员。[demo]" in lines
    assert lines[-1] == "核验完毕：通过 32 项、未公开 3 项、不适用 12 项。"


def test_a_lie_is_told_with_its_place_and_both_values(evidence: Evidence, tmp_path: Path) -> None:
    forge = Forge(evidence.cuts["public"])
    MUTANTS["another price"].forge(forge)
    files = {layout.MANIFEST: format_manifest(forge.bundle().manifest), **dict(sorted(forge.files.items()))}
    path = write(tmp_path, files)

    code, out, _ = run("verify", "bundle", path, *keys(), "--json")
    [told] = [one for one in json.loads(out)["checks"] if one["outcome"] == "fail"]
    [fault] = told["faults"]

    assert code == 1
    assert (told["id"], fault["code"], fault["actual"]) == ("B7", "read-out-other", "1.00")
    assert fault["path"] == f"bids/1/{_first_opened(evidence)} price_yuan"
    assert fault["text"] == f"{fault['path']} 公布的与密封在内的不同：密封为 {fault['expected']}，公布为 1.00。"
    assert f"      {fault['text']}[read-out-other]" in run("verify", "bundle", path, *keys())[1].splitlines()


def test_what_is_no_bundle_fails_the_first_check(tmp_path: Path) -> None:
    path = tmp_path / "a.evb"
    path.write_bytes(b"x" * 2000)

    code, out, _ = run("verify", "bundle", path, "--json")

    assert code == 1
    assert [(one["id"], one["faults"][0]["code"]) for one in json.loads(out)["checks"]] == [("C1", "bundle-malformed")]


def test_a_bundle_is_read_from_standard_input(evidence: Evidence) -> None:
    data = b"".join(pack(evidence.cuts["public"].items()))

    assert run("verify", "bundle", "-", *keys(), stdin=data)[0] == 0


@pytest.mark.parametrize(
    "options",
    [
        ("nowhere.evb",),
        ("a.evb", "--log-vkey", "witness.vkey"),
        ("a.evb", "--witness-vkey", "log.vkey"),
        ("a.evb", "--trust", "log.vkey"),
        ("a.evb", "--against", "log.vkey"),
        ("a.evb", "--against", "note.other"),
    ],
)
def test_wrongly_called_it_says_so(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "a.evb").write_bytes(b"")
    (tmp_path / "log.vkey").write_text(str(OTHER_LOG.verifier))
    (tmp_path / "witness.vkey").write_text(str(STRANGER.verifier))
    (tmp_path / "note.other").write_text("no checkpoint\n\n\u2014 log.example/other AAAAAAA=\n")

    code, out, said = run("verify", "bundle", *(one if one.startswith("--") else tmp_path / one for one in options))

    assert (code, out) == (2, "")
    assert said.startswith("无法核验：")


def test_it_opens_no_connection_and_reads_nothing_but_the_file(evidence: Evidence, tmp_path: Path) -> None:
    path = write(tmp_path, evidence.cuts["supervisor"])
    command = [sys.executable, "-c", OFFLINE, "bundle", str(path)]

    done = subprocess.run(command, capture_output=True, timeout=60, env=surroundings(), cwd=tmp_path)

    assert done.returncode == 0, done.stderr.decode()


def test_without_keys_from_elsewhere_it_says_what_that_is_worth(
    evidence: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, evidence.cuts["supervisor"])

    assert called(main, "bundle", path, "--json") == 0

    said = json.loads(capsys.readouterr().out)["unchecked"]
    assert said == ["log-key", "witness-keys", "authorities", "rulebooks", "demo"]
    assert set(said) <= set(texts.UNCHECKED)


@pytest.mark.parametrize(
    ("known", "check", "code"),
    [
        (lambda files: Trust(log=OTHER_LOG.verifier), "A1", "log-other"),
        (lambda files: Trust(witnesses=(STRANGER.verifier,)), "A2", "witness-other"),
        (lambda files: Trust(authorities=frozenset({"00" * 32})), "A5", "authority-other"),
        (lambda files: Trust(rulebooks=frozenset({"00" * 32})), "L4", "rulebook-other"),
    ],
)
def test_what_is_known_from_elsewhere_stands_against_the_bundle(
    evidence: Evidence, known: Callable[[Files], Trust], check: str, code: str
) -> None:
    files = evidence.cuts["supervisor"]

    failed = failing(verify(read_bundle(files.items()), known(files)))

    assert code in failed[check]


def test_a_trust_policy_names_all_of_it(evidence: Evidence, tmp_path: Path) -> None:
    files = evidence.cuts["supervisor"]
    known = trust()
    policy = {
        "format": FORMAT,
        "log": str(known.log),
        "witnesses": [str(key) for key in known.witnesses],
        "authorities": [hashlib.sha256(files[layout.AUTHORITY]).hexdigest()],
        "rulebooks": [hashlib.sha256(files[layout.RULEBOOK]).hexdigest()],
    }
    (tmp_path / "trust.json").write_text(json.dumps(policy))

    code, out, _ = run("verify", "bundle", write(tmp_path, files), "--trust", tmp_path / "trust.json", "--json")

    assert (code, json.loads(out)["unchecked"]) == (0, ["demo"])
    assert {one["outcome"] for one in json.loads(out)["checks"]} == {"pass", "not applicable"}


@pytest.mark.parametrize(
    "change",
    [
        {"format": "mifeng-trust/2"},
        {"log": 1},
        {"log": str(STRANGER.verifier)},
        {"witnesses": "a"},
        {"witnesses": [str(OTHER_LOG.verifier)]},
        {"authorities": ["00"]},
        {"rulebooks": [1]},
        {"host": "a"},
    ],
)
def test_a_misshapen_trust_policy_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_trust(json.dumps({"format": FORMAT} | change))


def test_a_trust_policy_may_be_empty_and_is_an_object() -> None:
    assert parse_trust(json.dumps({"format": FORMAT})) == Trust()
    with pytest.raises(ValueError, match="not a trust policy"):
        parse_trust("[]")


def test_a_checkpoint_kept_from_earlier_is_held_against_the_log(evidence: Evidence, tmp_path: Path) -> None:
    """A checkpoint that somebody saved fits, forks, or has a size that the bundle does not speak of."""
    files = evidence.cuts["public"]
    heads = json.loads(files[layout.CHECKPOINTS])["checkpoints"]
    size = int(heads[0]["note"].split("\n")[1])
    (tmp_path / "kept").write_text(heads[0]["note"])
    (tmp_path / "forked").write_text(signed([bytes([number]) * 32 for number in range(size)], 1))
    (tmp_path / "other").write_text(signed([bytes(32)] * 2, 1))
    path = write(tmp_path, files)

    assert run("verify", "bundle", path, *keys(), "--against", tmp_path / "kept")[0] == 0
    assert run("verify", "bundle", path, *keys(), "--against", tmp_path / "other")[0] == 0
    code, out, _ = run("verify", "bundle", path, *keys(), "--against", tmp_path / "forked")
    assert code == 1
    assert "[against-forked]" in out


def test_nothing_seen_is_never_a_pass() -> None:
    """A check that saw nothing is withheld, or has nothing to look at."""
    assert finding("B5", []).outcome == "not applicable"
    assert finding("B5", [UNSEEN]).outcome == "withheld"
    assert finding("B5", [UNSEEN, SEEN]).outcome == "pass"
    assert finding("B5", [SEEN, Fault("shares-short")]).outcome == "fail"


def test_the_table_is_the_catalogue() -> None:
    assert list(CHECKS) == list(CATALOGUE)


def test_every_code_has_a_sentence_and_every_sentence_its_code() -> None:
    """Each fault that a check can name has a text, with no place for a value that there is none of."""
    folder = Path(texts.__file__).parent
    found = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault"
            if named and node.args and isinstance(node.args[0], ast.Constant):  # type: ignore[union-attr,attr-defined]
                found.add(node.args[0].value)  # type: ignore[attr-defined]

    assert found == set(texts.TEXTS)
    rows = SPEC.joinpath("bundle.md").read_text("utf-8").split("## 8")[1].split("## 9")[0]
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+|copied)`", rows)) == found
    assert all(text.format(path="p", expected="e", actual="a") for text in texts.TEXTS.values())


def test_a_bundle_without_anything_fails_and_breaks_nothing(evidence: Evidence) -> None:
    """Every check gets through a manifest alone, and the first ones say what is missing."""
    manifest = evidence.cuts["public"][layout.MANIFEST]

    report = verify(read_bundle([(layout.MANIFEST, manifest)]), trust())

    assert {"C1", "C3"} <= set(failing(report))
    assert {one.outcome for one in report.findings if not one.faults} <= {"not applicable", "withheld"}


@pytest.mark.prove
@pytest.mark.parametrize("cut", ["public", "supervisor"])
def test_any_file_left_out_or_emptied_is_found_and_breaks_nothing(evidence: Evidence, cut: str) -> None:
    """Whatever file is gone or void, the verification goes on and fails."""
    files = evidence.cuts[cut]
    for path in [path for path in files if path != layout.MANIFEST]:
        gone = read_bundle([(name, data) for name, data in files.items() if name != path])
        void = read_bundle([(name, b"{}" if name == path else data) for name, data in files.items()])
        assert "C1" in failing(verify(gone, trust())), path
        assert "C1" in failing(verify(void, trust())), path


def unopened(forge: Forge, fault: str, reason: str) -> None:
    """Say of the first opened bid that it stayed sealed."""
    place = forge.position() - 1
    said = {"outcome": "unopened", "fault": fault, "reason": reason}
    forge.edit("opening/1.json", lambda value: value["bids"][place].update(said))


def without_shares(forge: Forge, *trustees: int) -> None:
    """Let trustees have released nothing for the first opened bid."""
    bid_ref = forge.json("opening/1.json")["bids"][forge.position() - 1]["bid_ref"]

    def leave_out(value: Any) -> None:
        for number in trustees:
            one = value["releases"][number]
            one["shares"] = [share for share in one["shares"] if share["bid_ref"] != bid_ref]

    forge.edit("opening/1-releases.json", leave_out)


def bad_acks(forge: Forge, *trustees: int) -> None:
    """Let trustees have signed before the deadline that they hold no share of it."""
    forge.edit(forge.bid("record.json"), lambda value: [value["acks"][one].update(verdict="bad") for one in trustees])


@pytest.mark.parametrize(
    ("lost", "bad", "fault", "reason", "sound"),
    [
        ((), (), "bidder", "content-broken", True),
        ((), (), "platform", "bytes-missing", True),
        ((), (), "trustee", "share-missing", False),
        ((0, 1), (), "trustee", "share-missing", True),
        ((0, 1), (), "bidder", "content-broken", False),
        ((0, 1), (0, 1), "bidder", "stanza-bad", True),
        ((0, 1), (0, 1), "trustee", "share-missing", False),
        ((0,), (0,), "bidder", "stanza-bad", False),
    ],
)
def test_the_fault_of_a_bid_that_stayed_sealed_is_computed(
    evidence: Evidence, lost: tuple[int, ...], bad: tuple[int, ...], fault: str, reason: str, sound: bool
) -> None:
    """Whose fault it is follows from acknowledgements and shares, whatever the record says."""
    forge = Forge(evidence.cuts["supervisor"], evidence.submit)
    without_shares(forge, *lost)
    bad_acks(forge, *bad)
    unopened(forge, fault, reason)

    found = failing(verify(forge.bundle(), trust()))

    assert ("X1" in found) != sound
    assert sound or found["X1"] == {"fault-other"}


def test_what_the_public_cut_cannot_tell_of_a_sealed_bid_it_withholds(evidence: Evidence) -> None:
    """Without the shares nobody computes why a bid with its key stayed sealed; a bid without any word is a fault."""
    forge = Forge(evidence.cuts["public"], evidence.submit)
    unopened(forge, "trustee", "share-missing")
    silent = Forge(evidence.cuts["public"], evidence.submit)
    silent.edit("opening/1.json", lambda value: value["bids"][0].update(outcome=""))

    assert "X1" not in failing(verify(forge.bundle(), trust()))
    assert failing(verify(silent.bundle(), trust()))["X1"] == {"outcome-missing"}


def test_a_bid_opened_without_its_bidder_s_key_is_found(evidence: Evidence) -> None:
    forge = Forge(evidence.cuts["public"], evidence.submit)
    facts = forge.row("close_keys").facts("close_keys")
    bid_ref = forge.json("opening/1.json")["bids"][forge.position() - 1]["bid_ref"]
    facts["keyed"] = [one for one in facts["keyed"] if one != bid_ref]
    forge.relog()

    assert failing(verify(forge.bundle(), trust())) == {"X1": {"opened-unkeyed"}}


@pytest.mark.prove
@pytest.mark.parametrize("cut", ["public", "supervisor", "announced", "judged"])
def test_whatever_an_entry_says_no_check_breaks_on_it(evidence: Evidence, cut: str) -> None:
    """Each fact of each kind of entry is exchanged for something of another kind; every check gets through."""
    kinds = {json.dumps(row.fields["type"]) for row in Forge(evidence.cuts[cut]).rows if row.fields}
    for kind in map(json.loads, sorted(kinds)[:: round(1 / SHARE)]):
        row = Forge(evidence.cuts[cut]).row(kind)
        for number, move in enumerate(row.body["moves"] if row.body else ()):
            for key, junk in zip(move.get("facts", {}), cycle((1, "", [1], {"a": "b"})), strict=False):
                forge = Forge(evidence.cuts[cut])
                forge.row(kind).body["moves"][number]["facts"][key] = junk  # type: ignore[index]
                forge.relog()
                report = verify(forge.bundle(), trust())
                assert [one.id for one in report.findings] == list(CATALOGUE), (kind, key, junk)


@pytest.mark.prove
@pytest.mark.parametrize("cut", ["public", "announced", "judged"])
def test_any_changed_byte_is_found(evidence: Evidence, cut: str) -> None:
    """A byte of the file that is another one makes the verification fail, wherever it stands (printed seed)."""
    data = b"".join(pack(evidence.cuts[cut].items()))
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    number = max(10, round(200 * SHARE))
    for place in random.Random(seed).sample(range(len(data)), number):  # noqa: S311 - a sample, not a secret
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert not report_of(io.BytesIO(changed), trust()).ok, place


def test_a_check_reads_only_its_case(evidence: Evidence) -> None:
    """Two runs over one case say the same: no check leaves anything behind."""
    case = Case(read_bundle(evidence.cuts["supervisor"].items()), trust())

    for check in CHECKS.values():
        assert list(check(case)) == list(check(case))


def _first_opened(evidence: Evidence) -> int:
    bids = json.loads(evidence.cuts["public"]["opening/1.json"])["bids"]
    return next(int(one["position"]) for one in bids if one["outcome"] == "opened")
