"""A trustee answers as the specification says, byte for byte. Source: docs/spec/trustee.md."""

import ast
import inspect
import re
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mifeng.programs.trustee import judge
from mifeng.programs.trustee.judge import Answer, Judge
from mifeng.programs.trustee.keys import Trust, TrusteeKey
from mifeng.programs.trustee.memory import Memory
from mifeng.programs.trustee.requests import parse_stanza
from mifeng.rules.decisive import closed, keyed, published, verify_decisive
from mifeng.rules.ledger import parse_vkey
from mifeng.rules.seal.envelope import parse_seal
from mifeng.rules.seal.statements import submission, verify_ecdsa, verify_ed25519
from tests.rules.vectors import SPEC, vectors

SHOWN = vectors("trustee")
TRUST = Trust((parse_vkey(SHOWN["log"]),), (parse_vkey(SHOWN["witness"]),))


def key() -> TrusteeKey:
    """Return the trustee's keys."""
    hpke = ec.derive_private_key(int(SHOWN["hpke"], 16), ec.SECP256R1())
    signing = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SHOWN["signing"]))
    return TrusteeKey(SHOWN["name"], SHOWN["organisation"], signing, hpke)


def test_every_answer_is_the_published_one(tmp_path: Path) -> None:
    for exchange in SHOWN["exchanges"]:
        # A new one for every request: what it knows, it knows from its memory.
        memory = Memory(tmp_path / "memory")
        trustee = Judge(key(), TRUST, memory, partial(int, exchange["clock"]))
        answer = trustee.answer(exchange["path"], exchange["request"].encode())
        memory.close()

        assert answer == Answer(exchange["status"], exchange["answer"].encode()), exchange["name"]


def test_every_signature_is_over_the_published_statement() -> None:
    signed = [exchange for exchange in SHOWN["exchanges"] if exchange["status"] == 200]

    assert {exchange["path"] for exchange in signed} == {"/deadline", "/stanza", "/close", "/release"}
    for exchange in signed:
        signature = exchange["answer"].split('ignature":"')[1][:128]
        verify_ed25519(key().trustee.verify, bytes.fromhex(exchange["signed"]), bytes.fromhex(signature))


def test_what_the_bidder_signs_is_as_published() -> None:
    asked = [exchange for exchange in SHOWN["exchanges"] if exchange["path"] == "/stanza" and exchange["status"] == 200]
    request = parse_stanza(asked[0]["request"].encode())
    seal = parse_seal(request.seal)
    statement = submission("submit", seal.lot_ref, seal.bid_ref, seal.version, seal.envelope_hash, request.nonce)

    assert statement.hex() == SHOWN["submission"]
    verify_ecdsa(seal.submit_key, statement, request.signature)


def test_the_decisive_entries_are_read_as_published() -> None:
    readers = {"publish_notice": published, "clarify": published, "close_list": closed, "close_keys": keyed}
    for entry in SHOWN["entries"]:
        read = verify_decisive(entry["receipt"], *TRUST.logs, TRUST.witnesses)

        assert read.body == entry["body"].encode()
        assert read.proven.leaf.hex() == entry["leaf"]
        assert readers[read.proven.entry.type](read.body)


def test_the_table_of_codes_holds_every_code_of_the_trustee() -> None:
    words = {node.value for node in ast.walk(ast.parse(inspect.getsource(judge))) if isinstance(node, ast.Constant)}
    codes = {word for word in words if isinstance(word, str) and re.fullmatch(r"[a-z]+(-[a-z]+)+", word)}
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", (SPEC / "trustee.md").read_text().split("T21")[1], re.M)
    listed = {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)}

    # Four come from the rules of the sealed bid.
    assert listed - codes == {"policy-unsound", "envelope-policy", "envelope-malformed", "too-large"}
    assert codes <= listed
