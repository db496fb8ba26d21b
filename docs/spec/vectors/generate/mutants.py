"""What an attacker might do to the story's lines 1 to 11, and everything that must be found, with its place.

A line is a number, for the story's own line, or a text put in its place.
"""

import json

from book import checkpoint_line, clock, forged, header, patched, renumbered, story
from primitives import FORGER, LOG, START, STRANGER, Key, b64, checkpoint_text, jcs, mth, secret

BOOK = story()
LEAVES = BOOK.leaves
TENTH = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def fault(code, line, index=None):
    return {"code": code, "line": line, "index": index}


def roots(*places):
    return [fault("root-wrong", line, size) for line, size in places]


def leaf_of(line):
    return bytes.fromhex(json.loads(line)["leaf"])


def mutants():
    groups = (changed(), removed(), ordered(), timed(), signed(), covered(), shaped())
    return [{"name": name, "lines": lines, "faults": faults} for group in groups for name, lines, faults in group]


def changed():
    late = json.loads(forged(6, t=clock(START + 400)))
    body = b64(b'{"step":"other"}')
    salt, leaf = secret("other salt").hex(), secret("other leaf").hex()
    half = json.loads(BOOK.lines[5])
    del half["body_salt"]
    return [
        (
            "content changed",
            [1, 2, 3, 4, 5, patched(6, data=late["data"]), 7, 8, 9, 10, 11],
            [fault("leaf-wrong", 6, 3), fault("time-ahead", 6, 3)],
        ),
        (
            "content and leaf changed",
            [1, 2, 3, 4, forged(5, actor="agency-2"), 6, 7, 8, 9, 10, 11],
            [fault("prev-wrong", 6, 3), *roots((7, 4), (9, 5), (11, 6))],
        ),
        ("salt changed", [1, patched(2, salt=salt), *range(3, 12)], [fault("leaf-wrong", 2, 0)]),
        (
            "leaf changed",
            [*TENTH[:9], patched(10, leaf=leaf), 11],
            [fault("leaf-wrong", 10, 5), *roots((11, 6))],
        ),
        ("body changed", [1, 2, patched(3, body=body), *range(4, 12)], [fault("body-wrong", 3, 1)]),
        (
            "body salt missing",
            [1, 2, 3, 4, 5, jcs(half).decode(), 7, 8, 9, 10, 11],
            [
                fault("line-wrong", 6),
                fault("checkpoint-misplaced", 7, 4),
                fault("index-wrong", 8, 4),
                *roots((9, 5), (11, 6)),
            ],
        ),
        (
            "not an entry",
            [*TENTH[:9], forged(10, v=2), 11],
            [fault("entry-wrong", 10, 5), *roots((11, 6))],
        ),
    ]


def removed():
    return [
        (
            "entry removed",
            [1, 2, 3, 4, 6, 7, 8, 9, 10, 11],
            [fault("index-wrong", 5, 3), fault("prev-wrong", 5, 3), *roots((6, 4), (8, 5), (10, 6))],
        ),
        (
            "entry removed, the rest renumbered",
            renumbered([1, 2, 3, 4, 6, 7, 8, 9, 10, 11]),
            [fault("prev-wrong", 5, 2), *misplaced((6, 4), (8, 5), (10, 6))],
        ),
        ("last entry removed", [*TENTH[:9], 11], misplaced((10, 6))),
    ]


def ordered():
    return [
        (
            "entry twice",
            [1, 2, 2, *range(3, 12)],
            [
                fault("index-wrong", 3, 0),
                fault("prev-wrong", 3, 0),
                *roots((5, 2), (8, 4), (10, 5), (12, 6)),
            ],
        ),
        (
            "two entries of a stream swapped",
            [1, 2, 3, 4, *renumbered([2, 3, 6, 5])[2:], 7, 8, 9, 10, 11],
            [
                fault("prev-later", 5, 2),
                fault("prev-wrong", 6, 3),
                fault("time-backwards", 6, 3),
                *roots((7, 4), (9, 5), (11, 6)),
            ],
        ),
        (
            "lines of two streams swapped",
            [1, 3, 2, *range(4, 12)],
            [
                fault("index-wrong", 2, 1),
                fault("index-wrong", 3, 0),
                fault("index-wrong", 5, 2),
                *misplaced((4, 2)),
                *roots((7, 4), (9, 5), (11, 6)),
            ],
        ),
        (
            "first entry of a stream says it has one before",
            [1, forged(2, prev=secret("nowhere").hex()), *range(3, 12)],
            [
                fault("prev-wrong", 2, 0),
                fault("prev-wrong", 5, 2),
                *roots((4, 2), (7, 4), (9, 5), (11, 6)),
            ],
        ),
    ]


def misplaced(*places):
    return [fault("checkpoint-misplaced", line, size) for line, size in places]


def timed():
    late, early = forged(6, t=clock(START + 400)), forged(6, t=clock(START + 99))
    behind = forged(8, t=clock(START + 42))
    after = forged(10, prev=leaf_of(behind).hex())
    later = [*LEAVES[:4], leaf_of(behind), leaf_of(after)]
    return [
        (
            "back-dated before what its witness had seen",
            [*TENTH[:7], behind, checkpoint_line(5, None, later[:5]), after, checkpoint_line(6, START + 212, later)],
            [fault("time-behind", 8, 4)],
        ),
        (
            "back-dated along its stream",
            [1, 2, 3, 4, 5, early, checkpoint_line(4, START + 111, [*LEAVES[:3], leaf_of(early)])],
            [fault("time-backwards", 6, 3)],
        ),
        (
            "later than its witness",
            [1, 2, 3, 4, 5, late, checkpoint_line(4, START + 111, [*LEAVES[:3], leaf_of(late)])],
            [fault("time-ahead", 6, 3)],
        ),
        (
            "witness's clock runs back",
            [1, 2, 3, 4, 5, 6, checkpoint_line(4, START + 1, LEAVES[:4])],
            [fault("cosignature-backwards", 7, 4), fault("time-ahead", 5, 2), fault("time-ahead", 6, 3)],
        ),
    ]


def signed():
    unseen = "".join(json.loads(BOOK.lines[10])["checkpoint"].splitlines(True)[:-1])
    missing = fault("cosignature-missing", 0, 6)
    return [
        (
            "checkpoint signed by another key",
            [1, 2, 3, 4, 5, 6, checkpoint_line(4, START + 111, LEAVES[:4], FORGER)],
            [fault("signature-missing", 7, 4), fault("signature-unknown", 7, 4)],
        ),
        (
            "checkpoint's signature changed",
            [1, 2, 3, 4, 5, 6, patched(7, checkpoint=spoilt(7, 0))],
            [fault("signature-wrong", 7, 4)],
        ),
        (
            "cosignature changed",
            [*TENTH, patched(11, checkpoint=spoilt(11, 1))],
            [fault("cosignature-wrong", 11, 6), missing],
        ),
        ("cosignature removed", [*TENTH, patched(11, checkpoint=unseen)], [missing]),
        (
            "cosigned by a stranger",
            [*TENTH, checkpoint_line(6, START + 212, LEAVES, witness=STRANGER)],
            [fault("signature-unknown", 11, 6), missing],
        ),
        (
            "checkpoint of another log",
            [1, 2, 3, foreign()],
            [
                fault("origin-other", 4),
                fault("signature-missing", 4, 2),
                fault("signature-unknown", 4, 2),
                fault("cosignature-missing", 0, 2),
            ],
        ),
    ]


def covered():
    return [
        (
            "two roots of one size",
            [1, 2, 3, 4, checkpoint_line(2, START + 2, LEAVES[1:3]), *range(5, 12)],
            [fault("checkpoint-forked", 5, 2)],
        ),
        ("a checkpoint twice", [1, 2, 3, 4, 4, *range(5, 12)], [fault("checkpoint-repeated", 5, 2)]),
        (
            "root of other entries",
            [1, 2, 3, 4, 5, 6, checkpoint_line(4, START + 111, LEAVES[1:5])],
            roots((7, 4)),
        ),
        (
            "checkpoint is no note",
            [1, 2, 3, 4, 5, 6, jcs({"checkpoint": "nothing\n"}).decode()],
            [fault("checkpoint-wrong", 7), fault("entries-uncovered", 0)],
        ),
        ("entries behind the last checkpoint", [1, 2, 3, 4, 5, 6], [fault("entries-uncovered", 0)]),
        ("no checkpoint", [1, 2, 3], [fault("checkpoint-missing", 0)]),
    ]


def shaped():
    spaced = BOOK.lines[4].replace(":", ": ", 1)
    return [
        ("header missing", [2, 3, 4], [fault("header-wrong", 1)]),
        ("header twice", [1, 1, 2, 3, 4], [fault("line-wrong", 2)]),
        ("header of another format", [BOOK.lines[0].replace("log/1", "log/2"), 2, 3, 4], [fault("header-wrong", 1)]),
        ("header names another log key", [header(log=FORGER), 2, 3, 4], [fault("key-other", 1)]),
        (
            "space in a line",
            [1, 2, 3, 4, spaced, *range(6, 12)],
            [
                fault("line-wrong", 5),
                fault("index-wrong", 6, 3),
                fault("prev-wrong", 6, 3),
                *roots((7, 4), (9, 5), (11, 6)),
            ],
        ),
        ("nothing at all", [], [fault("header-wrong", 1), fault("checkpoint-missing", 0)]),
    ]


def spoilt(number, which):
    """Return the note of a checkpoint line with one character of a signature line changed."""
    lines = json.loads(BOOK.lines[number - 1])["checkpoint"].splitlines(True)
    target = lines[4 + which]
    lines[4 + which] = target[:-12] + ("A" if target[-12] != "A" else "B") + target[-11:]
    return "".join(lines)


def foreign():
    other = Key("log.example/other", 1, secret("log key"))
    text = checkpoint_text(2, mth(LEAVES[:2]), other.name)
    return jcs({"checkpoint": text + "\n" + other.line(text)}).decode()


def against():
    """Return checkpoints kept from earlier looks at the log, and what they bring to light."""
    kept = checkpoint_text(4, mth(LEAVES[:4]))
    forked = checkpoint_text(4, mth(LEAVES[1:5]))
    longer = checkpoint_text(7, mth([*LEAVES, secret("gone")]))
    cases = [
        ("kept from earlier", kept + "\n" + LOG.line(kept), []),
        ("forked since", forked + "\n" + LOG.line(forked), [fault("against-forked", 6, 4)]),
        ("longer then", longer + "\n" + LOG.line(longer), [fault("against-longer", 0, 7)]),
        ("not of this log", kept + "\n" + FORGER.line(kept), [fault("against-wrong", 6, 4)]),
    ]
    return [{"name": name, "note": note, "faults": faults} for name, note, faults in cases]
