"""The reception for bidders' own programs (递交窗口接口).

No session and no cookie is looked at: a ticket ties a key to an account once, from then on signatures of that key do
everything. No answer names an organisation or an account, and none says how many bids there are. What the address and
the body must look like is in ``shapes``; what the law says is asked by the acts.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

from mifeng.bidding import reception, staging
from mifeng.bidding.actions import (
    Answered,
    Submission,
    Withdrawal,
    answer_record,
    confirm_key,
    receive_bid,
    withdraw_bid,
)
from mifeng.bidding.queries import BidStatus, bid_status, reception_of
from mifeng.kernel import reads
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.ledger.append import Written, timestamp
from mifeng.kernel.ledger.queries import leaf_of
from mifeng.rules.encoding import canonical
from mifeng.rules.errors import NotEntitled, Reason, Refusal, Unfair, WrongMoment
from mifeng.rules.reception import upload as upload_statement
from mifeng.rules.seal.statements import NONCE_BYTES, submission
from mifeng.web.shell.errors import NOBODY
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import methods
from mifeng.web.shell.problems import not_there, problem
from mifeng.web.supplier.shapes import authorisation, number, piece, sent

JSON = "application/json"
OFFSET, LENGTH = "Upload-Offset", "Upload-Length"
NO_BID = BidStatus("", 0, "", "", (), openable=False)

P = ParamSpec("P")
View = Callable[Concatenate[Request, P], HttpResponse]


def answered(view: View[P]) -> View[P]:
    """Turn refusals into problem bodies, and keep those of the deadline, without a name, for the minute's digest."""

    @csrf_exempt
    @wraps(view)
    def answer(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refusal as refusal:
            if refusal.code == "deadline-passed":
                reads.note("refused", NOBODY, request.path, codes=list(refusal.codes))
            response = problem(refusal)
            if refusal.code == "offset-other":
                response[OFFSET] = str(refusal.facts["offset"])
            return response
        except ObjectDoesNotExist:
            return not_there()

    return answer


@methods("GET")
@answered
def policy(request: Request, lot_ref: str) -> HttpResponse:
    """Give out the policy of a package (密封规则), the very bytes that its hash is of; part of the public record."""
    found = reception_of(lot_ref, request.now)
    name = f'attachment; filename="policy-{lot_ref[:8]}.json"'
    return HttpResponse(found.policy.encode(), content_type=JSON, headers={"Content-Disposition": name})


@methods("POST")
@answered
def bind(request: Request, lot_ref: str) -> HttpResponse:
    """Tie a key to the supplier that the ticket was given to (登记递交密钥)."""
    given = sent(request, "ticket", "submit_key", "signature")
    reception.bind(lot_ref, given["ticket"], given["submit_key"], bytes.fromhex(given["signature"]))
    return _json({}, 201)


@methods("POST")
@answered
def nonce(request: Request, lot_ref: str) -> HttpResponse:
    """Give out a number for one signed request (一次性随机数); nothing is kept of it."""
    given = sent(request, "submit_key")
    reception_of(lot_ref, request.now)
    return _json({"nonce": reception.new_nonce(lot_ref, given["submit_key"])})


@methods("PUT", "HEAD")
@answered
def upload(request: Request, lot_ref: str, sha256: str) -> HttpResponse:
    """Take one piece of a sealed file, or say where the next one starts (分段上传)."""
    total = number(request, LENGTH)
    _check_uploader(request, lot_ref, sha256, total)
    if request.method == "HEAD":
        at = staging.offset(lot_ref, sha256)
    else:
        at = staging.append(lot_ref, sha256, number(request, OFFSET), piece(request, staging.MAX_PIECE), total)
    return HttpResponse(status=204, headers={OFFSET: str(at), "Cache-Control": "no-store"})


@methods("POST")
@answered
def submit(request: Request, lot_ref: str) -> HttpResponse:
    """Receive a staged file as a bid by one small signed request (递交)."""
    given = sent(request, "bid_ref", "version", "envelope", "sha256", "nonce", "signature")
    lot = reception_of(lot_ref, request.now)
    staged = staging.finish(lot_ref, given["sha256"])
    named = (given["bid_ref"], int(given["version"]), given["envelope"])
    if named != (staged.seal.bid_ref.hex(), staged.seal.version, staged.seal.envelope_hash.hex()):
        raise Unfair(Reason("malformed", {"field": "envelope"}))
    submitted = Submission(
        staged.seal, staged.sha256, staged.size, _nonce_bytes(given["nonce"]), bytes.fromhex(given["signature"])
    )
    return _acted(lambda: receive_bid(lot.lot_id, submitted))


@methods("POST")
@answered
def withdraw(request: Request, lot_ref: str) -> HttpResponse:
    """Take a bid back before the deadline (撤回)."""
    given = sent(request, "bid_ref", "version", "envelope", "nonce", "signature")
    lot = reception_of(lot_ref, request.now)
    withdrawal = Withdrawal(
        given["bid_ref"],
        int(given["version"]),
        given["envelope"],
        _nonce_bytes(given["nonce"]),
        bytes.fromhex(given["signature"]),
    )
    return _acted(lambda: withdraw_bid(lot.lot_id, withdrawal))


@methods("POST")
@answered
def status(request: Request, lot_ref: str) -> HttpResponse:
    """Tell a bid's own key how the bid stands (投标状态), with what others have signed about it."""
    given = sent(request, "submit_key", "bid_ref", "version", "envelope", "nonce", "signature")
    reception_of(lot_ref, request.now)
    message = submission(
        "status",
        bytes.fromhex(lot_ref),
        bytes.fromhex(given["bid_ref"]),
        int(given["version"]),
        bytes.fromhex(given["envelope"]),
        _nonce_bytes(given["nonce"]),
    )
    reception.check_signature(given["submit_key"], message, bytes.fromhex(given["signature"]))
    reception.check_nonce(lot_ref, given["submit_key"], given["nonce"])
    try:
        found = bid_status(lot_ref, given["bid_ref"], given["submit_key"])
    except ObjectDoesNotExist:
        found = NO_BID
    return _json(_status_fields(found))


@methods("POST")
@answered
def key(request: Request, lot_ref: str) -> HttpResponse:
    """Take a bidder's key during the key window (确认密钥)."""
    given = sent(request, "bid_ref", "s_b")
    lot = reception_of(lot_ref, request.now)
    return _acted(lambda: confirm_key(lot.lot_id, given["bid_ref"], bytes.fromhex(given["s_b"])))


@methods("POST")
@answered
def record(request: Request, lot_ref: str) -> HttpResponse:
    """Take what a bidder says to the opening record (确认或异议开标记录)."""
    given = sent(request, "bid_ref", "answer", "text", "nonce", "signature")
    lot = reception_of(lot_ref, request.now)
    said = Answered(
        given["bid_ref"],
        given["answer"],
        given["text"],
        _nonce_bytes(given["nonce"]),
        bytes.fromhex(given["signature"]),
    )
    return _acted(lambda: answer_record(lot.lot_id, said))


def _check_uploader(request: Request, lot_ref: str, sha256: str, total: int) -> None:
    """Refuse bytes from whoever is no registered bidder of this package, and after the deadline (上传授权).

    Raises:
        WrongMoment: ``deadline-passed``, ``nonce-expired``.
        NotEntitled: ``signature-invalid``, ``not-bound``.
        Unfair: ``malformed``.

    Source: our choice (ADR-6)
    """
    lot = reception_of(lot_ref, request.now)
    if not lot.open:
        raise WrongMoment(Reason("deadline-passed", source="MOF-87-33"))
    given = authorisation(request)
    try:
        message = upload_statement(bytes.fromhex(lot_ref), bytes.fromhex(sha256), total, _nonce_bytes(given.nonce))
    except ValueError:
        raise Unfair(Reason("malformed", {"field": LENGTH})) from None
    reception.check_signature(given.submit_key, message, given.signature)
    reception.check_nonce(lot_ref, given.submit_key, given.nonce)
    if reception.bound(lot_ref, given.submit_key) is None:
        raise NotEntitled(Reason("not-bound"))


def _acted(act: Callable[[], Written]) -> HttpResponse:
    """Answer an act with its leaf; the ASGI root holds the answer until the entry is witnessed."""
    try:
        written = act()
        entry, leaf = written.id, written.leaf.hex()
    except Repeated as repeated:
        entry, leaf = repeated.entry, leaf_of(repeated.entry)
    response = _json({"leaf": leaf}, 202)
    response["X-Receipt"] = str(entry)
    return response


def _status_fields(found: BidStatus) -> dict[str, object]:
    return {
        "state": found.state,
        "version": found.version,
        "envelope": found.envelope,
        "receipt": found.receipt,
        "acks": [{"trustee": ack.trustee, "verdict": ack.verdict, "signature": ack.signature} for ack in found.acks],
        "openable": found.openable,
        "opening": {
            "state": found.opening,
            "key_until": timestamp(found.key_until) if found.key_until else "",
            "close": found.list_receipt,
            "fault": found.fault,
            "reason": found.reason,
        },
    }


def _nonce_bytes(text: str) -> bytes:
    """Return the bytes of a number given out; one that is longer than any was not.

    Raises:
        WrongMoment: ``nonce-expired``.
    """
    data = bytes.fromhex(text)
    if len(data) > NONCE_BYTES:
        raise WrongMoment(Reason("nonce-expired"))
    return data


def _json(value: object, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(canonical(value), status=status, content_type=JSON, headers=headers)
