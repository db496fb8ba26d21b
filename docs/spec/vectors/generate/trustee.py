"""Vectors of ``trustee.md``: one trustee from the notice to the release, asked in this order, and what it answers."""

from book import Book, clock
from primitives import LOG, NOTARY, ORIGIN, START, STRANGER, b64, jcs, labelled, path, secret, tuple_bytes
from sealed import (
    BASE,
    BID_REF,
    BIDDER,
    POLICY_HASH,
    SUBMIT,
    TRUSTEES,
    ecdsa,
    ed25519,
    policy,
    private,
    scalar_bytes,
    share,
)

LOT_REF = policy()["lot_ref"]
ENVELOPE = labelled("BE1 envelope", BASE.text)
NAME, SIGNER = "trustee-1", ed25519("trustee 1 signs")
FIRST, DUE, WINDOW = START + 3600, START + 3900, 1800
AFTER = DUE + WINDOW + 60
NONCE, HANDED_IN = secret("withdrawal nonce"), secret("submission nonce")
LISTED = [{"bid_ref": BID_REF.hex(), "envelope": ENVELOPE.hex()}]


def move(step, subject, facts):
    return {"step": step, "subject": subject, "facts": facts}


def sealed(step, due):
    facts = {"lot_ref": LOT_REF, "policy_hash": POLICY_HASH.hex(), "bids_due_at": clock(due)}
    return {"from": "preparing", "to": "published"} | move(step, "tenders.lot:1", facts)


def closing(rows):
    facts = {"lot_ref": LOT_REF, "policy_hash": POLICY_HASH.hex(), "due": clock(DUE), "list": rows}
    return move("list", "bidding.opening:1", facts)


def keying(leaf, keyed, **more):
    facts = {"lot_ref": LOT_REF, "close": leaf.hex(), "keyed": keyed} | more
    return move("close_keys", "bidding.opening:1", facts)


def acts():
    """Yield name, act, role, time and move of each entry; a move that needs an earlier leaf is a function of it."""
    yield "notice", "publish_notice", "agency", START, sealed("publish", FIRST)
    yield "clarification", "clarify", "agency", START + 100, sealed("clarify", DUE)
    yield "earlier", "clarify", "agency", START + 200, sealed("clarify", DUE - 1)
    yield "close", "close_list", "clock", DUE + 2, closing(LISTED)
    yield "second close", "close_list", "clock", DUE + 3, closing([])
    yield "early keys", "close_keys", "clock", DUE + 5, lambda leaf: keying(leaf, [])
    yield "other stage", "close_keys", "clock", AFTER - 60, lambda leaf: keying(leaf, [BID_REF.hex()], stage="2")
    yield "keys", "close_keys", "clock", AFTER - 60, lambda leaf: keying(leaf, [BID_REF.hex()])
    yield "second keys", "close_keys", "clock", AFTER - 59, lambda leaf: keying(leaf, [])


def logged():
    """Return for each entry its leaf, its body and its receipt under the checkpoint right behind it."""
    book, found = Book(), {}
    for name, act, role, at, line in acts():
        line = line(found["close"]["leaf"]) if callable(line) else line
        book.entry(act, line["subject"], clock(at), {"step": act, "role": role, "moves": [line]})
        made = book.steps[-1]
        extra = {key: made[key] for key in ("salt", "body_salt")}
        extra |= {"data": b64(made["entry"].encode()), "body": b64(made["body"].encode())}
        head = ["c2sp.org/tlog-proof@v1", f"extra {b64(jcs(extra))}", f"index {len(book.leaves) - 1}"]
        steps = [b64(one) for one in path(len(book.leaves) - 1, book.leaves)]
        shown = "\n".join([*head, *steps]) + "\n\n"
        found[name] = {
            "leaf": book.leaves[-1],
            "body": made["body"],
            "receipt": shown + book.note(at + 1),
            "by a stranger": shown + book.note(at + 1, witness=STRANGER),
        }
    return found


LOGGED = logged()


def countersigned(kind, name, due):
    message = tuple_bytes(
        b"BE1 countersign",
        kind.encode(),
        bytes.fromhex(LOT_REF),
        POLICY_HASH,
        LOGGED[name]["leaf"],
        NAME.encode(),
        clock(due).encode(),
    )
    return message, {"countersignature": SIGNER.sign(message).hex()}


def acknowledged():
    message = tuple_bytes(b"BE1 ack", POLICY_HASH, BID_REF, b"1", ENVELOPE, NAME.encode(), b"ok")
    return message, {"verdict": "ok", "signature": SIGNER.sign(message).hex()}


def released():
    value = scalar_bytes(share(1))
    rows = tuple_bytes(BID_REF, value)
    leaf = LOGGED["keys"]["leaf"]
    message = tuple_bytes(b"BE1 batch", bytes.fromhex(LOT_REF), leaf, NAME.encode(), rows)
    shares = [{"bid_ref": BID_REF.hex(), "share": value.hex()}]
    return message, {"shares": shares, "signature": SIGNER.sign(message).hex()}


def statement(verb, nonce, version=b"1"):
    return tuple_bytes(b"BE1 submit", verb, bytes.fromhex(LOT_REF), BID_REF, version, ENVELOPE, nonce)


def stanza(message=None, key=SUBMIT):
    """Return the request that shows the bid, signed as it was handed in, or otherwise."""
    signature = ecdsa(private(key), message or statement(b"submit", HANDED_IN))
    fields = {"lot_ref": LOT_REF, "seal": b64(BASE.text), "nonce": HANDED_IN.hex(), "signature": signature.hex()}
    return jcs(fields)


def withdrawal():
    fields = {"lot_ref": LOT_REF, "bid_ref": BID_REF.hex(), "version": 1, "envelope": ENVELOPE.hex()}
    signature = ecdsa(private(SUBMIT), statement(b"withdraw", NONCE))
    return jcs(fields | {"nonce": NONCE.hex(), "signature": signature.hex()})


def asked():
    """Yield name, path, request, time of the trustee's clock, and the answer: a code, or message and fields."""
    another, later = statement(b"withdraw", HANDED_IN), statement(b"submit", HANDED_IN, b"2")
    notice, clarified = (countersigned("deadline", *one) for one in (("notice", FIRST), ("clarification", DUE)))
    closed = countersigned("close", "close", DUE)

    def deadline(name, key="receipt", **change):
        return jcs({"policy": b64(jcs(policy(**change))), "receipt": LOGGED[name][key]})

    def only(name):
        return jcs({"receipt": LOGGED[name]["receipt"]})

    yield "a lot it does not know", "/stanza", stanza(), START, "lot-unknown"
    yield "by another hand, before anything else", "/stanza", stanza(key=BIDDER), START, "signature-invalid"
    yield "by a witness it does not know", "/deadline", deadline("notice", "by a stranger"), START, "receipt-invalid"
    yield "another policy", "/deadline", deadline("notice", window_minutes=31), START, "policy-other"
    yield "the notice", "/deadline", deadline("notice"), START, notice
    yield "a later deadline", "/deadline", deadline("clarification"), START, clarified
    yield "the notice again", "/deadline", deadline("notice"), START, notice
    yield "an earlier deadline", "/deadline", deadline("earlier"), START, "deadline-earlier"
    yield "a stanza by another hand", "/stanza", stanza(key=BIDDER), START, "signature-invalid"
    yield "a stanza under another version's signature", "/stanza", stanza(later), START, "signature-invalid"
    yield "a stanza under the signature of a withdrawal", "/stanza", stanza(another), START, "signature-invalid"
    yield "a stanza", "/stanza", stanza(), START, acknowledged()
    yield "a list before its own clock says so", "/close", only("close"), DUE - 1, "too-early"
    yield "a release before the close", "/release", only("keys"), AFTER, "too-early"
    yield "the list", "/close", only("close"), DUE, closed
    yield "the list again", "/close", only("close"), AFTER, closed
    yield "a second list", "/close", only("second close"), AFTER, "second-list"
    yield "a withdrawal after the close", "/withdraw", withdrawal(), AFTER, "lot-closed"
    yield "keys closed before the window is over", "/release", only("early keys"), AFTER, "too-early"
    yield "another stage", "/release", only("other stage"), AFTER, "stage-other"
    yield "the release", "/release", only("keys"), AFTER, released()
    yield "the release again", "/release", only("keys"), AFTER, released()
    yield "a second release", "/release", only("second keys"), AFTER, "second-release"
    yield "the stanza again", "/stanza", stanza(), AFTER, acknowledged()
    yield "the earlier deadline after the close", "/deadline", deadline("earlier"), AFTER, "lot-closed"


def exchange(name, where, request, now, answer):
    fields = {"refused": answer} if isinstance(answer, str) else answer[1]
    shown = {"name": name, "path": where, "clock": now, "request": request.decode()}
    shown |= {"status": 409 if isinstance(answer, str) else 200, "answer": jcs(fields).decode()}
    return shown if isinstance(answer, str) else shown | {"signed": answer[0].hex()}


def trustee():
    return {
        "origin": ORIGIN,
        "log": LOG.vkey,
        "witness": NOTARY.vkey,
        "name": NAME,
        "organisation": "body 1",
        "signing": secret("trustee 1 signs").hex(),
        "hpke": scalar_bytes(TRUSTEES[0]).hex(),
        "submission": statement(b"submit", HANDED_IN).hex(),
        "entries": [
            {"name": name, "leaf": one["leaf"].hex(), "body": one["body"], "receipt": one["receipt"]}
            for name, one in LOGGED.items()
        ],
        "exchanges": [exchange(*one) for one in asked()],
    }
