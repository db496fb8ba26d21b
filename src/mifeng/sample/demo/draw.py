"""The draw (抽取): the agency asks, three bodies contribute, invited experts answer by the link of their message."""

import base64
import re
from dataclasses import dataclass

from mifeng.gateways.sms import Message
from mifeng.gateways.sms.files import FileSms
from mifeng.sample.demo.browser import Page, Unexpected
from mifeng.sample.demo.entry import HOST, PLACES, Project
from mifeng.sample.demo.stage import Stage

LINK = re.compile(r"(/invitation/[\w-]+)")
SEATS, SITES = 4, 3


@dataclass(frozen=True, slots=True)
class Invited:
    """An expert who has agreed to come (应邀专家): known by the telephone of the message, and where to be."""

    phone: str
    place: str


def draw_experts(stage: Stage, project: Project) -> list[Invited]:
    """Draw four experts for three sites and return them; the first who is asked cannot come, the next in order is."""
    agency = stage.person("agency-a")
    page = agency.open(f"{project.page}/draw")
    agency.confirm(agency.send(page.form(holds="speciality")))
    stage.timeline.say("代理机构", "发起抽取：各场地名单冻结、入台账、经见证，此后才有种子")
    coming: list[Invited] = []
    while len(coming) < SEATS:
        message = _next_message(stage)
        if not stage.answered:
            stage.timeline.say("见证方", "三方各出一份可验证随机数，种子产生，次序由种子算出")
        stage.answered.add(message.reference)
        if len(stage.answered) == 1:
            _answer(stage, message, "decline")
            stage.timeline.say("专家", "有一位专家因故谢绝；按同一次序递补下一位")
        else:
            _answer(stage, message, "accept")
            coming.append(Invited(message.phone, _place(message)))
    stage.until(lambda: _complete(agency.open(f"{project.page}/draw")), "名单密封")
    stage.timeline.say("平台", "四席抽齐，名单密封；签到之前谁也看不到是谁")
    return coming


def invite_next(stage: Stage, place: str) -> Invited:
    """Let the next in order at a place accept, where somebody who had agreed must stand aside (递补)."""
    message = _next_message(stage, place)
    stage.answered.add(message.reference)
    _answer(stage, message, "accept")
    return Invited(message.phone, place)


def _next_message(stage: Stage, place: str = "") -> Message:
    found: list[Message] = []

    def look() -> Page | None:
        waiting = [one for one in _messages(stage) if one.reference not in stage.answered]
        found[:] = [one for one in waiting if not place or _place(one) == place]
        return Page("", "") if found else None

    stage.until(look, "给专家的短信")
    return found[0]


def _messages(stage: Stage) -> list[Message]:
    secret = base64.b64decode((stage.data / "keys" / "dispatch.key").read_text())
    return [one for one in FileSms(stage.data / "outbox", secret).messages() if LINK.search(one.text)]


def _place(message: Message) -> str:
    found = next((place for place in PLACES if place in message.text), "")
    if not found:
        raise Unexpected(f"短信没有写明{HOST}或副场：{message.text}")
    return found


def _answer(stage: Stage, message: Message, answer: str) -> None:
    expert = stage.enter()
    found = LINK.search(message.text)
    page = expert.open(found.group(1) if found else "")
    form = next(form for form in page.forms if form.fields.get("answer") == answer)
    if reasons := form.choices.get("reason"):
        form.fields["reason"] = next(iter(reasons))
    expert.send(form)
    expert.close()


def _complete(page: Page) -> Page | None:
    return page if page.text.count("名单密封") >= SITES else None
