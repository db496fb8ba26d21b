"""A small log of six entries in two streams, three of its four checkpoints cosigned; what the other vectors change."""

import base64
import json

from primitives import LOG, NOTARY, ORIGIN, START, b64, checkpoint_text, jcs, labelled, leaf_hash, mth, secret


def clock(seconds, micro=0):
    minutes, second = divmod(seconds - START, 60)
    return f"2027-01-15T{8 + minutes // 60:02d}:{minutes % 60:02d}:{second:02d}.{micro:06d}Z"


class Book:
    """A small log: entries in order, checkpoints between them."""

    def __init__(self):
        self.heads, self.leaves, self.lines, self.steps = {}, [], [], []

    def entry(self, kind, stream, at, body=None, **change):
        number = len(self.leaves)
        salt, body_salt = secret(f"salt {number}"), secret(f"body salt {number}")
        body = jcs(body if body is not None else {"step": kind, "number": number})
        fields = {
            "v": 1,
            "type": kind,
            "stream": stream,
            "prev": self.heads.get(stream, b"").hex(),
            "actor": "agency-1",
            "t": at,
            "body": labelled("body", body_salt, body).hex(),
            "refs": [],
        } | change
        data = jcs(fields)
        leaf = labelled("leaf", salt, data)
        line = {
            "body": b64(body),
            "body_salt": body_salt.hex(),
            "data": b64(data),
            "index": number,
            "leaf": leaf.hex(),
            "salt": salt.hex(),
        }
        self.steps.append(
            {
                "entry": data.decode(),
                "salt": salt.hex(),
                "leaf": leaf.hex(),
                "body": body.decode(),
                "body_salt": body_salt.hex(),
                "body_commit": labelled("body", body_salt, body).hex(),
                "leaf_hash": leaf_hash(leaf).hex(),
            }
        )
        self.add(line, leaf, stream)

    def add(self, line, leaf, stream):
        self.heads[stream] = leaf
        self.leaves.append(leaf)
        self.lines.append(jcs(line).decode())

    def checkpoint(self, at=None, key=LOG, witness=NOTARY, size=None, root=None, origin=ORIGIN):
        self.lines.append(jcs({"checkpoint": self.note(at, key, witness, size, root, origin)}).decode())

    def note(self, at=None, key=LOG, witness=NOTARY, size=None, root=None, origin=ORIGIN):
        text = checkpoint_text(len(self.leaves) if size is None else size, root or mth(self.leaves), origin)
        return text + "\n" + key.line(text) + (witness.cosignature(text, at) if at is not None else "")


def header(origin=ORIGIN, log=LOG, witnesses=(NOTARY,)):
    return jcs(
        {"format": "mifeng-log/1", "log": log.vkey, "origin": origin, "witnesses": [key.vkey for key in witnesses]}
    ).decode()


def story():
    book = Book()
    book.lines.append(header())
    book.entry("enter", "tender:1", clock(START, 1))
    book.entry("enter", "tender:2", clock(START + 1))
    book.checkpoint(START + 2)
    book.entry("plan", "tender:1", clock(START + 100))
    book.entry("publish", "tender:1", clock(START + 110))
    book.checkpoint(START + 111)
    book.entry("plan", "tender:2", clock(START + 200))
    book.checkpoint()
    book.entry("publish", "tender:2", clock(START + 210))
    book.checkpoint(START + 212)
    return book


def forged(number, **change):
    """Return an entry line of the story, written anew with other fields and a leaf that fits them."""
    line = json.loads(story().lines[number - 1])
    fields = json.loads(base64.b64decode(line["data"])) | change
    data = jcs(fields)
    leaf = labelled("leaf", bytes.fromhex(line["salt"]), data)
    return jcs(line | {"data": b64(data), "leaf": leaf.hex()}).decode()


def patched(number, **change):
    """Return a line of the story with other outer fields."""
    return jcs(json.loads(story().lines[number - 1]) | change).decode()


def renumbered(numbers):
    """Return the story's lines in this order, entries numbered as they then stand."""
    out, index = [], 0
    for number in numbers:
        line = json.loads(story().lines[number - 1])
        if "index" in line:
            line["index"] = index
            index += 1
        out.append(jcs(line).decode())
    return out


def checkpoint_line(size, at, leaves, key=LOG, witness=NOTARY, root=None):
    text = checkpoint_text(size, root or mth(leaves))
    seen = witness.cosignature(text, at) if at is not None else ""
    return jcs({"checkpoint": text + "\n" + key.line(text) + seen}).decode()
