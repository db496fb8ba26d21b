"""A person who never gives up (不懈的访客): sends each form until it is acknowledged, always under the same key.

Servers are killed under this person's hands. What was answered is kept: the act, its leaf, every receipt handed out.
"""

import http.client
import re
import threading
import time
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.stack import Stack

SEAT = re.compile(r'<option value="([0-9a-f-]{36})"')
AGAIN = 0.1  # seconds between two tries
TIMEOUT = 10.0


class Visitor(threading.Thread):
    """An officer who tests the own site's seats over HTTP, again and again."""

    def __init__(self, stack: Stack, account: str) -> None:
        super().__init__(daemon=True)
        self.stack, self.account = stack, account
        self.cookies: dict[str, str] = {}
        self.acknowledged: dict[str, tuple[int, str]] = {}
        self.receipts: dict[str, str] = {}
        self.tries = 0
        self.failure: BaseException | None = None
        self.stopping = threading.Event()

    def run(self) -> None:
        """Act until told to stop; the last act is brought to its end."""
        try:
            self.sign_in()
            number = 0
            while not self.stopping.is_set():
                self.act(f"{self.account}-{number}")
                number += 1
        except BaseException as error:
            self.failure = error

    def sign_in(self) -> None:
        """Sign in, however often it takes."""
        while True:
            self.cookies.clear()
            if self.ask("GET", "/account/sign-in")[0] == 200:
                password = self.stack.passwords()[self.account]
                if self.ask("POST", "/account/sign-in", account=self.account, password=password)[0] == 303:
                    return

    def act(self, key: str) -> None:
        """Test a seat, under a key, until the act is acknowledged; then ask for its receipt once."""
        while not (found := SEAT.findall(self.page("/site/seats"))):
            pass
        form = {"_key": key, "seat": found[len(self.acknowledged) % len(found)], "result": "passed", "fault": ""}
        while True:
            status, headers, body = self.ask("POST", "/site/seats", **form)
            if status == 303 and "x-receipt" in headers:
                break
            if status in (302, 401, 403, 422):
                raise AssertionError(f"{key} refused with {status}: {headers} {body[:2000]}")
        leaf = headers["location"].rpartition("/")[2]
        self.acknowledged[key] = (int(headers["x-receipt"]), leaf)
        if not self.fetch(key) and headers["x-receipt-state"] == "witnessed":
            while not self.fetch(key, known=True):
                pass

    def fetch(self, key: str, *, known: bool = False) -> bool:
        """Ask once for the receipt of an act; say whether it was handed out."""
        status, _, proof = self.ask("GET", f"/account/receipts/{self.acknowledged[key][1]}.proof")
        if status == 200:
            self.receipts[key] = proof
        elif known and status == 404:
            raise AssertionError(f"{key} was called witnessed and has no receipt")
        return status == 200

    def page(self, path: str) -> str:
        """Return a page, however often it takes."""
        while True:
            status, _, body = self.ask("GET", path)
            if status == 200:
                return body
            if status == 302:
                self.sign_in()

    def ask(self, method: str, path: str, **form: str) -> tuple[int, dict[str, str], str]:
        """Send one request; status 0 when nobody answers."""
        self.tries += 1
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if method == "POST":
            body = urlencode({**form, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        link = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=TIMEOUT)
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            time.sleep(AGAIN)
            return 0, {}, ""
        finally:
            link.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.cookies |= {key: morsel.value for key, morsel in SimpleCookie(value).items()}
        if answer.status >= 500:
            time.sleep(AGAIN)
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text
