"""A bidder's program on the wire (递交窗口测试件): the reception's own addresses, asked as a program asks them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client

from mifeng.bidding import reception
from mifeng.kernel import clock
from mifeng.rules.encoding import canonical
from mifeng.rules.reception import binding, upload
from mifeng.rules.seal.statements import sign_ecdsa, submission
from mifeng.tenders.models import Tender
from tests.bids import DAY_BEFORE, Held
from tests.factories import City

JSON = "application/json"


@dataclass
class Wire:
    """One bid's program and the reception (接口)."""

    city: City
    held: Held
    at: datetime = DAY_BEFORE
    client: Client = field(default_factory=Client)

    def url(self, verb: str) -> str:
        return f"/reception/{self.held.lot_ref}/{verb}"

    def post(self, verb: str, fields: Mapping[str, Any] | bytes) -> HttpResponse:
        """Send one request as it is."""
        data = fields if isinstance(fields, bytes) else canonical(fields)
        with clock.frozen(self.at):
            return self.client.post(self.url(verb), data, content_type=JSON)

    def binding(self, **changes: Any) -> dict[str, Any]:
        """Return a lawful request to register the submit key."""
        held = self.held
        with clock.frozen(self.at):
            ticket = reception.issue_ticket(self.city[held.bidder.account], held.lot.pk)
        message = binding(bytes.fromhex(held.lot_ref), ticket, bytes.fromhex(held.submit_key))
        signature = sign_ecdsa(held.secrets.submit, message).hex()
        return {"ticket": ticket, "submit_key": held.submit_key, "signature": signature, **changes}

    def nonce(self) -> str:
        """Ask for a number."""
        return str(body(self.post("nonce", {"submit_key": self.held.submit_key}))["nonce"])

    def authorised(self, **changes: str) -> dict[str, str]:
        """Return the headers that authorise an upload."""
        held, size = self.held, len(self.held.sealed.container)
        nonce = changes.get("nonce") or self.nonce()
        message = upload(bytes.fromhex(held.lot_ref), bytes.fromhex(held.sha256), size, bytes.fromhex(nonce))
        signature = changes.get("signature") or sign_ecdsa(held.secrets.submit, message).hex()
        return {"Authorization": f"BE1 {held.submit_key} {nonce} {signature}", "Upload-Length": str(size)}

    def head(self, **headers: str) -> HttpResponse:
        """Ask where the next piece starts."""
        place = self.url(f"upload/{self.held.sha256}")
        sent = headers or self.authorised()
        with clock.frozen(self.at):
            return self.client.head(place, headers=sent)

    def put(self, offset: int | str, piece: bytes, **headers: str) -> HttpResponse:
        """Send one piece."""
        place = self.url(f"upload/{self.held.sha256}")
        sent = {"Upload-Offset": str(offset), **(headers or self.authorised())}
        with clock.frozen(self.at):
            return self.client.put(place, piece, content_type="application/octet-stream", headers=sent)

    def signed(self, verb: Any, **changes: Any) -> dict[str, Any]:
        """Return a lawful request to submit, withdraw or ask."""
        held, seal, nonce = self.held, self.held.sealed.seal, self.nonce()
        message = submission(verb, seal.lot_ref, seal.bid_ref, seal.version, seal.envelope_hash, bytes.fromhex(nonce))
        fields = {
            "bid_ref": held.bid_ref,
            "version": seal.version,
            "envelope": held.envelope,
            "nonce": nonce,
            "signature": sign_ecdsa(held.secrets.submit, message).hex(),
        }
        more = {"submit": {"sha256": held.sha256}, "status": {"submit_key": held.submit_key}}
        return {**fields, **more.get(verb, {}), **changes}

    def upload(self) -> HttpResponse:
        """Register the key and upload the whole file in two pieces."""
        container = self.held.sealed.container
        half = len(container) // 2
        assert self.post("bind", self.binding()).status_code == 201
        assert self.put(0, container[:half]).status_code == 204
        return self.put(half, container[half:])

    def submit(self) -> HttpResponse:
        """Do everything up to the submission."""
        self.upload()
        return self.post("submit", self.signed("submit"))

    def status(self) -> dict[str, Any]:
        """Ask how the bid stands."""
        return body(self.post("status", self.signed("status")))


def body(answer: HttpResponse) -> dict[str, Any]:
    """Return the JSON object of an answer that is canonical JSON."""
    fields = json.loads(answer.content)
    assert canonical(fields) == answer.content
    return dict(fields)


def problem(answer: HttpResponse) -> tuple[int, str]:
    """Return status and code of a refusal that is written as a problem."""
    assert answer["Content-Type"] == "application/problem+json"
    fields = body(answer)
    assert (fields["status"], fields["code"]) == (answer.status_code, fields["code"])
    assert [one["code"] for one in fields["reasons"]] == answer.headers.get("X-Reason", "").split()
    return answer.status_code, str(fields["code"])


def page_of(tender: Tender) -> str:
    """Return the address of a project's page in the supplier's room."""
    return f"/supplier/{tender.pk}"


def ticket_on(page: str) -> str:
    """Return the ticket that a page shows."""
    [found] = re.findall(r"data-ticket>([^<]+)</textarea>", page)
    return str(found)
