"""The arrival (签到): a card, a face, a declaration, a seat; who comes is known at the kiosk and nowhere else.

Three sites have a kiosk each. One expert's face is not recognised, and two officers check by hand. With the code of the
seat its computer is opened, and makes a key that stays there.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from mifeng.sample.demo.browser import Page, Person, Unexpected
from mifeng.sample.demo.draw import Invited, invite_next
from mifeng.sample.demo.entry import GUESTS, HOST, OFFICERS, PLACES, Project
from mifeng.sample.demo.seat import Seat
from mifeng.sample.demo.stage import Stage

CODE = re.compile(r"\b([0-9A-HJKMNP-TV-Z]{4}) ([0-9A-HJKMNP-TV-Z]{4})\b")
NOT_THIS_FACE = "0" * 16
AT_ONCE = 3  # sites
Card = Mapping[str, str]


Sit = Callable[[Stage, str, str], Seat]


@dataclass(frozen=True, slots=True)
class Door:
    """Who comes to a site (到场).

    Args:
        queue: the cards of those who have agreed to come.
        known: cards by telephone, for whoever is asked in the place of another.
        stranger: the card of somebody who is not expected.
        sit: opens the computer of a seat.
    """

    queue: Sequence[Card]
    known: Mapping[str, Card]
    stranger: Card
    sit: Sit


def authorise(stage: Stage, project: Project) -> Card:
    """Let the purchaser name whom it sends to the committee; return the card of that person."""
    card = cards(stage)["representatives"][0]
    buyer = stage.person("buyer")
    form = buyer.open(f"{project.page}/representative").form(holds="number")
    buyer.send(form, name=card["name"], number=card["number"])
    stage.timeline.say("采购人", "授权一名采购人代表；姓名和证件号加密，台账只记“已授权”")
    return card


def let_in(stage: Stage, coming: Iterable[Invited], deputy: Card, sit: Sit) -> list[Seat]:
    """Let everybody come to the own site and take a seat; return the seats, the purchaser's representative's first.

    Args:
        stage: where it is played.
        coming: the experts.
        deputy: card of the purchaser's representative.
        sit: opens the computer of a seat.
    """
    host = stage.person("host")
    _open(host)
    known = {one["phone"]: one for one in cards(stage)["experts"]}
    queue: dict[str, list[Card]] = {place: [] for place in PLACES}
    queue[HOST].append(deputy)
    for one in coming:
        queue[one.place].append(known[one.phone])
    stranger = cards(stage)["representatives"][-1]
    stage.timeline.say("主场", "开放签到：三个场地各一台签到机；开机后场地人员即退出，屏幕只给签到人看")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda place: _site(stage, place, Door(queue[place], known, stranger, sit)), PLACES))
    stage.timeline.say("评审成员", "五人刷证、刷脸、逐条声明，各领席位号和一次性席位码；一张无关的证件只得到“不在名单”")
    stage.timeline.say("场地人员", "一位专家两次人脸不符：两名场地人员先后人工核对后放行，台账记事由不记人")
    seats = [seat for site in found for seat in site]
    stage.timeline.say("评审成员", "五席入席：席位码只在本场地的席位机上有效；每台席位机自己生成签名密钥，平台拿不到")
    return seats


def _open(host: Person) -> None:
    """Open the check-in, unless the platform was faster."""
    opening = [form for form in host.open("/site/gate").forms if "/gate/open" in form.action]
    with suppress(Unexpected):
        for form in opening:
            host.send(form)
    if any("/gate/open" in form.action for form in host.open("/site/gate").forms):
        raise Unexpected("签到没有开放")


def _site(stage: Stage, place: str, door: Door) -> list[Seat]:
    """Let everybody of a site in; who was found to be tied to a bidder has been told to stay away, and is replaced."""
    kiosk = stage.come(OFFICERS[place])
    kiosk.send(kiosk.open("/site/door").form("/kiosk/open"))
    if place == HOST:
        kiosk.send(kiosk.open("/site/kiosk").form("/kiosk/card"), card=door.stranger["card"], expect="not-expected")
    seats: list[Seat] = []
    queue = list(door.queue)
    while len(seats) < len(door.queue):
        if queue:
            card = queue.pop(0)
            page = _put(kiosk, card)
        else:
            card = door.known[invite_next(stage, place).phone]
            page = stage.until(lambda card=card: _put(kiosk, card), f"{place} 的递补专家")  # type: ignore[misc]
        if page is None:
            continue
        page = _face(stage, kiosk, page, card, fails=place == next(iter(GUESTS.values())))
        pledges = page.form("/kiosk/pledge")
        page = kiosk.send(pledges, said=list(pledges.choices["said"].values()))
        seats.append(door.sit(stage, _code(kiosk, page), place))
    kiosk.close()
    return seats


def _put(kiosk: Person, card: Card) -> Page | None:
    """Put a card on the reader; None when its holder is not expected."""
    try:
        return kiosk.send(kiosk.open("/site/kiosk").form("/kiosk/card"), card=card["card"])
    except Unexpected as error:
        if "not-expected" in str(error):
            return None
        raise


def _face(stage: Stage, kiosk: Person, page: Page, card: Card, *, fails: bool) -> Page:
    if not any("/kiosk/face" in form.action for form in page.forms):
        return page  # somebody who had got further before
    if not fails:
        return kiosk.send(page.form("/kiosk/face"), seen=card["face"])
    for _ in range(2):
        page = kiosk.send(page.form("/kiosk/face"), seen=NOT_THIS_FACE)
    account = next(iter(GUESTS))
    for officer in (stage.person(account), stage.person(f"{account}-2")):
        officer.send(officer.open("/site/gate").form("/gate/vouch"))
    return kiosk.open("/site/kiosk")


def _code(kiosk: Person, page: Page) -> str:
    """Return the code that the kiosk shows at its last step, and let it forget who stood there."""
    found = CODE.search(page.text.partition("席位码")[2])
    if not found:
        raise Unexpected(f"签到机没有给出席位码：{page.text[:400]}")
    kiosk.send(page.form("/kiosk/done"))
    return "".join(found.groups())


def cards(stage: Stage) -> dict[str, list[dict[str, str]]]:
    """Return the cards of the sample city: ``experts`` and ``representatives``."""
    return cast("dict[str, list[dict[str, str]]]", json.loads((stage.data / "keys" / "cards").read_text()))
