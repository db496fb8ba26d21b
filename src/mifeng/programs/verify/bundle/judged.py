"""The review of one package as a bundle shows it (评审材料): its chains, its sheets, and what they come to.

Everything is put together from the log; what a cut does not show is None or empty here, and nothing is taken for true.
Scores, sums, ranks and lots are computed by the rules of ``rules.scoring`` and ``rules.ranking``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, reduce

from mifeng.programs.verify.bundle.subjects import Package
from mifeng.rules.blind import CodeMap, SeatCodes, blind_key, tie_lot
from mifeng.rules.bundle.reading import Bundle, Line
from mifeng.rules.bundle.records import ResultRecord, Scored
from mifeng.rules.readout import amount_in_words
from mifeng.rules.scoring import Correction, Offer, Sheet, Template, corrected, named, parse_sheet

EVALUATION, SHEET, AWARD = "evaluation.evaluation:", "evaluation.sheet:", "awards.award:"
PARTS = ("technical", "business")
DECISIONS = ("award", "deem_awarded", "take_next")
SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Committed:
    """A sheet as the log has it signed (评分承诺)."""

    seat: str
    part: str
    round: int
    commitment: str
    signature: str
    line: Line


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """Another key in the place of a seat's own (席位密钥更换), as the log has it; good from its line on."""

    seat: str
    before: str
    after: str
    line: Line
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Shown:
    """A sheet as it was laid open (公开的评分表): its text, and the salt of its commitment."""

    seat: str
    part: str
    salt: str
    text: str


@dataclass(frozen=True)
class Judged:
    """The review of a package (评审材料).

    Args:
        package: whose review it is.
        template: the scoring template shown.
        codes: the link between codes and bids shown.
        record: what the review came to, as everybody may know it.
        seeds: of the draws of the project, by handle.
        budget_yuan: of the package; None where the cut does not show it.
        lines: the chain of the evaluation.
        sheets: the chains of its sheets.
        award: the chain of its award.
    """

    package: Package
    template: Template | None
    codes: CodeMap | None
    record: ResultRecord | None
    seeds: tuple[bytes, ...]
    budget_yuan: Decimal | None
    lines: tuple[Line, ...]
    sheets: tuple[Line, ...]
    award: tuple[Line, ...]
    committed: tuple[Line, ...] = field(default=())

    @property
    def path(self) -> str:
        """Return how faults name it."""
        return self.package.path

    def of_type(self, *types: str) -> list[Line]:
        """Return the lines of the evaluation, its sheets and its award that are of some types."""
        return [line for line in (*self.lines, *self.sheets, *self.award) if line.type in types]

    def facts(self, step: str) -> list[Mapping[str, object]]:
        """Return the facts of every move of a step in the chain of the evaluation, in the order of the log."""
        return [move.facts for line in self.lines for move in line.moves if move.step == step]

    def is_open(self, *types: str) -> bool:
        """Say whether the body of every line of some types is shown."""
        return all(line.moves for line in self.of_type(*types))

    @cached_property
    def members(self) -> tuple[tuple[str, str, str], ...]:
        """Return seat, role and key of each member, as they were seated last."""
        rows = rows_of((self.facts("seat_members") or [{}])[-1].get("members"))
        return tuple((str(one.get("seat")), str(one.get("role")), str(one.get("key", ""))) for one in rows)

    @cached_property
    def rekeyed(self) -> tuple[Rekeyed, ...]:
        """Return the changes of keys in the order of the log."""
        return tuple(
            Rekeyed(str(one.get("seat")), str(one.get("before")), str(one.get("after")), line, one)
            for line in self.lines
            for one in (move.facts for move in line.moves if move.step == "change_seat_key")
        )

    def key_of(self, seat: str, index: int) -> str:
        """Return the key that a seat had at a place of the log; empty where it had none."""
        first = next((key for name, _, key in self.members if name == seat), "")
        later = [one.after for one in self.rekeyed if one.seat == seat and one.line.row.index < index]
        return later[-1] if later else first

    @cached_property
    def positions(self) -> frozenset[int]:
        """Return the places of the bids that were qualified."""
        said = [*self.facts("qualify"), *self.facts("fail_qualified")]
        rows = said[-1].get("positions") if said else ()
        return frozenset(one for one in rows if isinstance(one, int)) if isinstance(rows, list) else frozenset()

    @cached_property
    def bids(self) -> dict[int, str]:
        """Return the bids under review, by their places."""
        listed = {bid.published.position: bid.published.bid_ref for bid in self.package.bids}
        return {position: listed[position] for position in sorted(self.positions) if position in listed}

    @cached_property
    def signed(self) -> tuple[Committed, ...]:
        """Return the sheets that the log has signed."""
        return tuple(
            Committed(
                str(move.facts.get("seat")),
                str(move.facts.get("part")),
                int(str(move.facts.get("round"))),
                str(move.facts.get("commitment")),
                str(move.facts.get("signature")),
                line,
            )
            for line in self.sheets
            for move in line.moves
            if move.step == "sign_sheet"
        )

    @cached_property
    def shown(self) -> tuple[Shown, ...]:
        """Return the sheets that were laid open."""
        return tuple(
            Shown(str(one.get("seat")), str(one.get("part")), str(one.get("salt")), str(one.get("sheet")))
            for one in self.facts("show_sheet")
        )

    def codes_of(self, seat: str) -> SeatCodes | None:
        """Return what a seat was shown in the last round; None where it is not known."""
        issues = self.codes.issues if self.codes else ()
        found = [one for issue in issues for one in issue.seats if one.seat == seat]
        return found[-1] if found else None

    @cached_property
    def corrections(self) -> tuple[Correction, ...]:
        """Return the corrections in the order in which they were made."""
        return tuple(_correction(one) for one in self.facts("correct_scores"))

    @cached_property
    def first_sheets(self) -> tuple[Sheet, ...] | None:
        """Return the sheets as they were laid open, with bids in place of codes; None where they cannot be read."""
        if not self.shown or self.codes is None:
            return None
        found = []
        for one in self.shown:
            codes = self.codes_of(one.seat)
            positions = codes.positions if codes else {}
            bids = {code: self.bids[position] for code, position in positions.items() if position in self.bids}
            try:
                found.append(named(parse_sheet(one.text.encode()), bids))
            except (KeyError, ValueError):
                return None
        return tuple(found)

    @cached_property
    def standing_sheets(self) -> tuple[Sheet, ...] | None:
        """Return the sheets with every correction made; None where they cannot be read."""
        if self.first_sheets is None:
            return None
        return reduce(lambda sheets, one: corrected(sheets, one), self.corrections, self.first_sheets)

    @cached_property
    def valid_sheets(self) -> tuple[Sheet, ...] | None:
        """Return the sheets as they stand, with the scores of the bids alone that the record has ranked."""
        if self.standing_sheets is None or self.record is None:
            return None
        valid = {one.bid_ref for one in self.record.bids if one.valid}
        return tuple(replace(one, cells=tuple(c for c in one.cells if c.code in valid)) for one in self.standing_sheets)

    @cached_property
    def report(self) -> tuple[str, str] | None:
        """Return hash and text of the last report; None where it is not shown."""
        said = self.facts("conclude_evaluation")
        return (str(said[-1].get("report")), str(said[-1].get("content"))) if said else None

    def carried(self, step: str, *keys: str) -> dict[tuple[str, ...], int]:
        """Return what members held by a step, with how many of them; each counts once, whoever is none does not."""
        return dict(Counter(one[:-1] for one in self.held(step, *keys)))

    def held(self, step: str, *keys: str, until: int | None = None) -> set[tuple[str, ...]]:
        """Return what members hold by a step and have not taken back, each with its member, before a row of the log."""
        seats, found = {seat for seat, _, _ in self.members}, set()
        lines = (line for line in self.lines if until is None or line.row.index < until)
        for move in (move for line in lines for move in line.moves):
            one = (*(str(move.facts.get(key)) for key in keys), str(move.facts.get("voter")))
            # The last vote against a bid may make the tender void in the same act.
            void = step == "reject_bid" and move.step == "fail_valid" and "voter" in move.facts
            if (move.step == step or void) and one[-1] in seats:
                found.add(one)
            elif move.step == "withdraw_opinion" and move.facts.get("opinion") == step:
                found.discard(one)
        return found

    def majority(self, step: str, *keys: str) -> set[tuple[str, ...]]:
        """Return what more than half of the members held."""
        return {about for about, number in self.carried(step, *keys).items() if 2 * number > len(self.members)}

    def may_carry(self, kind: str, number: int = 1) -> bool:
        """Say whether there are acts of a kind enough for more than half of the members, so many times."""
        return len(self.of_type(kind)) >= number * (len(self.members) // 2 + 1)

    @cached_property
    def endorsed(self) -> list[Line]:
        """Return the acts behind the last report by which members agree or dissent, or are deemed to agree."""
        concluded = max((line.row.index for line in self.of_type("conclude_evaluation")), default=0)
        return [line for line in self.of_type("sign_report", "deem_agreed") if line.row.index > concluded]

    @cached_property
    def reached(self) -> str:
        """Return how far the chains show the review to have come, as a manifest says it."""
        if self.of_type("stop_evaluation"):
            return "public"  # sealed, and no result of it is one
        if self.facts("fail_qualified") or self.facts("fail_valid"):
            return "void"
        if not self.award and len(self.endorsed) < len(self.members):
            # Why it ended before a report was signed, an act says whose body the cut does not show.
            ended = not self.is_open("reject_bid", "conclude_evaluation")
            return "void" if ended else "evaluated"
        told = {"announced": self.of_type("announce"), "awarded": self.of_type(*DECISIONS)}
        return next((state for state, lines in told.items() if lines), "evaluated")

    @cached_property
    def rejected(self) -> set[str]:
        """Return the bids that more than half of the members threw out."""
        return {bid for (bid,) in self.majority("reject_bid", "bid_ref")}

    @cached_property
    def granted(self) -> dict[str, frozenset[str]]:
        """Return the deductions that more than half of the members granted, by bid."""
        found = self.majority("grant_deduction", "bid_ref", "deduction")
        return {bid: frozenset(one for held, one in found if held == bid) for bid in self.bids.values()}

    @cached_property
    def quotes(self) -> dict[str, Decimal | None]:
        """Return what each bid under review asks: the amount in characters, in figures where those name none."""
        found: dict[str, Decimal | None] = {}
        for bid in self.package.bids:
            said = bid.published
            figures = Decimal(said.price_yuan) if said.price_yuan else None
            words = amount_in_words(said.price_words)
            found[said.bid_ref] = words if words is not None else figures
        return {bid: found.get(bid) for bid in self.bids.values()}

    def offer(self, row: Scored) -> Offer | None:
        """Return what a bid asks under the deductions that its row names; None where no quote can be read."""
        quote = self.quotes.get(row.bid_ref)
        return Offer(row.bid_ref, quote, frozenset(row.granted)) if quote is not None else None

    @cached_property
    def lots(self) -> dict[str, bytes]:
        """Return the lots among equals; none without the secret of the codes."""
        if self.codes is None or not self.seeds:
            return {}
        key, lot_ref = blind_key(self.codes.k_op, self.seeds), bytes.fromhex(self.package.lot.lot_ref)
        last = max((issue.round for issue in self.codes.issues), default=1)
        return {bid: tie_lot(key, lot_ref, last, position) for position, bid in self.bids.items()}


def rows_of(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a list of facts; none for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def is_seed(text: str) -> bool:
    """Say whether a text is a seed in hexadecimal."""
    try:
        return len(bytes.fromhex(text)) == SEED_BYTES
    except ValueError:
        return False


def judged(bundle: Bundle, package: Package, seeds: Sequence[str]) -> Judged:
    """Return the review of a package as a bundle shows it (评审材料).

    Args:
        bundle: as it was read.
        package: whose review is wanted.
        seeds: of the draws of the project in the order of their handles, as the log has them; empty where one has none.
    """
    number = package.lot.number
    ids = {line.row.stream.partition(":")[2] for line in package.closing}
    lines = tuple(line for line in bundle.lines if line.row.stream in {f"{EVALUATION}{pk}" for pk in ids})
    given = {move.subject for line in lines for move in line.moves if move.step == "give_sheet"}
    chains = [line for line in bundle.lines if line.row.stream in {f"{AWARD}{pk}" for pk in ids}]
    fixed = fixing(bundle, package)
    return Judged(
        package=package,
        template=bundle.templates.get(number),
        codes=bundle.codes.get(number),
        record=bundle.results.get(number),
        seeds=tuple(bytes.fromhex(one) for one in seeds if is_seed(one)),
        budget_yuan=_budget(bundle, ids),
        lines=lines,
        sheets=tuple(line for line in bundle.lines if line.row.stream in given),
        award=tuple(chains),
        committed=tuple(fixed),
    )


def fixing(bundle: Bundle, package: Package) -> list[Line]:
    """Return the commitments to a secret of the codes in the chain of a package; one in another chain is none."""
    lines = [line for line in bundle.of_type("commit_codes") if line.row.stream in package.chains]
    return [line for line in lines if (line.facts("commit_codes") or {}).get("lot_ref") == package.lot.lot_ref]


def _budget(bundle: Bundle, ids: set[str]) -> Decimal | None:
    """Return the budget with which a package was entered."""
    for line in bundle.of_type("enter_tender"):
        for move in line.moves:
            kind, _, pk = move.subject.partition(":")
            if kind == "tenders.lot" and pk in ids:
                return Decimal(str(move.facts.get("budget_yuan")))
    return None


def _correction(one: Mapping[str, object]) -> Correction:
    kind, seat, bid, item, reason = (str(one.get(key)) for key in ("kind", "seat", "bid_ref", "item", "reason"))
    before, after = (Decimal(str(one.get(key))) for key in ("before", "after"))
    return Correction(kind, seat, bid, item, before, after, reason, int(str(one.get("agreed"))))
