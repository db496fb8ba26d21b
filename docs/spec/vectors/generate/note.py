"""Vectors of signed notes, cosignatures, verifier keys and checkpoint texts."""

import base64

from primitives import FORGER, LOG, NOTARY, ORIGIN, START, STRANGER, WITNESS, b64, checkpoint_text, secret

TEXT = checkpoint_text(3, secret("a root"))
LINE, SEEN = LOG.line(TEXT), NOTARY.cosignature(TEXT, START)
WHOLE = TEXT + "\n" + LINE + SEEN


def note():
    names = {
        "log": {"seed": LOG.seed.hex(), "vkey": LOG.vkey, "key_id": LOG.key_id.hex()},
        "witness": {"seed": NOTARY.seed.hex(), "vkey": NOTARY.vkey, "key_id": NOTARY.key_id.hex()},
    }
    return {
        "keys": names,
        "text": TEXT,
        "time": START,
        "cosigned_message": f"cosignature/v1\ntime {START}\n{TEXT}",
        "log_line": LINE,
        "witness_line": SEEN,
        "note": WHOLE,
        "malformed": listed("note", malformed()),
        "unsigned": listed("note", unsigned()),
        "unseen": listed("note", unseen()),
        "bad_vkeys": listed("vkey", bad_vkeys()),
        "bad_checkpoints": listed("text", bad_checkpoints()),
    }


def listed(key, cases):
    return [{"name": name, key: value} for name, value in cases]


def malformed():
    return [
        ("no signatures", TEXT),
        ("no empty line", TEXT + LINE),
        ("nothing under the empty line", TEXT + "\n"),
        ("last newline missing", WHOLE[:-1]),
        ("hyphen for dash", WHOLE.replace("\u2014", "-")),
        ("control character", TEXT.replace("\n", "\r\n") + "\n" + LINE),
        ("name missing", TEXT + "\n\u2014  " + LINE.split(" ")[2]),
        ("base64 with spare bits", TEXT + "\n" + second_form(LINE)),
        ("base64 without padding", TEXT + "\n" + LINE.replace("=\n", "\n")),
        ("signature missing", TEXT + f"\n\u2014 {ORIGIN} {b64(LOG.key_id)}\n"),
        ("65 signatures", TEXT + "\n" + LINE * 65),
    ]


def unsigned():
    broken = LINE[:-8] + ("AAAA" if LINE[-8:-4] != "AAAA" else "BBBB") + LINE[-4:]
    return [
        ("signature changed", TEXT + "\n" + broken),
        ("text changed", TEXT.replace("\n3\n", "\n4\n") + "\n" + LINE),
        ("another key of the same name", TEXT + "\n" + FORGER.line(TEXT)),
        ("witness only", TEXT + "\n" + SEEN),
        ("one good, one changed", TEXT + "\n" + LINE + broken),
        ("signature cut", TEXT + f"\n\u2014 {ORIGIN} {b64(base64.b64decode(LINE.split(' ')[2])[:-1])}\n"),
    ]


def unseen():
    later = (START + 1).to_bytes(8, "big")
    at_changed = b64(NOTARY.key_id + later + base64.b64decode(SEEN.split(" ")[2])[12:])
    return [
        ("log only", TEXT + "\n" + LINE),
        ("another witness", TEXT + "\n" + LINE + STRANGER.cosignature(TEXT, START)),
        ("time changed", TEXT + "\n" + LINE + f"\u2014 {WITNESS} {at_changed}\n"),
        ("text changed", TEXT.replace("\n3\n", "\n4\n") + "\n" + LINE + SEEN),
        ("signed without time", TEXT + "\n" + LINE + NOTARY.line(TEXT)),
    ]


def bad_vkeys():
    return [
        ("two parts", "+".join(LOG.vkey.split("+")[:2])),
        ("key id changed", LOG.vkey.replace(LOG.key_id.hex(), "00000000")),
        ("name changed", LOG.vkey.replace("linyi", "linyj")),
        ("name missing", LOG.vkey.removeprefix(ORIGIN)),
        ("unknown kind", f"{ORIGIN}+{LOG.key_id.hex()}+{b64(bytes([2]) + LOG.public)}"),
        ("short key", f"{ORIGIN}+{LOG.key_id.hex()}+{b64(bytes([1]) + LOG.public[:31])}"),
        ("nothing", f"{ORIGIN}+{LOG.key_id.hex()}+"),
    ]


def bad_checkpoints():
    return [
        ("two lines", f"{ORIGIN}\n3\n"),
        ("extension line", TEXT + "more\n"),
        ("leading zero", TEXT.replace("\n3\n", "\n03\n")),
        ("signed size", TEXT.replace("\n3\n", "\n+3\n")),
        ("size too large", TEXT.replace("\n3\n", "\n9223372036854775808\n")),
        ("size absurd", TEXT.replace("\n3\n", "\n" + "9" * 400 + "\n")),
        ("size of other digits", TEXT.replace("\n3\n", "\n\u0663\n")),
        ("size missing", TEXT.replace("\n3\n", "\n\n")),
        ("origin missing", TEXT.removeprefix(ORIGIN)),
        ("short root", f"{ORIGIN}\n3\n{b64(secret('a root')[:31])}\n"),
        ("newline missing", TEXT[:-1]),
    ]


def second_form(line):
    """Return a signature line whose base64 decodes to the same bytes but has its spare bits set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = line.rstrip("\n").rstrip("=")
    pad = len(line.rstrip("\n")) - len(body)
    other = alphabet[alphabet.index(body[-1]) ^ 1]
    return body[:-1] + other + "=" * pad + "\n"
