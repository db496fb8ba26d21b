"""All checks of the catalogue, run over one bundle (核验): the table, the result, and what could not be checked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from mifeng.programs.verify.bundle import (
    authenticity,
    bids,
    completeness,
    draws,
    exceptions,
    log,
    order,
    results,
    review,
)
from mifeng.programs.verify.bundle.case import Case, Trust
from mifeng.programs.verify.bundle.findings import DECLARED, FAIL, Fault, Finding, Found, finding
from mifeng.programs.verify.bundle.texts import TEXTS
from mifeng.rules.bundle.catalogue import CATALOGUE
from mifeng.rules.bundle.reading import Bundle
from mifeng.rules.errors import Tampered

Check = Callable[[Case], Iterator[Found]]

# One line per check, in the order of the catalogue.
CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "C1": completeness.files,
        "C2": completeness.chains,
        "C3": completeness.decisive,
        "C4": completeness.redactions,
        "A1": authenticity.log_signed,
        "A2": authenticity.witnessed,
        "A3": authenticity.countersigned,
        "A4": authenticity.shared,
        "A5": authenticity.bidders,
        "A6": authenticity.contributed,
        "A7": authenticity.seats,
        "L1": log.entries,
        "L2": log.included,
        "L3": log.consistent,
        "L4": log.referred,
        "L5": log.timed,
        "T1": order.opening,
        "T2": order.in_time,
        "T3": order.drawing,
        "T4": order.codes,
        "B1": bids.headers,
        "B2": bids.policies,
        "B3": bids.receipts,
        "B4": bids.keys,
        "B5": bids.shares,
        "B6": bids.duplicates,
        "B7": bids.read_out,
        "D1": draws.handles,
        "D2": draws.pools,
        "D3": draws.contributions,
        "D4": draws.seeds,
        "D5": draws.walks,
        "D6": draws.seats,
        "D7": draws.ranges,
        "R1": review.mapping,
        "R2": review.issues,
        "R3": review.copies,
        "R4": review.commitments,
        "R5": review.sheets,
        "R6": review.committee,
        "S1": results.prices,
        "S2": results.sums,
        "S3": results.ranks,
        "S4": results.award,
        "X1": exceptions.unopened,
        "X2": exceptions.consequences,
        "X3": exceptions.overrides,
    }
)


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification (核验结果): one finding for each check, and codes of what could not be checked."""

    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...] = ()
    about: Mapping[str, str] | None = None

    @property
    def ok(self) -> bool:
        """Say whether no check failed."""
        return all(one.outcome != FAIL for one in self.findings)

    def fields(self) -> dict[str, object]:
        """Return the result as JSON values."""
        return {
            "ok": self.ok,
            "bundle": dict(self.about or {}),
            "checks": [_fields(one) for one in self.findings],
            "unchecked": list(self.unchecked),
        }


def verify(bundle: Bundle, trust: Trust | None = None) -> Report:
    """Run every check over a bundle (核验证据包); none stops another.

    Args:
        bundle: as it was read.
        trust: what is known from elsewhere.
    """
    case = Case(bundle, trust or Trust())
    first, *others = (_run(check, case) for check in CHECKS)
    known = bundle.manifest.checks
    files = Finding(first.id, _more(first, known, others), first.seen, first.unseen)
    about = {"project": bundle.manifest.project, "cut": bundle.manifest.cut, "stage": bundle.manifest.stage}
    return Report((files, *others), tuple(_unchecked(case)), about)


def unreadable(why: str) -> Report:
    """Return the result for what is no bundle at all."""
    return Report((Finding("C1", (Fault("bundle-malformed", actual=why),), 1, 0),))


def outcomes(bundle: Bundle) -> dict[str, str]:
    """Return what a manifest says of each check: whether this cut has something to check, withholds it, or has none."""
    case = Case(bundle)
    return {check: DECLARED[_run(check, case).outcome] for check in CHECKS}


def sentence(fault: Fault) -> str:
    """Return what a fault says to a person."""
    return TEXTS[fault.code].format(**asdict(fault))


def _run(check: str, case: Case) -> Finding:
    """Return what a check finds; facts of another kind than it reads are a fault like any other, and stop no other."""
    found: list[Found] = []
    try:
        found.extend(CHECKS[check](case))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, Tampered) as error:
        found.append(Fault("facts-malformed", check, actual=f"{type(error).__name__}: {error}"))
    return finding(check, found)


def _more(first: Finding, known: Mapping[str, str], others: list[Finding]) -> tuple[Fault, ...]:
    found = (one for one in completeness.declared(known, [first, *others]) if isinstance(one, Fault))
    return (*first.faults, *found)


def _fields(one: Finding) -> dict[str, object]:
    faults = [asdict(fault) | {"text": sentence(fault)} for fault in one.faults]
    return {
        "id": one.id,
        "title": CATALOGUE[one.id],
        "outcome": one.outcome,
        "seen": one.seen,
        "unseen": one.unseen,
        "faults": faults,
    }


def _unchecked(case: Case) -> Iterator[str]:
    lacking = {
        "log-key": case.trust.log is None,
        "witness-keys": not case.trust.witnesses,
        "authorities": not case.trust.authorities and not case.bundle.is_public,
        "rulebooks": not case.trust.rulebooks,
        "witnessed-time": case.is_test,
        "demo": any(one.policy.demo for one in case.bundle.policies.values()),
    }
    yield from (code for code, lacks in lacking.items() if lacks)
