"""A witness gives one value per handle, for ever. Source: docs/spec/draw.md §3; GPLR-39."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from mifeng.programs.witness.draw import DrawJudge
from mifeng.programs.witness.keys import VKEY, make_contributor, make_key, read_contributor, read_key
from mifeng.programs.witness.memory import MAX_SECOND_POOLS, Memory
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.ledger import Kind, SigningKey, encode64, parse_receipt, parse_vkey
from mifeng.rules.seal.policy import Contributor
from tests.programs.alone import run
from tests.programs.contributors import BODY, NAME, Drawing, contributor, other, policy, witness_folder
from tests.programs.trustees import BUREAU, LOG, NOTARY, STRANGER, Ledger
from tests.programs.witnesses import Running

NOW = 1_800_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a contributor's folder."""
    return witness_folder(tmp_path)


@pytest.fixture
def me(folder: Path) -> Contributor:
    """Return how a policy names it."""
    return contributor(folder)


@pytest.fixture
def draw(me: Contributor) -> Drawing:
    """Return a draw whose policy names it."""
    return Drawing(policy(me))


@pytest.fixture
def judge(folder: Path) -> Iterator[DrawJudge]:
    """Return what decides in it, in this process."""
    memory = Memory(folder / "witness.sqlite")
    yield judging(folder, memory)
    memory.close()


@pytest.fixture
def witness(folder: Path) -> Iterator[Running]:
    """Return the running contributor."""
    running = Running(folder, "--witness-vkey", folder / "witnesses")
    running.start()
    yield running
    if running.process and running.process.poll() is None:
        assert running.stop() == 0


def judging(folder: Path, memory: Memory) -> DrawJudge:
    """Return the judge of a folder over a memory."""
    key = read_contributor(folder)
    assert key is not None
    return DrawJudge(key, [LOG.verifier], [NOTARY.verifier, BUREAU.verifier], memory, lambda: NOW)


def told(judge: DrawJudge, request: bytes) -> tuple[int, str]:
    """Return status and code of a refusal."""
    answer = judge.answer(request)
    fields = parse_canonical(answer.body.encode())
    assert isinstance(fields, dict)
    return answer.status, fields["refused"]


def ask(witness: Running, request: bytes) -> tuple[int, str]:
    """Return what the running witness answers."""
    return witness.post(request, "/contribute")


def rows(folder: Path, query: str) -> list[Any]:
    """Return rows of a witness's memory."""
    with sqlite3.connect(folder / "witness.sqlite") as memory:
        found = memory.execute(query).fetchall()
    memory.close()
    return found


def test_the_keys_of_a_contributor_are_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    code, said, _ = run("witness", "init", "--dir", folder, "--name", NAME, "--organisation", BODY)
    again = run("witness", "init", "--dir", folder, "--name", NAME, "--organisation", BODY)
    vkey, public = said.splitlines()

    assert code == 0
    assert again[:2] == (0, said)
    assert (folder / "witness.pub").read_text() == public
    assert (folder / "vrf.key").stat().st_mode & 0o777 == 0o600
    me = contributor(folder)
    assert (me.name, me.organisation, me.verify) == (NAME, BODY, parse_vkey(vkey).public)
    assert public.encode() == canonical(
        {"name": NAME, "organisation": BODY, "vrf": me.vrf.hex(), "verify": me.verify.hex()}
    )


def test_a_contributor_does_not_change_its_body(folder: Path) -> None:
    code, said, error = run("witness", "init", "--dir", folder, "--organisation", "另一机构")

    assert (code, said) == (1, "")
    assert "witness.pub" in error


def test_a_witness_without_those_keys_contributes_nothing(tmp_path: Path) -> None:
    make_key(tmp_path, NAME)
    (tmp_path / "logs").write_text(f"{LOG.verifier}\n")
    witness = Running(tmp_path)
    witness.start()

    assert witness.post(b"{}", "/contribute") == (404, "not found\n")
    assert witness.stop() == 0


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("witness.pub", "{}"),
        ("witness.pub", "nonsense"),
        ("vrf.key", "00\n"),
        ("vrf.key", f"{1:064x}\n"),
        ("witnesses", f"{LOG.verifier}\n"),
        ("witnesses", "nonsense\n"),
    ],
)
def test_a_contributor_that_cannot_be_trusted_does_not_start(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)
    files = ("--log-vkey", folder / "logs", "--witness-vkey", folder / "witnesses")
    code, said, error = run("witness", "serve", "--dir", folder, *files)

    assert (code, said) == (1, "")
    assert error.startswith("见证人无法启动：")
    assert "Traceback" not in error


def test_keys_of_another_witness_are_found(folder: Path) -> None:
    (folder / "witness.key").unlink()
    (folder / VKEY).unlink()
    make_key(folder, NAME)

    with pytest.raises(ValueError, match=r"witness\.pub"):
        read_contributor(folder)
    with pytest.raises(ValueError, match=r"witness\.pub"):
        make_contributor(folder, NAME, BODY)


@pytest.mark.prove
def test_a_contribution_is_given_and_given_again(witness: Running, draw: Drawing, me: Contributor) -> None:
    notice, pool = draw.notice(), draw.pool()

    first = ask(witness, draw.request(notice, pool))

    assert len(draw.verified(first, pool, me)) == 32
    assert ask(witness, draw.request(notice, pool)) == first
    assert ask(witness, draw.request(draw.notice(draw.handle, b"\1" * 32), pool))[1] == '{"refused":"pool-early"}'


def test_its_own_cosignature_is_what_it_asks_for_by_default(tmp_path: Path) -> None:
    folder = witness_folder(tmp_path)
    own = read_key(folder)
    draw = Drawing(policy(contributor(folder), witnesses=(str(own.verifier),)), Ledger(LOG, (own,)))
    witness = Running(folder)
    witness.start()
    notice, pool = draw.notice(), draw.pool()

    draw.verified(ask(witness, draw.request(notice, pool)), pool, contributor(folder))

    astray = Drawing(policy(contributor(folder)))
    request = astray.request(astray.notice(), astray.pool())
    assert ask(witness, request) == (409, '{"refused":"policy-other"}')
    assert witness.stop() == 0


def test_a_second_pool_for_a_handle_is_refused_for_ever_and_kept(
    witness: Running, draw: Drawing, me: Contributor
) -> None:
    notice, pool, second = draw.notice(), draw.pool(), draw.pool(people=6)
    first = ask(witness, draw.request(notice, pool))

    assert ask(witness, draw.request(notice, second)) == (409, '{"refused":"second-pool"}')
    witness.kill()
    witness.start()
    assert ask(witness, draw.request(notice, second)) == (409, '{"refused":"second-pool"}')
    assert ask(witness, draw.request(notice, pool)) == first
    draw.verified(first, pool, me)
    assert rows(witness.folder, "SELECT handle, pool FROM draw") == [(draw.handle.hex(), pool)]
    assert rows(witness.folder, "SELECT handle, policy, pool FROM second_pool") == [
        (draw.handle.hex(), draw.data, second)
    ]


def test_another_policy_for_a_handle_is_refused_like_a_second_pool(
    judge: DrawJudge, draw: Drawing, me: Contributor
) -> None:
    """The policy stands in alpha: whoever could exchange it could ask for another value."""
    notice, pool = draw.notice(), draw.pool()
    changed = Drawing(policy(me, window_minutes=31), draw.ledger)
    renamed = changed.notice()
    pool_behind = draw.pool()

    assert judge.answer(draw.request(notice, pool_behind)).status == 200
    assert told(judge, changed.request(renamed, pool_behind)) == (409, "second-pool")
    assert told(judge, draw.request(notice, pool)) == (409, "second-pool")
    assert judge.answer(draw.request(notice, pool_behind)).status == 200


def test_an_unlisted_handle_is_refused_until_a_notice_lists_it(judge: DrawJudge, draw: Drawing) -> None:
    other_handle = b"\5" * 32
    notice, pool = draw.notice(other_handle), draw.pool()

    assert told(judge, draw.request(notice, pool)) == (409, "handle-unlisted")

    listed, again = draw.notice(other_handle, draw.handle), draw.pool()
    assert told(judge, draw.request(listed, pool)) == (409, "pool-early")
    assert judge.answer(draw.request(listed, again)).status == 200


def test_a_policy_that_does_not_fit_is_refused(judge: DrawJudge, draw: Drawing, me: Contributor) -> None:
    notice, pool = draw.notice(), draw.pool()
    renamed = Contributor(me.name, "另一机构", me.vrf, me.verify)
    changes: list[dict[str, Any]] = [
        {"contributors": (other("a"), other("b"), other("c"))},
        {"contributors": (other("a"), renamed, other("c"))},
        {"log": str(SigningKey("log.example/x", Kind.LOG, b"x" * 32).verifier)},
        {"witnesses": ()},
        {"witnesses": (str(NOTARY.verifier), str(STRANGER.verifier))},
    ]
    for change in changes:
        astray = Drawing(policy(me, **change), draw.ledger)
        assert told(judge, astray.request(astray.notice(), astray.pool())) == (409, "policy-other")

    unnamed = Drawing(policy(me, window_minutes=31), draw.ledger)
    assert told(judge, unnamed.request(notice, pool)) == (409, "policy-other")
    elsewhere = Drawing(policy(me, lot_ref=b"\x22" * 32), draw.ledger)
    assert told(judge, elsewhere.request(notice, pool)) == (409, "policy-other")
    few = Drawing(policy(me, contributors=(me, other("a"))), draw.ledger)
    assert told(judge, few.request(few.notice(), few.pool())) == (409, "contributors-few")


def test_only_receipts_under_the_keys_of_log_and_witnesses_are_believed(judge: DrawJudge, draw: Drawing) -> None:
    notice, pool = draw.notice(), draw.pool()
    forged = Drawing(draw.policy, Ledger(SigningKey(LOG.name, Kind.LOG, b"f" * 32)))
    unseen = Drawing(draw.policy, Ledger(LOG, (BUREAU,)))
    closed = Drawing(draw.policy)
    pairs = [
        (forged.notice(), forged.pool()),
        (unseen.notice(), unseen.pool()),
        (pool, pool),
        (notice, notice),
        (notice, "nonsense"),
        ("nonsense", pool),
        (without_body(notice), pool),
        (notice, without_body(pool)),
        (closed.notice(), closed.pool(root="not a root")),
    ]
    for shown in pairs:
        assert told(judge, draw.request(*shown)) == (409, "receipt-invalid")
    assert judge.answer(draw.request(notice, pool)).status == 200


def without_body(receipt: str) -> str:
    """Return a receipt that lays only its entry open."""
    head, _, note = receipt.partition("\n\n")
    disclosed = parse_receipt(receipt).disclosed
    assert disclosed is not None
    lines = head.split("\n")
    fields = {"data": encode64(disclosed.data), "salt": disclosed.salt.hex()}
    lines[1] = f"extra {encode64(canonical(fields))}"
    return "\n".join(lines) + "\n\n" + note


def test_the_pool_of_another_handle_is_refused(judge: DrawJudge, draw: Drawing) -> None:
    astray = draw.another(1)
    notice = draw.notice(draw.handle, astray.handle)

    assert told(judge, draw.request(notice, astray.pool())) == (409, "pool-other")


@pytest.mark.parametrize(
    "change",
    [{"handle": "00"}, {"handle": 1}, {"policy": "e30="}, {"policy": "*"}, {"notice": ""}, {"pool": []}, {"more": "x"}],
)
def test_a_misshapen_request_is_refused(judge: DrawJudge, draw: Drawing, change: dict[str, Any]) -> None:
    assert told(judge, draw.request(draw.notice(), draw.pool(), **change)) == (400, "malformed")
    assert told(judge, b"nonsense") == (400, "malformed")


def test_of_several_pools_at_the_same_moment_exactly_one_is_contributed_to(folder: Path, draw: Drawing) -> None:
    memories = [Memory(folder / "witness.sqlite") for _ in range(2)]
    judges = [judging(folder, memory) for memory in memories]
    notice = draw.notice()
    requests = [draw.request(notice, draw.pool(people=number)) for number in range(3, 7)]
    gate = threading.Barrier(4)

    def send(number: int) -> int:
        gate.wait()
        return judges[number % 2].answer(requests[number]).status

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(send, range(4)))
    for memory in memories:
        memory.close()

    assert sorted(statuses) == [200, 409, 409, 409]


@pytest.mark.prove
def test_killed_at_any_moment_it_has_remembered_what_it_gave(witness: Running, draw: Drawing, me: Contributor) -> None:
    draws = [draw.another(number) for number in range(40)]
    notice = draw.notice(*(one.handle for one in draws))
    pools = [one.pool() for one in draws]
    given: dict[int, tuple[int, str]] = {}

    for turn in range(4):
        stop = threading.Event()

        def keep_asking(stop: threading.Event = stop) -> None:
            for number, one in enumerate(draws):
                if stop.is_set():
                    return
                if number not in given:
                    try:
                        given[number] = ask(witness, one.request(notice, pools[number]))
                    except (OSError, HTTPException):
                        return

        asking = threading.Thread(target=keep_asking)
        asking.start()
        stop.wait(0.05 + 0.02 * turn)
        witness.kill()
        stop.set()
        asking.join()
        witness.start()

    kept = {handle for (handle,) in rows(witness.folder, "SELECT handle FROM draw")}
    assert given
    assert kept >= {draws[number].handle.hex() for number in given}
    for number, answer in list(given.items())[-5:]:
        one, second = draws[number], draws[number].pool(people=6)
        assert ask(witness, one.request(notice, pools[number])) == answer
        assert ask(witness, one.request(notice, second)) == (409, '{"refused":"second-pool"}')
        one.verified(answer, pools[number], me)


@pytest.mark.prove
def test_what_is_given_is_on_disk_before(witness: Running, draw: Drawing) -> None:
    request = draw.request(draw.notice(), draw.pool())
    with sqlite3.connect(witness.folder / "witness.sqlite") as memory:
        memory.execute("BEGIN EXCLUSIVE")
        status, _ = ask(witness, request)
        memory.execute("ROLLBACK")
    memory.close()

    # While another holds the file nothing can be remembered, so nothing is given.
    assert status == 503
    assert rows(witness.folder, "SELECT * FROM draw") == []
    assert ask(witness, request)[0] == 200


@pytest.mark.prove
def test_a_request_may_be_larger_than_a_checkpoint_and_is_bounded(witness: Running) -> None:
    assert ask(witness, b" " * 70_000)[0] == 400
    assert witness.post(b" " * 70_000)[0] == 413


def test_second_pools_are_kept_once_and_up_to_a_limit(folder: Path, draw: Drawing) -> None:
    memory = Memory(folder / "witness.sqlite")
    assert judging(folder, memory).answer(draw.request(draw.notice(), draw.pool())).status == 200
    with memory.alone():
        for number in [0, 0, *range(MAX_SECOND_POOLS + 5)]:
            memory.keep_second_pool(draw.handle.hex(), draw.data, f"receipt {number}", NOW)
    kept = memory._db.execute("SELECT pool FROM second_pool ORDER BY id").fetchall()
    memory.close()

    assert kept == [(f"receipt {number}",) for number in range(MAX_SECOND_POOLS)]
