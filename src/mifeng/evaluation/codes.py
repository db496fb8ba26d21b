"""Codes as the desk service keeps them (编码保管): the secret, and which bid is behind which code, both sealed.

Nothing here asks who the bids are of: a bid is its place in the close list.
"""

from typing import Any, cast

from mifeng.evaluation.keyring import CODES, ISSUE, seal, unseal
from mifeng.evaluation.models import CodeIssue, CodeKey, Evaluation
from mifeng.rules.blind import CodeMap, Issue, Line, SeatCodes, blind_key, commitment
from mifeng.rules.errors import Tampered


def seal_secret(lot_id: object, k_op: bytes) -> bytes:
    """Return the secret of a package, closed."""
    return seal(CODES, str(lot_id), k_op.hex())


def secret_of(evaluation: Evaluation) -> bytes:
    """Return K_op of a package, made sure that it is the one that was committed to.

    Raises:
        Tampered: when it is not.
        InvalidTag: when the row was changed.
    """
    row = CodeKey.objects.get(pk=evaluation.pk)
    k_op = bytes.fromhex(cast("str", unseal(CODES, str(row.pk), bytes(row.sealed))))
    if commitment(bytes.fromhex(evaluation.lot_ref), k_op).hex() != row.commitment:
        raise Tampered("the secret of the codes is not the one committed to")
    return k_op


def key_of(evaluation: Evaluation) -> bytes:
    """Return K_blind, from the secret and the seeds of the draws."""
    row = CodeIssue.objects.filter(evaluation=evaluation).order_by("number")[0]
    return blind_key(secret_of(evaluation), [bytes.fromhex(one["seed"]) for one in row.seeds])


def seal_issue(row: CodeIssue, issue: Issue) -> bytes:
    """Return which bid is behind which code of an issue, closed."""
    seats = [
        {"seat": one.seat, "codes": [{"code": line.code, "position": line.position} for line in one.lines]}
        for one in issue.seats
    ]
    return seal(ISSUE, str(row.pk), {"round": issue.round, "counter": issue.counter, "seats": seats})


def issues_of(evaluation: Evaluation) -> tuple[Issue, ...]:
    """Return everything issued in a package, in order."""
    return tuple(_issue(row) for row in CodeIssue.objects.filter(evaluation=evaluation).order_by("number"))


def codes_of(evaluation: Evaluation, seat: str) -> SeatCodes:
    """Return what one seat is shown in the current round: its codes in its order, and what is behind them.

    Raises:
        LookupError: when the seat has none.
    """
    for issue in reversed(issues_of(evaluation)):
        for one in issue.seats:
            if one.seat == seat and issue.round == evaluation.round:
                return one
    raise LookupError(seat)


def mapping_of(evaluation: Evaluation) -> CodeMap:
    """Return the link between codes and bids; for callers who have made sure that it may be laid open."""
    return CodeMap(bytes.fromhex(evaluation.lot_ref), secret_of(evaluation), issues_of(evaluation))


def _issue(row: CodeIssue) -> Issue:
    found = cast("dict[str, Any]", unseal(ISSUE, str(row.pk), bytes(row.sealed)))
    seats = tuple(
        SeatCodes(one["seat"], tuple(Line(line["code"], line["position"]) for line in one["codes"]))
        for one in found["seats"]
    )
    return Issue(found["round"], found["counter"], seats)
