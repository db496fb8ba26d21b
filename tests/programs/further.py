"""Further things a forger can do (更多造假手法): to the log, to what it names, to what others said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mifeng.rules.bundle import layout
from mifeng.rules.ledger import format_time
from mifeng.rules.seal.envelope import parse_seal
from tests.programs.forging import Forge
from tests.programs.lies import SEAL, disclosure_path, draw_path, flipped


def facts(kind: str, step: str, change: Callable[[Any], object]) -> Callable[[Forge], object]:
    """Return a lie about the facts of the first entry of a type, all hashes made anew."""

    def forge_it(forge: Forge) -> None:
        change(forge.row(kind).facts(step))
        forge.relog()

    return forge_it


def no_last_checkpoint(forge: Forge) -> None:
    forge.edit(layout.CHECKPOINTS, lambda value: value["checkpoints"].pop())


def other_policy_hash(forge: Forge) -> None:
    named = forge.row("publish_notice").facts("publish")
    named["policy_hash"] = flipped(named["policy_hash"])
    forge.relog()


def other_seed_leaf(forge: Forge) -> None:
    forge.edit(draw_path(forge), lambda value: value.update(seed_leaf=flipped(value["seed_leaf"])))


def one_notice_more(forge: Forge) -> None:
    forge.edit(layout.NOTICES, lambda value: value["notices"].append(value["notices"][0]))


def other_rulebook(forge: Forge) -> None:
    text = forge.files[layout.RULEBOOK]
    forge.files[layout.RULEBOOK] = text.replace(b'name = "procurement-2026"', b'name = "procurement-2027"')


def moved_time(kind: str, by: timedelta) -> Callable[[Forge], object]:
    """Return a lie about the time of the first entry of a type."""

    def forge_it(forge: Forge) -> None:
        row = forge.row(kind)
        row.fields["t"] = format_time(datetime.fromisoformat(row.fields["t"]) + by)
        forge.relog()

    return forge_it


def other_stream(forge: Forge) -> None:
    forge.row("open_keys").fields["stream"] = "bidding.opening:other"
    forge.relog()


def other_origin(forge: Forge) -> None:
    forge.origin = "log.example/other"
    forge.relog()


def unlogged_release(forge: Forge) -> None:
    forge.row("record_releases").facts("release_shares")["batches"].pop()
    forge.relog()


def other_technical_file(forge: Forge) -> None:
    """Another technical file took the place of the one that the bidder signed for; nobody sees either."""
    seal = parse_seal(forge.files[forge.bid(SEAL)])
    old = seal.part("technical").ct_hash
    new = bytes([old[0] ^ 1]) + old[1:]
    parts = tuple(replace(part, ct_hash=new) if part.id == "technical" else part for part in seal.parts)
    made = replace(seal, parts=parts)
    forge.swap(old.hex(), new.hex())
    forge.swap(seal.envelope_hash.hex(), made.envelope_hash.hex())
    forge.resign(forge.position())
    forge.relog()


def withdrawn(forge: Forge) -> None:
    """A listed bid had been taken back: what trustees said of it is in truth its withdrawal."""
    row = forge.row("record_acks")
    row.fields["type"] = "withdraw_bid"
    row.body = {"step": "withdraw_bid", "role": "bidder", "moves": [{"step": "withdraw", "subject": row.stream}]}
    forge.relog()


def other_salt(forge: Forge) -> None:
    forge.edit(disclosure_path(forge), lambda value: value.update(salt=flipped(value["salt"])))


def other_answer(forge: Forge) -> None:
    """Why the one who declined did so, the log tells otherwise."""
    rows = [row for row in forge.rows if row.fields.get("type") == "answer_invitation"]
    line = next(line for row in rows for line in row.facts("answer")["lines"] if line["detail"])
    line["detail"] = "busy"
    forge.relog()
