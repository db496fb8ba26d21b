"""Write the vectors beside this folder, from the specification alone.

This is a second reading of ``encoding.md`` and ``log.md``: it imports nothing of the platform, splits trees by
recursion as RFC 6962 words it, and spells out every byte that is hashed or signed. ``python generate`` writes the
files, ``python generate --check`` says whether they are what it would write.
"""

import json
import sys
from pathlib import Path

from blind import blind
from book import story
from bundle import bundle
from draw import draw
from encoding import encoding
from envelope import envelope
from mutants import against, mutants
from note import note
from primitives import LOG, NOTARY, ORIGIN, mth
from receipts import receipts
from tree import tree
from trustee import trustee

FOLDER = Path(__file__).parent.parent


def log():
    book = story()
    return {
        "origin": ORIGIN,
        "log": LOG.vkey,
        "witness": NOTARY.vkey,
        "entries": book.steps,
        "roots": [mth(book.leaves[:size]).hex() for size in range(len(book.leaves) + 1)],
        "export": book.lines,
        "mutants": mutants(),
        "against": against(),
        "receipt": receipts(),
    }


def main():
    made = {"encoding": encoding, "tree": tree, "note": note, "log": log, "draw": draw, "envelope": envelope}
    made |= {"trustee": trustee, "blind": blind, "bundle": bundle}
    stale = []
    for name, make in made.items():
        text = json.dumps(make(), ensure_ascii=True, indent=1) + "\n"
        file = FOLDER / f"{name}.json"
        if "--check" not in sys.argv:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            stale.append(file.name)
    if stale:
        raise SystemExit(f"not what the specification yields: {', '.join(stale)}")


main()
