"""Refusals for programs (程序接口的拒绝): the same reasons as on a page, as a problem body (RFC 9457).

The body names nobody who asks. What a page says in a sentence stands beside its code, so that a program can show it.
"""

from datetime import UTC
from typing import Any

from django.http import HttpResponse

from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Reason, Refusal
from mifeng.web.shell import texts, words

MEDIA = "application/problem+json"
UNKNOWN = "unknown"


def problem(refusal: Refusal) -> HttpResponse:
    """Return a refusal: every reason with its code, its sentence, its clause, and until when."""
    body = {
        "title": _title(refusal.status),
        "status": refusal.status,
        "code": refusal.code,
        "source": refusal.source,
        "reasons": [_reason(one) for one in refusal.reasons],
    }
    response = _answer(body)
    response["X-Reason"] = " ".join(refusal.codes)
    return response


def not_there() -> HttpResponse:
    """Return that there is nothing here; whether it exists is itself a fact."""
    return _answer({"title": _title(404), "status": 404, "code": UNKNOWN, "source": "", "reasons": []})


def _reason(reason: Reason) -> dict[str, Any]:
    more = words.reason_more(reason)
    return {
        "code": reason.code,
        "text": words.reason_text(reason) + (f"（{more}）" if more else ""),
        "source": reason.source,
        "until": reason.until.astimezone(UTC).isoformat() if reason.until else "",
    }


def _answer(body: dict[str, Any]) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(canonical(body), status=body["status"], content_type=MEDIA, headers=headers)


def _title(status: int) -> str:
    return str(texts.REFUSAL_TITLES.get(status, texts.REFUSAL_TITLES[422]))
