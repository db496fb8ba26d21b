"""The way to a trustee: its answers told apart, and none believed but under its own key. Source: our choice (ADR-6)."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mifeng.gateways.trustee import Given, Outcome, Refused, Trustee, Unreachable
from mifeng.gateways.trustee.http import HttpTrustee, embedded_trustee, parse_trustee, remote_trustee
from mifeng.programs.trustee.judge import Judge
from mifeng.programs.trustee.memory import Memory
from mifeng.programs.trustee.server import Server
from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.seal.opening import open_bid
from mifeng.rules.seal.sealing import Sealed
from mifeng.rules.seal.statements import sign_ecdsa, submission
from tests.programs.trustees import (
    BODIES,
    DUE,
    SECRETS,
    WINDOW,
    Keeper,
    Package,
    Running,
    receipt_request,
    shown,
    trustee_folder,
)

NOW = int((DUE + WINDOW).timestamp()) + 60


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """Return three trustees, each in a process of its own."""
    keeper = Keeper(tmp_path_factory.mktemp("trustees"))
    running = [Running(trustee_folder(keeper.folder / name)) for name in BODIES]
    for trustee in running:
        trustee.start()
    yield keeper
    assert [trustee.stop() for trustee in running] == [0, 0, 0]


@pytest.fixture
def trustees(keeper: Keeper) -> Iterator[list[HttpTrustee]]:
    """Return the ways to them."""
    folders = [keeper.folder / name for name in BODIES]
    ways = [embedded_trustee(folder / "run" / "trustee.address", folder / "trustee.pub") for folder in folders]
    yield ways
    for way in ways:
        way.close_connections()


@pytest.fixture
def package(keeper: Keeper, request: pytest.FixtureRequest) -> Package:
    """Return a package of this test alone."""
    return keeper.package(request.node.name.encode().ljust(32, b".")[:32])


def test_a_bid_opens_with_what_two_of_three_trustees_release(trustees: list[HttpTrustee], package: Package) -> None:
    notice, bid = package.notice(), package.bid()
    given: list[Outcome] = [way.deadline(package.data, notice) for way in trustees]
    verdicts = [way.stanza(*shown(bid)) for way in trustees]
    close = package.close(bid)
    given += [way.close(close) for way in trustees]
    released = [way.release(package.keyed(close, bid)) for way in trustees]

    assert all(isinstance(outcome, Given) for outcome in (*given, *verdicts, *released))
    assert [outcome.verdict for outcome in verdicts if isinstance(outcome, Given)] == ["ok"] * 3
    shares = {}
    for index, outcome in enumerate(released, 1):
        assert isinstance(outcome, Given)
        assert [bid_ref for bid_ref, _ in outcome.shares] == [bid.bid_ref]
        shares[index] = int.from_bytes(outcome.shares[0][1])
    opened = open_bid(bid.seal, bid.s_b, {1: shares[1], 3: shares[3]}, ciphertexts(bid))
    assert [file.data for file in opened.parts["price"]] == [b"100.00"]
    assert opened.identity.name == "甲公司"


def ciphertexts(bid: Sealed) -> dict[str, list[bytes]]:
    """Return the ciphertext of each part of a bid."""
    start = 8 + len(bid.seal.data)
    bounds = {part.id: (start + part.offset, start + part.offset + part.ct_len) for part in bid.seal.parts}
    return {name: [bid.container[low:high]] for name, (low, high) in bounds.items()}


def test_a_withdrawal_is_passed_on_as_the_bidder_signed_it(trustees: list[HttpTrustee], package: Package) -> None:
    way, bid = trustees[0], package.bid()
    way.deadline(package.data, package.notice())
    way.stanza(*shown(bid))
    named = (package.policy.lot_ref, bid.bid_ref, 1, bid.envelope_hash, b"nonce")
    signature = sign_ecdsa(SECRETS[bid.bid_ref].submit, submission("withdraw", *named))

    assert way.withdraw(*named, sign_ecdsa(5, submission("withdraw", *named))) == Refused("signature-invalid")
    assert isinstance(way.withdraw(*named, signature), Given)
    assert way.close(package.close(bid)) == Refused("list-outdated")


def test_refusals_are_told_by_their_codes(trustees: list[HttpTrustee], package: Package) -> None:
    way, bid = trustees[0], package.bid()
    close = package.close(bid)

    assert way.close(close) == Refused("lot-unknown")
    assert way.stanza(*shown(bid)) == Refused("lot-unknown")
    way.deadline(package.data, package.notice())
    keyed = package.keyed(close, bid)
    assert way.release(keyed) == Refused("too-early")
    assert isinstance(way.close(close), Given)
    assert way.close(package.close()) == Refused("second-list")
    assert way.release(keyed) == Refused("stanza-unknown")


def test_the_gateway_is_a_trustee_to_the_platform(trustees: list[HttpTrustee], keeper: Keeper) -> None:
    way: Trustee = trustees[1]

    assert way.key() == keeper.key("trustee-2").trustee


def test_what_cannot_be_asked_is_refused_at_once(trustees: list[HttpTrustee], package: Package, keeper: Keeper) -> None:
    way, other = trustees[0], keeper.package()
    bare = "\n".join(line for line in package.close().split("\n") if not line.startswith("extra "))
    asked: list[Callable[[], Outcome]] = [
        lambda: way.deadline(package.data, other.notice()),
        lambda: way.deadline(b"{}", package.notice()),
        lambda: way.stanza(b"{}", b"n", b"s"),
        lambda: way.close(package.notice()),
        lambda: way.close(bare),
        lambda: way.release("nonsense"),
        lambda: way.withdraw(b"lot", b"bid", 0, b"", b"", b""),
    ]

    for ask in asked:
        with pytest.raises(ValueError, match=r".+"):
            ask()


def test_the_address_is_read_anew_at_each_call(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    package = keeper.package()
    way = embedded_trustee(tmp_path / "address", tmp_path / "trustee-1" / "trustee.pub")
    for _ in range(2):
        assert isinstance(way.close(package.close()), Unreachable)
        memory = Memory(tmp_path / "memory")
        server = Server(("127.0.0.1", 0), Judge(keeper.key(), keeper.trust, memory, lambda: NOW), memory)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        (tmp_path / "address").write_text(f"http://127.0.0.1:{server.server_address[1]}\n")
        assert isinstance(way.deadline(package.data, package.notice()), Given)
        server.shutdown()
        thread.join()
        server.finish()
    way.close_connections()


def test_a_trustee_without_key_or_address_is_not_asked(tmp_path: Path) -> None:
    package = Keeper(tmp_path).package()
    for way in (
        embedded_trustee(tmp_path / "absent", tmp_path / "trustee-1" / "trustee.pub"),
        remote_trustee("http://127.0.0.1:1", tmp_path / "absent"),
        remote_trustee("http://127.0.0.1:1/", tmp_path / "trustee-1" / "trustee.pub"),
    ):
        assert isinstance(way.close(package.close()), Unreachable)
        way.close_connections()


@pytest.mark.parametrize("spoilt", [b"", b"{}", b'{"hpke":"","name":"x","organisation":"x","verify":""}'])
def test_a_misshapen_public_file_is_not_read(spoilt: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_trustee(spoilt)


# whoever answers in the trustee's place ------------------------------------------------------------------------------


class Imposter:
    """A server that stands where the trustee should, and answers whatever it is told to."""

    def __init__(self, folder: Path) -> None:
        self.keeper = Keeper(folder)
        self.package = self.keeper.package()
        self.memory = Memory(folder / "memory")
        self.key = replace(self.keeper.key(), signing=self.keeper.key("trustee-2").signing)

    def answered(self, status: int, body: Callable[[str, bytes], bytes], ask: Callable[[Trustee], Outcome]) -> Outcome:
        """Return what the gateway makes of an answer."""

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body(self.path, asked))

            def log_message(self, format: str, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            way = HttpTrustee(lambda: f"http://127.0.0.1:{server.server_address[1]}", lambda: self.keeper.key().trustee)
            outcome = ask(way)
            way.close_connections()
            server.shutdown()
            thread.join()
        return outcome

    def judge(self) -> Judge:
        """Return a judge that decides as the trustee would, under another signing key."""
        return Judge(self.key, self.keeper.trust, self.memory, lambda: NOW)


@pytest.fixture
def imposter(tmp_path: Path) -> Iterator[Imposter]:
    """Return somebody who knows all but the trustee's signing key."""
    imposter = Imposter(tmp_path)
    yield imposter
    imposter.memory.close()


def test_an_imposter_is_never_believed(imposter: Imposter) -> None:
    package, bid = imposter.package, imposter.package.bid()
    # A policy that names the imposter's key as the trustee's, so that its program decides as the real one would.
    first, second, third = package.policy.trustees
    others = (replace(first, verify=second.verify), replace(second, verify=first.verify), third)
    forged = imposter.keeper.package(trustees=others)
    notice, close = forged.notice(), forged.close()
    keyed = forged.keyed(close)
    signed = submission("withdraw", package.policy.lot_ref, bid.bid_ref, 1, bid.envelope_hash, b"n")
    withdrawal = sign_ecdsa(SECRETS[bid.bid_ref].submit, signed)
    asked: list[Callable[[Trustee], Outcome]] = [
        lambda way: way.deadline(forged.data, notice),
        lambda way: way.close(close),
        lambda way: way.release(keyed),
        lambda way: way.withdraw(package.policy.lot_ref, bid.bid_ref, 1, bid.envelope_hash, b"n", withdrawal),
    ]
    answers = {"/withdraw": canonical({"signature": imposter.key.signing.sign(signed).hex()})}

    def body(path: str, asked: bytes) -> bytes:
        return answers.get(path) or imposter.judge().answer(path, asked).body

    assert [imposter.answered(200, body, ask) for ask in asked] == [Refused("signature-invalid")] * 4


def test_a_signature_does_not_pass_for_another_answer(imposter: Imposter) -> None:
    package, bid, other = imposter.package, imposter.package.bid(), imposter.package.bid()
    judge = Judge(imposter.keeper.key(), imposter.keeper.trust, imposter.memory, lambda: NOW)
    judge.answer("/deadline", package.deadline_request(package.notice()))
    said = parse_canonical(judge.answer("/stanza", package.stanza_request(bid)).body)
    judge.answer("/stanza", package.stanza_request(other))
    close = package.close(bid, other)
    keyed = package.keyed(close, bid, other)
    judge.answer("/close", receipt_request(close))
    released = parse_canonical(judge.answer("/release", receipt_request(keyed)).body)
    assert isinstance(said, dict)
    assert isinstance(released, dict)
    one, two = released["shares"]
    swapped = [one | {"share": two["share"]}, two | {"share": one["share"]}]
    forged: list[tuple[object, Callable[[Trustee], Outcome]]] = [
        (said | {"verdict": "bad"}, lambda way: way.stanza(*shown(bid))),
        (said, lambda way: way.stanza(*shown(other))),
        (released | {"shares": [one]}, lambda way: way.release(keyed)),
        (released | {"shares": swapped}, lambda way: way.release(keyed)),
        (released, lambda way: way.release(package.keyed(close, bid, other))),
    ]

    for fields, ask in forged:
        assert imposter.answered(200, lambda _p, _b, f=fields: canonical(f), ask) == Refused("signature-invalid")
    for shares in ([two, one], [one, one, two], [one, two, one | {"bid_ref": "ab" * 32}]):
        fields = released | {"shares": shares}
        outcome = imposter.answered(200, lambda _p, _b, f=fields: canonical(f), lambda way: way.release(keyed))
        assert isinstance(outcome, Unreachable)
    assert isinstance(imposter.answered(200, lambda _p, _b: canonical(released), lambda way: way.release(keyed)), Given)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (409, b'{"refused":"too-early"}', Refused("too-early")),
        (404, b'{"refused":"not-found"}', Refused("not-found")),
        (409, b'{"refused":"' + b"x" * 99 + b'"}', Refused("x" * 40)),
        (500, b"oh", Unreachable("status 500")),
        (503, b'{"refused":"memory"}', Unreachable("status 503")),
    ],
)
def test_answers_are_told_apart(imposter: Imposter, status: int, body: bytes, outcome: Outcome) -> None:
    close = imposter.package.close()

    assert imposter.answered(status, lambda _p, _b: body, lambda way: way.close(close)) == outcome


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"\xff"),
        (200, b"[]"),
        (200, b'{"countersignature":"ab"}'),
        (200, b'{"countersignature": "' + b"ab" * 64 + b'"}'),
        (200, b'{"refused":"too-early"}'),
        (409, b"no"),
        (409, b'{"refused":""}'),
        (302, b""),
        (200, b"x" * 2_000_000),
    ],
)
def test_answers_that_make_no_sense_are_none(imposter: Imposter, status: int, body: bytes) -> None:
    close, bid = imposter.package.close(), imposter.package.bid()

    for ask in (lambda way: way.close(close), lambda way: way.stanza(*shown(bid))):
        assert isinstance(imposter.answered(status, lambda _p, _b: body, ask), Unreachable)


def test_a_verdict_is_ok_or_bad(imposter: Imposter) -> None:
    bid, said = imposter.package.bid(), canonical({"verdict": "perhaps", "signature": "ab" * 64})

    outcome = imposter.answered(200, lambda _p, _b: said, lambda way: way.stanza(*shown(bid)))
    assert isinstance(outcome, Unreachable)


@pytest.mark.prove
def test_a_trustee_that_is_silent_is_left_after_a_few_seconds(imposter: Imposter) -> None:
    gate, close = threading.Event(), imposter.package.close()

    def wait(_path: str, _body: bytes) -> bytes:
        gate.wait(8)
        return b""

    began = time.monotonic()
    timer = threading.Timer(5.5, gate.set)
    timer.start()
    outcome = imposter.answered(200, wait, lambda way: way.close(close))
    timer.join()

    assert isinstance(outcome, Unreachable)
    assert 3 < time.monotonic() - began < 7.5
