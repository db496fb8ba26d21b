"""What a program may send to the reception (报文格式): canonical JSON with exactly these fields, each of one shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mifeng.rules.encoding import parse_canonical
from mifeng.rules.errors import Reason, Unfair
from mifeng.web.shell.http import Request

MAX_BODY = 64 * 2**10
MAX_TICKET = 2_000
MAX_TEXT = 2_000
SCHEME = "BE1"

HASH, POINT, ANY_HEX, TICKET = (
    re.compile(pattern, re.ASCII)
    for pattern in (r"[0-9a-f]{64}", r"04[0-9a-f]{128}", r"(?:[0-9a-f]{2}){1,128}", rf"[\w=+/-]{{1,{MAX_TICKET}}}")
)
NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
LENGTH = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
SHAPES: Mapping[str, re.Pattern[str]] = {
    "ticket": TICKET,
    "submit_key": POINT,
    "bid_ref": HASH,
    "envelope": HASH,
    "sha256": HASH,
    "s_b": HASH,
    "answer": re.compile(r"confirmed|objected"),
    "text": re.compile(rf"(?s:.{{0,{MAX_TEXT}}})"),
    "nonce": ANY_HEX,
    "signature": ANY_HEX,
}


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What authorises an upload (上传授权): the submit key, the number given out for this request, the signature."""

    submit_key: str
    nonce: str
    signature: bytes


def sent(request: Request, *names: str) -> dict[str, str]:
    """Return the fields of a request's body.

    Args:
        request: its body is canonical JSON.
        names: the fields wanted; ``version`` is a number, all others are text of their shape.

    Raises:
        Unfair: ``too-large``; ``malformed`` naming the field.
    """
    length = _length(request)
    if length > MAX_BODY:
        raise Unfair(Reason("too-large", {"limit": MAX_BODY}))
    try:
        fields = parse_canonical(request.body)
    except ValueError:
        raise Unfair(Reason("malformed", {"field": "body"})) from None
    if not isinstance(fields, dict) or fields.keys() != set(names):
        raise Unfair(Reason("malformed", {"field": "body"}))
    return {name: _shaped(name, fields[name]) for name in names}


def piece(request: Request, limit: int) -> bytes:
    """Return the bytes of one piece of a file.

    Raises:
        Unfair: ``too-large``; ``malformed`` when it is empty.
    """
    if _length(request) > limit:
        raise Unfair(Reason("too-large", {"limit": limit}))
    data = request.read(limit + 1)
    if len(data) > limit:
        raise Unfair(Reason("too-large", {"limit": limit}))
    if not data:
        raise Unfair(Reason("malformed", {"field": "body"}))
    return data


def number(request: Request, header: str) -> int:
    """Return the number of bytes that a header names.

    Raises:
        Unfair: ``malformed``.
    """
    text = request.headers.get(header, "")
    if not LENGTH.fullmatch(text):
        raise Unfair(Reason("malformed", {"field": header}))
    return int(text)


def authorisation(request: Request) -> Authorisation:
    """Return what authorises an upload: ``BE1 <submit_key> <nonce> <signature>``.

    Raises:
        Unfair: ``malformed``.
    """
    words = request.headers.get("Authorization", "").split(" ")
    shapes = (POINT, ANY_HEX, ANY_HEX)
    fits = all(shape.fullmatch(word) for shape, word in zip(shapes, words[1:], strict=False))
    if len(words) != 4 or words[0] != SCHEME or not fits:
        raise Unfair(Reason("malformed", {"field": "Authorization"}))
    return Authorisation(words[1], words[2], bytes.fromhex(words[3]))


def _shaped(name: str, value: object) -> str:
    if name == "version":
        fits = isinstance(value, int) and not isinstance(value, bool) and NUMBER.fullmatch(str(value))
    else:
        fits = isinstance(value, str) and SHAPES[name].fullmatch(value)
    if not fits:
        raise Unfair(Reason("malformed", {"field": name}))
    return str(value)


def _length(request: Request) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if LENGTH.fullmatch(text) else MAX_BODY
