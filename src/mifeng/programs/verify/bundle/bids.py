"""B1 to B7: are the bids that were opened the bids that were handed in, and is what was read out in them (投标)."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from mifeng.programs.verify.bundle.authenticity import held_by, identity
from mifeng.programs.verify.bundle.case import Case
from mifeng.programs.verify.bundle.findings import SEEN, UNSEEN, Fault, Found
from mifeng.programs.verify.bundle.judged import rows_of
from mifeng.programs.verify.bundle.subjects import BID, Package
from mifeng.rules.bundle import layout
from mifeng.rules.bundle.reading import BidFile, Line
from mifeng.rules.certificates import is_credit_code
from mifeng.rules.encoding import digest
from mifeng.rules.errors import Unfair
from mifeng.rules.money import yuan_text
from mifeng.rules.readout import Readout, amount_in_words, parse_readout
from mifeng.rules.seal.envelope import check_envelope
from mifeng.rules.seal.faults import Unopenable
from mifeng.rules.seal.layout import hasher
from mifeng.rules.seal.opening import fitting_shares
from mifeng.rules.seal.part import open_part, part_context

HANDLE_DIGITS = 16
# Of a bidder's name, how much rows and pages hold.
MAX_NAME = 200
RECEIVED, GONE = ("receive", "replace"), "withdraw"


def headers(case: Case) -> Iterator[Found]:
    """B1: each header has its one form, and its hash is the one on the list, in its place."""
    for package in case.packages:
        listed = package.listed.bids if package.listed else None
        shown = tuple((bid.published.bid_ref, bid.published.envelope) for bid in package.bids)
        if package.bids:
            yield UNSEEN if listed is None else SEEN
        if listed is not None and listed != shown:
            yield Fault("list-other", package.path, _refs(listed), _refs(shown))
        for bid in package.bids:
            yield SEEN
            if bid.seal is None:
                yield Fault("header-malformed", f"{bid.folder}/seal.json")
            elif bid.seal.envelope_hash.hex() != bid.published.envelope:
                yield Fault("header-other", bid.folder, bid.published.envelope, bid.seal.envelope_hash.hex())


def policies(case: Case) -> Iterator[Found]:
    """B2: each bid is sealed under the policy of its package: lot, suite, mode, threshold, number of trustees, size."""
    for package in case.packages:
        for bid in package.bids:
            if bid.seal is None or package.sealing is None:
                continue
            yield SEEN
            try:
                check_envelope(bid.seal, package.sealing.policy)
            except Unfair as refusal:
                for reason in refusal.reasons:
                    yield Fault("policy-not-kept", bid.folder, actual=str(reason.facts.get("field", reason.code)))


def receipts(case: Case) -> Iterator[Found]:
    """B3: each listed version was received as it is, nothing newer came, and no bid that lay there is left out."""
    for package in case.packages:
        for bid in package.bids:
            yield SEEN
            found = case.receipts(bid.published.envelope)
            if len(found) != 1:
                yield Fault("receipt-count", bid.folder, "1", str(len(found)))
            for line in found:
                yield from _receipt(case, bid, line)
        if package.listed is not None and not case.bundle.is_public:
            yield from _left_out(case, package, {bid_ref for bid_ref, _ in package.listed.bids})


def keys(case: Case) -> Iterator[Found]:
    """B4: the ciphertexts are those of the header, and the keys shown are those they were sealed under."""
    for bid in case.bundle.bids:
        if bid.published.outcome != "opened" or bid.seal is None:
            continue
        for part in bid.seal.parts:
            if part.id not in layout.shown_parts(case.bundle.manifest.cut, bid.lot):
                yield UNSEEN
                continue
            yield SEEN
            path, data = f"{bid.folder}/{part.id}", bid.ciphertexts.get(part.id, b"")
            found = hasher("BE1 ct", part.ct_len)
            found.update(data)
            if len(data) != part.ct_len or found.digest() != part.ct_hash:
                yield Fault("ciphertext-other", path, part.ct_hash.hex(), found.hexdigest())
                continue
            context = part_context(bid.seal.core_hash, part.id)
            try:
                open_part(bid.record.keys.get(part.id, bytes(32)), context, [data])
            except Unopenable as error:
                yield Fault("key-wrong", path, actual=error.reason)


def shares(case: Case) -> Iterator[Found]:
    """B5: of every opened bid as many shares fit the public points as are needed."""
    for package in case.packages:
        released = case.bundle.releases.get(package.lot.number)
        for bid in package.bids:
            if bid.published.outcome != "opened" or bid.seal is None:
                continue
            yield UNSEEN if released is None else SEEN
            fitting = len(fitting_shares(bid.seal, shares_of(case, package, bid.published.bid_ref)))
            if released is not None and fitting < len(bid.seal.commitments):
                yield Fault("shares-short", bid.folder, str(len(bid.seal.commitments)), str(fitting))


def duplicates(case: Case) -> Iterator[Found]:
    """B6: nothing that only a copy would repeat occurs twice among the bids of a package."""
    for package in case.packages:
        counted: Counter[tuple[str, str]] = Counter()
        for bid in package.bids:
            if bid.seal is not None:
                yield SEEN
                counted.update(set(bid.seal.marks()))
        for (kind, value), number in sorted(counted.items()):
            if number > 1:
                yield Fault("copied", package.path, "1", f"{number} × {kind} {value[:16]}")


def read_out(case: Case) -> Iterator[Found]:
    """B7: what was published of each opened bid is what is sealed in it; where it is logged, it is logged so."""
    for package in case.packages:
        logged = {str(move.facts.get("bid_ref")): move.facts for line in package.opening for move in line.moves
                  if move.step == "unseal"}  # fmt: skip
        for bid in package.bids:
            if bid.published.outcome != "opened":
                continue
            files = case.open(bid, layout.READ_OUT)
            yield UNSEEN if files is None else SEEN
            if files is not None:
                sealed = _sealed([one.data for one in files])
                yield from _compared(bid, sealed)
                yield from _agreeing(bid, sealed["price_yuan"], sealed["price_words"])
            yield from _named(case, bid)
            if (facts := logged.get(bid.published.bid_ref)) is not None:
                yield SEEN
                yield from _compared(bid, {key: str(facts.get(key, "")) for key in _WORDS})
                yield from _files(case, bid, facts)


def shares_of(case: Case, package: Package, bid_ref: str) -> Mapping[int, int]:
    """Return the shares that trustees released for one bid, by the index of the trustee."""
    if package.sealing is None:
        return {}
    index = {one.name: number for number, one in enumerate(package.sealing.policy.trustees, 1)}
    return {
        index[one.trustee]: int.from_bytes(share)
        for one in case.bundle.releases.get(package.lot.number, ())
        for named, share in one.shares
        if named == bid_ref and one.trustee in index
    }


_WORDS = ("price_yuan", "price_words", "delivery", "quality")


def _refs(rows: tuple[tuple[str, str], ...]) -> str:
    return " ".join(envelope[:16] for _, envelope in rows)


def _receipt(case: Case, bid: BidFile, line: Line) -> Iterator[Found]:
    facts = line.facts("receive") or line.facts("replace") or {}
    wanted: dict[str, object] = {"bid_ref": bid.published.bid_ref}
    if bid.seal is not None:
        handle = digest("BE1 handle", bid.seal.submit_key).hex()[:HANDLE_DIGITS]
        if line.entry is not None and line.entry.actor != handle:
            yield Fault("receipt-other", f"{bid.folder} actor", handle, line.entry.actor)
        wanted |= {"version": bid.seal.version}
        if "submit_key" in facts:
            wanted |= {"lot_ref": bid.lot.lot_ref, "submit_key": bid.seal.submit_key.hex()}
    for key, value in wanted.items():
        if facts.get(key) != value:
            yield Fault("receipt-other", f"{bid.folder} {key}", str(value), str(facts.get(key)))
    chain = [one for one in case.bundle.stream(line.row.stream) if _last_word([one])]
    if chain and chain[-1] is not line:
        yield Fault("receipt-outdated", bid.folder, line.leaf, chain[-1].leaf)


def _left_out(case: Case, package: Package, listed: set[str]) -> Iterator[Found]:
    """Look for bids that lay there at the close and are not on the list; only the supervisor's cut can show them."""
    for stream in sorted({line.row.stream for line in case.bundle.lines if line.row.stream.startswith(BID)}):
        lines = case.bundle.stream(stream)
        first = next((facts for line in lines if (facts := line.facts("receive"))), {})
        if first.get("lot_ref") == package.lot.lot_ref:
            yield SEEN
            if _last_word(lines) in RECEIVED and first.get("bid_ref") not in listed:
                yield Fault("bid-left-out", package.path, actual=str(first.get("bid_ref")))


def _last_word(lines: list[Line]) -> str:
    """Return the last step by which a bid came, was replaced, or was taken back."""
    steps = [move.step for line in lines for move in line.moves if move.step in (*RECEIVED, GONE)]
    return steps[-1] if steps else ""


def _sealed(files: list[bytes]) -> dict[str, str]:
    """Return what a bid has read out; empty texts where it cannot be read."""
    try:
        [data] = files
        said: Readout = parse_readout(data)
    except ValueError:
        return dict.fromkeys(_WORDS, "")
    words = (yuan_text(said.price_yuan), said.price_words, said.delivery, said.quality)
    return dict(zip(_WORDS, words, strict=True))


def _compared(bid: BidFile, wanted: Mapping[str, str]) -> Iterator[Found]:
    for key, value in wanted.items():
        if getattr(bid.published, key) != value:
            yield Fault("read-out-other", f"{bid.folder} {key}", value, str(getattr(bid.published, key)))


def _agreeing(bid: BidFile, figures: str, words: str) -> Iterator[Found]:
    """Compare the doubt on record with whether figures and characters name one amount."""
    differs = bool(figures) and amount_in_words(words) != Decimal(figures)
    if differs != ("words-differ" in bid.published.doubts):
        yield Fault("read-out-other", f"{bid.folder} words-differ", figures, words)


def _files(case: Case, bid: BidFile, facts: Mapping[str, object]) -> Iterator[Found]:
    """Compare the files that the log has of a bid with those in the parts that are shown."""
    for part in bid.ciphertexts:
        files = case.open(bid, part)
        rows = [one for one in rows_of(facts.get("files")) if one.get("part") == part]
        sealed = [(hashlib.sha256(one.data).hexdigest(), len(one.data)) for one in files or ()]
        logged = [(one.get("sha256"), one.get("size")) for one in rows]
        if files is not None and sealed != logged:
            yield Fault("read-out-other", f"{bid.folder} {part} files", _hashes(sealed), _hashes(logged))


def _hashes(rows: Sequence[tuple[object, object]]) -> str:
    return " ".join(str(sha256)[:16] for sha256, _ in rows)


def _named(case: Case, bid: BidFile) -> Iterator[Found]:
    """Compare the bidder with the one who signed inside; whether the certificate stood is another check's."""
    who = identity(case, bid)
    if who is None:
        yield UNSEEN
        return
    yield SEEN
    said, (holder, _) = bid.published, held_by(case, bid, who.certificate)
    name = holder.organisation if holder else who.name
    if said.bidder != name and not _unprinted(name):
        yield Fault("read-out-other", f"{bid.folder} bidder", name, said.bidder)
    if holder is not None and ("name-other" in said.doubts) != (holder.organisation != who.name):
        yield Fault("read-out-other", f"{bid.folder} name-other", who.name, holder.organisation)
    wrong = not is_credit_code(said.credit_code) if holder is None else said.credit_code != holder.credit_code
    if wrong and (said.credit_code or holder is not None):
        yield Fault(
            "read-out-other", f"{bid.folder} credit_code", holder.credit_code if holder else "", said.credit_code
        )


def _unprinted(name: str) -> bool:
    """Say whether rows and pages cannot hold a name as it is: then they hold what is left of it."""
    return not name.isprintable() or len(name) > MAX_NAME
