"""The way to a contributor: three answers, told apart whatever the other side does. Source: docs/spec/draw.md §3."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mifeng.gateways.witness import Contributed, Contributor, Refused, Unreachable
from mifeng.gateways.witness.contribution import (
    HttpContributor,
    embedded_contributor,
    parse_contributor,
    remote_contributor,
)
from mifeng.programs.witness.draw import DrawJudge
from mifeng.programs.witness.judge import Judge
from mifeng.programs.witness.keys import read_contributor, read_key
from mifeng.programs.witness.memory import Memory
from mifeng.programs.witness.server import Server
from mifeng.rules.draw.lots import verify_contribution
from mifeng.rules.encoding import canonical
from mifeng.rules.seal.policy import policy_hash
from tests.programs.contributors import Drawing, contributor, policy, witness_folder
from tests.programs.trustees import LOG, NOTARY, leaf_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a contributor that does not run yet."""
    return witness_folder(tmp_path)


@pytest.fixture
def draw(folder: Path) -> Drawing:
    """Return a draw whose policy names it."""
    return Drawing(policy(contributor(folder)))


@pytest.fixture
def gateway(folder: Path) -> Iterator[HttpContributor]:
    """Return the embedded gateway to it."""
    gateway = embedded_contributor(folder / "witness.address", folder / "witness.pub")
    yield gateway
    gateway.close()


@contextmanager
def serving(folder: Path) -> Iterator[None]:
    """Serve the contributor in this process and publish its address."""
    memory, key = Memory(folder / "witness.sqlite"), read_contributor(folder)
    assert key is not None
    draws = DrawJudge(key, [LOG.verifier], [NOTARY.verifier], memory, lambda: 1)
    judge = Judge(read_key(folder), {LOG.name: [LOG.verifier]}, memory, lambda: 1)
    server = Server(("127.0.0.1", 0), judge, memory, draws)
    with running(server, folder):
        yield
    server.finish()


@contextmanager
def running(server: ThreadingHTTPServer, folder: Path) -> Iterator[None]:
    """Let a server answer for a while."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    (folder / "witness.address").write_text(f"http://127.0.0.1:{server.server_address[1]}\n")
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def test_a_contribution_is_fetched_and_believed(folder: Path, draw: Drawing, gateway: HttpContributor) -> None:
    source: Contributor = gateway
    notice, pool = draw.notice(), draw.pool()
    with serving(folder):
        outcome = source.contribute(draw.data, notice, pool, draw.handle)
        again = source.contribute(draw.data, notice, pool, draw.handle)

    assert isinstance(outcome, Contributed)
    assert again == outcome
    given = outcome.contribution
    assert verify_contribution(source.key(), draw.handle, policy_hash(draw.data), leaf_of(pool), given)


def test_a_refusal_is_told(folder: Path, draw: Drawing, gateway: HttpContributor) -> None:
    notice, pool, second = draw.notice(), draw.pool(), draw.pool(people=6)
    with serving(folder):
        gateway.contribute(draw.data, notice, pool, draw.handle)

        assert gateway.contribute(draw.data, notice, second, draw.handle) == Refused(409, "second-pool")
        assert gateway.contribute(b"{}", notice, pool, draw.handle) == Refused(400, "malformed")


def test_a_contributor_without_key_or_address_is_not_asked(folder: Path, draw: Drawing) -> None:
    notice, pool = draw.notice(), draw.pool()
    for gateway in (
        embedded_contributor(folder / "absent", folder / "witness.pub"),
        remote_contributor("http://127.0.0.1:1/", folder / "absent"),
        remote_contributor("http://127.0.0.1:1", folder / "witness.pub"),
        remote_contributor("nonsense", folder / "witness.pub"),
    ):
        assert isinstance(gateway.contribute(draw.data, notice, pool, draw.handle), Unreachable)
        gateway.close()


def test_a_pool_that_is_not_laid_open_is_not_sent(draw: Drawing, gateway: HttpContributor) -> None:
    pool = draw.pool()
    bare = "\n".join(line for line in pool.split("\n") if not line.startswith("extra "))

    for wrong in (bare, "nonsense"):
        with pytest.raises(ValueError, match=r".+"):
            gateway.contribute(draw.data, draw.notice(), wrong, draw.handle)


def answered(folder: Path, draw: Drawing, status: int, body: Callable[[], bytes]) -> object:
    """Return what the gateway makes of a contributor that gives this answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body())

        def log_message(self, format: str, *args: object) -> None:
            pass

    gateway = embedded_contributor(folder / "witness.address", folder / "witness.pub")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, running(server, folder):
        outcome = gateway.contribute(draw.data, draw.notice(), draw.pool(), draw.handle)
    gateway.close()
    return outcome


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (409, b'{"refused":"pool-early"}', Refused(409, "pool-early")),
        (409, b'{"refused":"%s"}' % (b"x" * 500), Refused(409, "x" * 40)),
        (500, b"", Unreachable("status 500")),
        (503, b"the memory cannot be written\n", Unreachable("status 503")),
    ],
)
def test_answers_are_told_apart(folder: Path, draw: Drawing, status: int, body: bytes, outcome: object) -> None:
    assert answered(folder, draw, status, lambda: body) == outcome


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"\xff"),
        (200, b"{}"),
        (200, b'{"pi":"00","signature":"00"}'),
        (200, b'{"refused":"pool-early"}'),
        (404, b"not found\n"),
        (409, b'{"refused":1}'),
        (200, b"x" * 1_000_000),
    ],
)
def test_an_answer_that_makes_no_sense_is_none(folder: Path, draw: Drawing, status: int, body: bytes) -> None:
    assert isinstance(answered(folder, draw, status, lambda: body), Unreachable)


def test_a_contribution_that_does_not_hold_is_never_believed(
    folder: Path, draw: Drawing, gateway: HttpContributor, tmp_path_factory: pytest.TempPathFactory
) -> None:
    notice, pool = draw.notice(), draw.pool()
    with serving(folder):
        sound = gateway.contribute(draw.data, notice, pool, draw.handle)
    assert isinstance(sound, Contributed)
    given = sound.contribution
    imposter = contributor(witness_folder(tmp_path_factory.mktemp("imposter")))
    shown = canonical({"pi": given.pi.hex(), "signature": given.signature.hex()})
    spoilt = canonical({"pi": given.pi.hex(), "signature": bytes(64).hex()})

    # The log of `answered` is longer by two entries: the same proof is of another pool.
    assert isinstance(answered(folder, draw, 200, lambda: shown), Refused)
    assert isinstance(answered(folder, draw, 200, lambda: spoilt), Refused)
    as_imposter = HttpContributor(lambda: (folder / "witness.address").read_text().strip(), lambda: imposter)
    with serving(folder):
        assert isinstance(as_imposter.contribute(draw.data, notice, pool, draw.handle), Refused)
    as_imposter.close()


@pytest.mark.parametrize("data", [b"", b"{}", b'{"name":"a","organisation":"b","verify":"00","vrf":"00"}'])
def test_a_misshapen_public_file_names_nobody(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_contributor(data)
