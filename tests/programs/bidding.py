"""A supplier with certificates and a bid folder, for the tests of the bidder's tool."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mifeng.gateways.ca import Subject
from mifeng.gateways.ca.folder import make_ca
from mifeng.programs.bid.main import main
from mifeng.rules.certificates import Use, certificate_request
from mifeng.rules.seal.policy import Policy, format_policy
from tests.programs.alone import called
from tests.programs.office import TICKET, Office, Server

NAME, CODE = "乙家具有限公司", "91150800MA0N12345X"
ISSUED = datetime.now(UTC) - timedelta(days=1)  # noqa: TID251 - the tool looks at its own machine's clock


@dataclass
class Supplier:
    """A supplier's own machine: certificates, and the place of a bid folder."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "bid"

    @property
    def state(self) -> dict[str, Any]:
        """Return what the tool remembers."""
        return dict(json.loads((self.folder / "state.json").read_text()))

    @property
    def latest(self) -> dict[str, Any]:
        """Return the version sealed last."""
        return dict(self.state["versions"][-1])

    def issue(self, name: str, use: Use = Use.SIGNING, subject: str = NAME, at: datetime = ISSUED) -> None:
        """Have a certificate issued, under a name of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        ca = make_ca(self.home / "ca", "示范认证中心", datetime(2020, 1, 1, tzinfo=UTC))
        der = ca.issue(certificate_request(key), Subject(subject, CODE), at, use)
        pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
        (self.home / f"{name}.pem").write_bytes(pem)
        (self.home / f"{name}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def made(self, *args: object) -> list[str]:
        """Return the arguments of ``make`` with the supplier's certificate."""
        who = ["--supplier", NAME, "--code", CODE]
        files = ["--certificate", self.home / "sign.pem", "--key", self.home / "sign.key"]
        return [*map(str, ["make", "--dir", self.folder, *who, *files, *args])]

    def run_made(self, *args: object) -> int:
        """Make the bid folder with these arguments added, in this process; return the exit code."""
        return called(main, *self.made(*args))

    def make(self, policy: Policy | str, *args: object) -> int:
        """Make the bid folder; a policy from a file, or from an address."""
        if isinstance(policy, str):
            return self.run_made("--from", policy, *args)
        (self.home / "policy.json").write_bytes(format_policy(policy))
        return self.run_made("--policy", self.home / "policy.json", *args)

    def fill(self, price: str = "4650000.00", technical: bytes = b"%PDF-1.7 plan") -> None:
        """Fill in what is asked and put files into the parts."""
        fields = {"price": price, "delivery": "合同签订后30日内", "quality": "国标合格", "guarantee": "BH-2026-001"}
        (self.folder / "bid.json").write_text(json.dumps(fields, ensure_ascii=False))
        (self.folder / "technical" / "技术方案.pdf").write_bytes(technical)
        (self.folder / "price" / "报价表.xlsx").write_bytes(b"PK sheet")

    def run(self, command: str, *args: object) -> int:
        """Run a command on the folder, in this process; return its exit code."""
        return called(main, command, "--dir", self.folder, *args)

    def submit(self, server: str, *args: object) -> int:
        """Hand in without waiting for what does not come."""
        return self.run("submit", "--server", server, "--ticket", TICKET, "--patience", "0.1", "--wait", "0", *args)


def supplier(home: Path) -> Supplier:
    """Return a supplier with one certificate to sign and one to encrypt."""
    found = Supplier(home)
    found.issue("sign")
    found.issue("open", Use.ENCRYPTION)
    return found


@contextmanager
def serving(office: Office) -> Iterator[str]:
    """Serve an office; return its address."""
    server = Server(office)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.url
    finally:
        office.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
