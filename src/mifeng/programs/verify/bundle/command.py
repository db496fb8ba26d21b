"""``mifeng verify bundle``: check an evidence bundle with nothing but the file and a few keys (核验证据包)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import typer

from mifeng.programs.verify.bundle.case import Trust
from mifeng.programs.verify.bundle.report import Report, sentence, unreadable, verify
from mifeng.programs.verify.bundle.texts import CUTS, OUTCOMES, STAGES, UNCHECKED
from mifeng.programs.verify.bundle.trust import key_of, parse_trust
from mifeng.rules.bundle.archive import unpack
from mifeng.rules.bundle.catalogue import CATALOGUE
from mifeng.rules.bundle.reading import read_bundle
from mifeng.rules.ledger import Kind, parse_checkpoint, parse_note

STEP = 2**20


def trust_of(log: Path | None, witnesses: Sequence[Path], policy: Path | None, against: Sequence[Path]) -> Trust:
    """Return what is known from elsewhere: the trust policy, and what single files say besides or instead.

    Raises:
        OSError: when a file cannot be read.
        ValueError: when one is misshapen.
    """
    known = parse_trust(policy.read_text()) if policy else Trust()
    notes = tuple(parse_note(path.read_text()) for path in against)
    for note in notes:
        parse_checkpoint(note.text)
    return replace(
        known,
        log=key_of(log.read_text(), Kind.LOG) if log else known.log,
        witnesses=tuple(key_of(path.read_text(), Kind.WITNESS) for path in witnesses) or known.witnesses,
        against=notes,
    )


def report_of(stream: BinaryIO, trust: Trust) -> Report:
    """Return the result of a verification of a file."""
    try:
        bundle = read_bundle(unpack(iter(lambda: stream.read(STEP), b"")))
    except ValueError as error:
        return unreadable(str(error))
    return verify(bundle, trust)


def print_report(report: Report, *, as_json: bool) -> None:
    """Print a result: one JSON document, or lines for a person."""
    if as_json:
        typer.echo(json.dumps(report.fields(), ensure_ascii=False, indent=1))
        return
    for row in lines_of(report):
        typer.echo(row)


def lines_of(report: Report) -> Iterator[str]:
    """Yield a result as lines for a person, its conclusion last."""
    about = report.about or {}
    if about:
        yield f"证据包：项目 {about['project']}，{CUTS[about['cut']]}，{STAGES[about['stage']]}。"
    for one in report.findings:
        hidden = f"（{one.unseen} 处未公开）" if one.unseen and one.outcome == "pass" else ""
        yield f"{OUTCOMES[one.outcome]}  {one.id}  {CATALOGUE[one.id]}{hidden}"
        yield from (f"      {sentence(fault)}[{fault.code}]" for fault in one.faults)
    for code in report.unchecked:
        yield f"提示：{UNCHECKED[code]}[{code}]"
    counted = {word: sum(one.outcome == outcome for one in report.findings) for outcome, word in OUTCOMES.items()}
    yield "核验完毕：" + "、".join(f"{word} {number} 项" for word, number in counted.items() if number) + "。"
