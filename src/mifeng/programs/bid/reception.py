"""The platform's reception as the tool meets it (递交接口): small signed requests over HTTP, and one resumable upload.

Nothing here carries a session or a name: what authorises a request is a signature of the bid's own submit key over a
number that the reception gave out for it. A platform that does not answer is asked again for a while; a refusal is
passed on with its reasons.
"""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from mifeng.programs.bid.texts import Failed
from mifeng.rules.encoding import canonical
from mifeng.rules.reception import binding, upload

ANSWER_SECONDS = 30.0
MAX_ANSWER_BYTES = 16 * 2**20
PIECE = 4 * 2**20
MEDIA = "application/vnd.mifeng.be1"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
# Statuses that say nothing about the request itself: asked again later it may well be answered.
PASSING = frozenset({408, 429, 500, 502, 503, 504})

Progress = Callable[[int, int], None]
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reception answered (答复): status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """Return the JSON object of the body; empty when it holds none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Refused(Failed):
    """The platform refused (不予受理); ``refusal`` is the code it gave, ``status`` the HTTP status."""

    def __init__(self, answer: Answer) -> None:
        fields = answer.fields
        reasons = [one for one in fields.get("reasons", []) if isinstance(one, dict)]
        said = "；".join(str(one.get("text") or one.get("code")) for one in reasons) or str(fields.get("title", ""))
        self.status, self.refusal = answer.status, str(fields.get("code", ""))
        super().__init__("refused", status=answer.status, said=said or "—", refusal=self.refusal or "—")


@dataclass(frozen=True, slots=True)
class Reception:
    """The reception for one package (递交接口).

    Args:
        server: address of the platform, without trailing slash.
        lot_ref: the package, in hexadecimal.
        submit_key: public half of the submit key, 65 bytes.
        sign: signs with the submit key.
        patience: how long to go on asking a platform that does not answer, in seconds.
    """

    server: str
    lot_ref: str
    submit_key: bytes
    sign: Sign
    patience: float = 60.0

    def policy(self) -> bytes:
        """Return the policy that the platform shows for this package."""
        return self._asked("GET", "policy").body

    def bind(self, ticket: str) -> None:
        """Bind the submit key to the account that the ticket was given to (绑定递交密钥); doing it again is no harm."""
        try:
            signed = binding(bytes.fromhex(self.lot_ref), ticket, self.submit_key)
        except ValueError:
            raise Failed("ticket-unclear") from None
        self._posted("bind", {"ticket": ticket, "submit_key": self.submit_key.hex(), "signature": self._signed(signed)})

    def nonce(self) -> bytes:
        """Return a number for one signed request."""
        given = self._posted("nonce", {"submit_key": self.submit_key.hex()}).fields.get("nonce", "")
        try:
            return bytes.fromhex(given)
        except (ValueError, TypeError):
            raise Failed("answer-unclear", what="nonce") from None

    def upload(self, path: Path, sha256: str, progress: Progress) -> None:
        """Upload a file from where an earlier try left off, piece by piece, until the platform has all of it."""
        size = path.stat().st_size
        place = f"upload/{sha256}"
        offset = self._offset(self._asked("HEAD", place, headers=self._authorised(sha256, size)), size)
        with path.open("rb") as file:
            while True:
                progress(offset, size)
                if offset == size:
                    return
                file.seek(offset)
                headers = {"Upload-Offset": str(offset), **self._authorised(sha256, size)}
                answer = self._asked("PUT", place, body=file.read(PIECE), headers=headers, accept=(409,))
                moved = self._offset(answer, size)
                if moved <= offset and answer.status != 409:
                    raise Failed("answer-unclear", what="Upload-Offset")
                offset = moved

    def post(self, verb: str, fields: Mapping[str, object]) -> Answer:
        """Post a request of which everything signed is already in its fields."""
        return self._posted(verb, fields)

    def _authorised(self, sha256: str, size: int) -> dict[str, str]:
        nonce = self.nonce()
        signed = upload(bytes.fromhex(self.lot_ref), bytes.fromhex(sha256), size, nonce)
        said = f"BE1 {self.submit_key.hex()} {nonce.hex()} {self._signed(signed)}"
        return {"Authorization": said, "Upload-Length": str(size), "Content-Type": MEDIA}

    def _offset(self, answer: Answer, size: int) -> int:
        text = answer.headers.get("upload-offset", "")
        if not text.isascii() or not text.isdigit() or int(text) > size:
            raise Failed("answer-unclear", what="Upload-Offset")
        return int(text)

    def _signed(self, message: bytes) -> str:
        return self.sign(message).hex()

    def _posted(self, verb: str, fields: Mapping[str, object]) -> Answer:
        return self._asked("POST", verb, body=canonical(fields), headers={"Content-Type": "application/json"})

    def _asked(
        self,
        method: str,
        place: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (),
    ) -> Answer:
        """Return the answer to a request; ask again while nobody answers and patience lasts.

        Raises:
            Refused: when the platform refuses.
            Failed: ``unanswered``.
        """
        url = f"{self.server}/reception/{self.lot_ref}/{place}"
        # Any scheme but http and https has been refused by `address`.
        request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)  # noqa: S310
        answer = answered(request, self.patience)
        if answer.status >= 400 and answer.status not in accept:
            raise Refused(answer)
        return answer


def answered(request: urllib.request.Request, patience: float) -> Answer:
    """Return the answer to a request; ask again while there is none, or a passing trouble, and patience lasts.

    Raises:
        Failed: ``unanswered``.
    """
    waited, pause = 0.0, FIRST_PAUSE
    while True:
        try:
            answer = ask(request)
        except (OSError, http.client.HTTPException) as error:
            problem: object = getattr(error, "reason", None) or error or type(error).__name__
        else:
            if answer.status not in PASSING:
                return answer
            problem = f"HTTP {answer.status}"
        if waited + pause > patience:
            raise Failed("unanswered", url=request.full_url, problem=problem)
        time.sleep(pause)
        waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE)


def fetched(url: str, patience: float) -> bytes:
    """Return what lies at an address.

    Raises:
        Refused: when it is not given out.
        Failed: ``unanswered``, ``address-unclear``.
    """
    answer = answered(urllib.request.Request(address(url)), patience)  # noqa: S310 - checked by `address`
    if answer.status >= 400:
        raise Refused(answer)
    return answer.body


def ask(request: urllib.request.Request) -> Answer:
    """Return the answer to one request, whatever its status."""
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:  # noqa: S310 - checked by `address`
            return _answer(response.status, response.headers, response)
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error)


def address(text: str) -> str:
    """Return an address of a platform without its trailing slash.

    Raises:
        Failed: ``address-unclear`` for anything but http and https.
    """
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Failed("address-unclear", text=text)
    return text.rstrip("/")


def _answer(status: int, headers: Any, stream: Any) -> Answer:
    body = cast("bytes", stream.read(MAX_ANSWER_BYTES + 1))
    if len(body) > MAX_ANSWER_BYTES:
        raise http.client.HTTPException("the answer is too long")
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)
