"""The cards of the sample city (示范证件): one line of text each, as the simulated reader reads them.

They stand in one file that is closed to others and that no page lists: the cards of all invented experts, found by the
telephone at which they were invited, and of a few persons whom a purchaser may send to a committee.
"""

import json
import os
from pathlib import Path

from mifeng.gateways.reader.simulated import card_line, new_face
from mifeng.parties.models import Organisation
from mifeng.sample.experts import identity_number, people

DEPUTIES = ("壬实子", "壬实丑", "癸实子", "癸实丑")
CITY = "150800"
# Behind the numbers of the experts, so that nobody stands in the library and is sent by a purchaser too.
FIRST_DEPUTY = 900


def write(path: Path) -> None:
    """Write the cards once (制发示范证件); a file that is there stays, since its faces are known elsewhere by now."""
    if path.is_file():
        return
    known = [(one.number, one.name, one.phone) for one in people(list(Organisation.objects.order_by("code")))]
    deputies = [(identity_number(CITY, FIRST_DEPUTY + n), name, "") for n, name in enumerate(DEPUTIES)]
    cards = {"experts": [_card(*one) for one in known], "representatives": [_card(*one) for one in deputies]}
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(cards, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def cards(path: Path) -> dict[str, list[dict[str, str]]]:
    """Return the cards: ``experts`` and ``representatives``, each with number, name, phone, face and card."""
    found: dict[str, list[dict[str, str]]] = json.loads(path.read_text())
    return found


def _card(number: str, name: str, phone: str) -> dict[str, str]:
    face = new_face()
    return {"number": number, "name": name, "phone": phone, "face": face, "card": card_line(number, name, face)}
