"""A seat that somebody has taken (席位): the browser of its computer, and the key that was made there."""

import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mifeng.rules.blind.scores import score_commitment
from mifeng.sample.demo.browser import Person
from mifeng.sample.demo.entry import OFFICERS
from mifeng.sample.demo.stage import Stage

WORD = "签名"
SIGNED, ENDORSED = "您的评分表已签名", "您已签署这份报告"


@dataclass(frozen=True)
class Seat:
    """A member of the committee at a seat (评审成员).

    Args:
        browser: of the seat's computer.
        key: made there.
        place: name of the site.
    """

    browser: Person
    key: ec.EllipticCurvePrivateKey
    place: str

    def sign_sheet(self, room: str, part: str) -> None:
        """Sign exactly the bytes of the own sheet, unless it has been signed (评分签名)."""
        if SIGNED in self.browser.open(room).text:
            return
        form = self.browser.open(f"{room}/sign/{part}").form(holds="seen")
        sheet, salt = self.browser.fetch(f"{room}/sheet/{part}.json"), secrets.token_bytes(32)
        signature = self._sign(score_commitment(salt, sheet))
        self.browser.send(form, word=WORD, salt=salt.hex(), signature=signature)

    def endorse(self, room: str) -> None:
        """Read the report and sign it, unless it has been signed (签署评审报告)."""
        page = self.browser.open(f"{room}/report")
        if ENDORSED in page.text:
            return
        form = page.form(holds="opinion")
        signature = self._sign(bytes.fromhex(form.fields["report"]))
        self.browser.send(form, opinion="agree", word=WORD, signature=signature)

    def _sign(self, message: bytes) -> str:
        return self.key.sign(message, ec.ECDSA(SHA256())).hex()


def take_seat(stage: Stage, code: str, place: str) -> Seat:
    """Open a seat with its code (入席) on a computer of the seats of its site; a pair of keys is made there."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
    computer = stage.come(OFFICERS[place])
    computer.send(computer.open("/site/door").form("/computers/open"))
    computer.send(computer.open("/desk/enter").form(holds="code"), code=code, key=public)
    return Seat(computer, key, place)
