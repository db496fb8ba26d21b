"""Vectors of ``envelope.md``: one sealed bid step by step, and what each reader must refuse or find."""

from brought import attempts, bad_shares, two_prices
from chunked import chunked
from hpke import point
from primitives import b64, jcs, labelled, secret, tuple_bytes
from refused import bad_containers, bad_policies, listed, malformed, other_policy, patch, unsound_policies
from sealed import (
    BASE,
    BID_REF,
    BIDDER,
    CERTIFICATE,
    COEFFICIENTS,
    LOT,
    LOT_SALT,
    PARTS,
    POLICY_HASH,
    RECOVERY,
    S_B,
    SUBMIT,
    TRUSTEES,
    ecdsa,
    ed25519,
    policy,
    private,
    recovery_scalar,
    recovery_text,
    scalar,
    scalar_bytes,
    share,
)

LEAF = secret("leaf of an entry")


def envelope():
    return {
        "lot": LOT,
        "lot_salt": LOT_SALT.hex(),
        "policy": jcs(policy()).decode(),
        "policy_hash": POLICY_HASH.hex(),
        "secrets": {
            "s_b": S_B.hex(),
            "bid_ref": BID_REF.hex(),
            "submit": scalar_bytes(SUBMIT).hex(),
            "coefficients": [scalar_bytes(one).hex() for one in COEFFICIENTS],
            "trustees": [scalar_bytes(one).hex() for one in TRUSTEES],
            "bidder": scalar_bytes(BIDDER).hex(),
            "certificate": scalar_bytes(scalar("certificate key")).hex(),
            "recovery": RECOVERY.hex(),
        },
        "recovery": recovery(),
        "core": jcs(BASE.core).decode(),
        "core_hash": BASE.core_hash.hex(),
        "shares": [scalar_bytes(share(index)).hex() for index in (1, 2, 3)],
        "trustees": BASE.trustees,
        "slots": BASE.slots,
        "parts": BASE.steps,
        "certificate": b64(CERTIFICATE),
        "signed": BASE.message.hex(),
        "signature": BASE.signature.hex(),
        "seal": BASE.text.decode(),
        "envelope_hash": labelled("BE1 envelope", BASE.text).hex(),
        "marks": marks(),
        "container": b64(BASE.container),
        "bad_policies": listed(bad_policies(), jcs(policy())),
        "unsound_policies": [{"rule": rule, **patch(jcs(policy()), jcs(other))} for rule, other in unsound_policies()],
        "malformed": listed(malformed(), BASE.text),
        "other_policy": [{"field": field, **patch(BASE.text, jcs(other))} for field, other in other_policy()],
        "bad_containers": bad_containers(),
        "bad_shares": bad_shares(),
        "attempts": attempts(),
        "two_prices": two_prices(),
        "chunked": chunked(),
        "statements": statements(),
    }


def marks():
    stanzas = [bytes.fromhex(one["data"]) for one in BASE.trustees + BASE.slots]
    return [
        ["sB_commit", BASE.core["sB_commit"]],
        ["C_0", labelled("BE1 mark", point(COEFFICIENTS[0])).hex()],
        *(["stanza", labelled("BE1 mark", one).hex()] for one in stanzas),
        *(["ct_hash", labelled("BE1 ct", BASE.parts[name]).hex()] for name in PARTS),
    ]


def recovery():
    return {
        "code": RECOVERY.hex(),
        "text": recovery_text(RECOVERY),
        "scalar": scalar_bytes(recovery_scalar(RECOVERY)).hex(),
        "point": point(recovery_scalar(RECOVERY)).hex(),
    }


def statements():
    lot, bid = bytes.fromhex(policy()["lot_ref"]), BID_REF
    hashed, nonce = labelled("BE1 envelope", BASE.text), secret("nonce")
    rows = b"".join(tuple_bytes(one, scalar_bytes(share(1))) for one in (bid, secret("another bid")))
    name = b"trustee-1"
    ack = tuple_bytes(b"BE1 ack", POLICY_HASH, bid, b"1", hashed, name, b"ok")
    close = tuple_bytes(b"BE1 countersign", b"close", lot, POLICY_HASH, LEAF, name, b"detail")
    messages = {"ack": ack, "countersign": close, "batch": tuple_bytes(b"BE1 batch", lot, LEAF, name, rows)}
    submit = tuple_bytes(b"BE1 submit", b"submit", lot, bid, b"1", hashed, nonce)
    key = ed25519("trustee 1 signs")
    signed = {one: {"message": text.hex(), "signature": key.sign(text).hex()} for one, text in messages.items()}
    signed["submit"] = {"message": submit.hex(), "signature": ecdsa(private(SUBMIT), submit).hex()}
    return {
        "nonce": nonce.hex(),
        "leaf": LEAF.hex(),
        "another_bid": secret("another bid").hex(),
        "trustee_seed": secret("trustee 1 signs").hex(),
        **signed,
    }
