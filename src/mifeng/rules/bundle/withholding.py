"""What a bundle does not show (未给出的内容), computed from what it shows.

Entries before the first and after the last one of a stream, entries of which only the leaf is there, bodies, parts of
bids, keys, shares, the lists of a pool, the secret of the codes: for each the value is named that fixes it anyway.
"""

from collections.abc import Iterator, Mapping

from mifeng.rules.bundle.reading import BidFile, Bundle
from mifeng.rules.bundle.redaction import Withheld

DRAW_STREAM = "experts.draw:"


def withheld(bundle: Bundle) -> set[Withheld]:
    """Return everything that could stand in a bundle and does not (未给出的内容)."""
    return {
        *_streams(bundle),
        *_entries(bundle),
        *(found for bid in bundle.bids for found in _bid(bid)),
        *_shares(bundle),
        *_lists(bundle),
        *_codes(bundle),
    }


def _streams(bundle: Bundle) -> Iterator[Withheld]:
    for stream in sorted({line.row.stream for line in bundle.lines}):
        lines = bundle.stream(stream)
        first = lines[0].entry
        if first is not None and first.prev:
            yield Withheld("before", stream, first.prev.hex())
        if bundle.is_public and stream.startswith(DRAW_STREAM):
            yield Withheld("after", stream, lines[-1].leaf)


def _entries(bundle: Bundle) -> Iterator[Withheld]:
    for line in bundle.lines:
        if line.row.disclosed is None:
            yield Withheld("entry", line.leaf, line.leaf)
        elif line.row.disclosed.body is None and line.entry is not None:
            yield Withheld("body", line.leaf, line.entry.body.hex())


def _bid(bid: BidFile) -> Iterator[Withheld]:
    if bid.seal is None:
        return
    yield Withheld("key", bid.folder, bid.seal.sb_commit.hex())
    for part in bid.seal.parts:
        if part.id not in bid.record.keys or part.id not in bid.ciphertexts:
            yield Withheld("part", f"{bid.folder}/{part.id}", part.ct_hash.hex())


def _shares(bundle: Bundle) -> Iterator[Withheld]:
    known = {released.signature.hex() for releases in bundle.releases.values() for released in releases}
    for lot_ref, batch in batches(bundle):
        trustee, signature = batch.get("trustee"), batch.get("signature")
        if isinstance(trustee, str) and isinstance(signature, str) and signature not in known:
            yield Withheld("shares", f"{lot_ref}/{trustee}", signature)


def _lists(bundle: Bundle) -> Iterator[Withheld]:
    for line in bundle.of_type("commit_pool"):
        facts = line.facts("commit") or {}
        handle, root = facts.get("handle"), facts.get("root")
        if isinstance(handle, str) and isinstance(root, str) and handle not in bundle.disclosures:
            yield Withheld("lists", handle, root)


def _codes(bundle: Bundle) -> Iterator[Withheld]:
    shown = {lot.lot_ref for lot in bundle.manifest.lots if lot.number in bundle.codes}
    for line in bundle.of_type("commit_codes"):
        facts = line.facts("commit_codes") or {}
        lot_ref, commitment = facts.get("lot_ref"), facts.get("commitment")
        if isinstance(lot_ref, str) and isinstance(commitment, str) and lot_ref not in shown:
            yield Withheld("codes", lot_ref, commitment)


def batches(bundle: Bundle) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield lot_ref and trustee with signature of every release that the log names."""
    for line in bundle.of_type("record_releases"):
        facts = line.facts("release_shares") or {}
        rows = facts.get("batches")
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                yield str(facts.get("lot_ref")), row


__all__ = ["DRAW_STREAM", "batches", "withheld"]
