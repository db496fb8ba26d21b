"""The desks (评审席): five members review bids under their own codes, sign, see everything at once, and report.

Nobody here knows more than a page says: which bid a code stands for is read nowhere before the technical scores are
locked, and what a file deserves is read from the file.
"""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mifeng.sample.demo.browser import Form, Page, Unexpected
from mifeng.sample.demo.entry import Project
from mifeng.sample.demo.seat import SIGNED, Seat
from mifeng.sample.demo.stage import Stage

AT_ONCE = 5  # members
MET, DONE = re.compile(r"满足(\d+)项"), re.compile(r"同类业绩(\d+)项")
# Technical parameters that a bid meets → points of the objective item; it has steps of five.
POINTS = {20: 20, 18: 15, 16: 10}
# Members by place: who types a score that there is not, who has a second window, who misreads a file.
CARELESS, DOUBLED, MISTAKEN = 1, 2, 3
SLIP = 5
Scores = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Slip:
    """A score that one member gave by mistake (误评): seat, the seat's code, the right score."""

    seat: Seat
    code: str
    right: int


def elect_chair(stage: Stage, seats: Sequence[Seat]) -> None:
    """Let the members vote until one of the experts has more than half of the votes."""
    waiting = [stage.until(lambda seat=seat: _asks(seat, "/chair"), "推选组长") for seat in seats]  # type: ignore[misc]
    chosen = min(waiting[0].form("/chair").choices["seat"].values())
    for seat in seats[: len(seats) // 2 + 1]:
        page = seat.browser.open("/desk/")
        seat.browser.send(page.form("/chair"), seat=chosen)
    stage.timeline.say("评审成员", "推选组长：过半数当选；采购人代表不能当组长")
    stage.until(lambda: _asks(seats[0], "/cells/technical"), "发放暗标编码")
    stage.timeline.say("平台", "各席位领到自己的暗标编码和次序：同一份投标，五个席位五个编码")


def review_technical(stage: Stage, project: Project, seats: Sequence[Seat]) -> Slip:
    """Let every member open all files and score them; return the score that one of them gave by mistake."""
    table = Table(stage, project, "technical")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        slips = list(pool.map(table.score, seats, range(len(seats))))
    stage.timeline.say("评审成员", "五席各自打开四份技术文件，逐格评分，随填随存；超出分值的一格被退回")
    stage.timeline.say("评审成员", "同一格在另一窗口已改：旧版本被退回，两个分数都显示，由本人选")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda seat: seat.sign_sheet(table.room, table.part), seats))
    stage.timeline.say("评审成员", "五席用本席密钥签名：台账只有承诺值，谁也读不到分数")
    stage.until(lambda: _asks(seats[0], "/cells/business"), "技术分锁定")
    stage.timeline.say("平台", "技术分锁定：编码与投标人的对应这时才打开，商务部分开始")
    return next(slip for slip in slips if slip)


def review_business(stage: Stage, project: Project, seats: Sequence[Seat]) -> None:
    """Let every member score the business part, and see all scores at once."""
    table = Table(stage, project, "business")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(table.score, seats, range(len(seats))))
        list(pool.map(lambda seat: seat.sign_sheet(table.room, table.part), seats))
    stage.timeline.say("评审成员", "商务部分评分、签名")
    stage.until(lambda: _asks(seats[0], "/correct"), "评分公开")
    stage.timeline.say("平台", "全部承诺齐后在同一步公开：每席的分数与此前的承诺值一致")


def settle(stage: Stage, project: Project, seats: Sequence[Seat], slip: Slip) -> None:
    """Let the chair try too early, the member correct its objective score, and everybody sign the report."""
    room = f"/desk/{project.lot}"
    chair = next(seat for seat in seats if _asks(seat, "/conclude"))
    chair.browser.send(chair.browser.open(room).form("/conclude"), expect="objective-differs")
    stage.timeline.say("平台", "客观分不一致：改正以前不能形成报告")
    page = slip.seat.browser.open(room)
    found = re.search(rf"(\S+) 您的编码 {slip.code}", page.text)
    form = page.form("/correct", holds="after")
    place = form.choice("place", f"{found.group(1) if found else slip.code}　技术参数响应")
    words = "误读响应表，按投标文件第1页改正"
    slip.seat.browser.send(form, place=place, kind="objective", after=str(slip.right), reason=words)
    stage.timeline.say("评审成员", "看错一份响应表的成员依法改正自己的客观分，理由写进报告")
    chair.browser.send(chair.browser.open(room).form("/conclude"))
    stage.timeline.say("评审组长", "汇总，形成评审报告：得分、排序由平台算出，人人可以复算")
    for seat in seats:
        seat.endorse(room)
    stage.until(lambda: _says(seats[0], room, "全部委员已签署"), "报告签齐")
    stage.timeline.say("评审成员", "五人签署评审报告，评审结束")


@dataclass(frozen=True, slots=True)
class Table:
    """One part of the review (评审部分): how a member reads and scores it, whoever it is."""

    stage: Stage
    project: Project
    part: str

    @property
    def room(self) -> str:
        """Return the address of the desks."""
        return f"/desk/{self.project.lot}"

    def score(self, seat: Seat, number: int) -> Slip | None:
        """Let a member open every bid and score it; return what was given by mistake."""
        page = self.stage.until(lambda: self._given_out(seat), f"{seat.place} 的打分表")
        codes = [form.fields["code"] for form in page.forms if f"/cells/{self.part}" in form.action]
        slip = None
        for turn, code in enumerate(codes):
            page = seat.browser.open(page.link(code, part="at="))
            seat.browser.fetch(page.link("用浏览器打开整份文件"))
            given = dict(deserved(page.text, self.part, number))
            if turn == 0 and self.part == "technical":
                if number == MISTAKEN:
                    slip = Slip(seat, code, given["t1"])
                    given["t1"] -= SLIP
                elif number == CARELESS:
                    _refused(seat, _row(page, code), given)
            before = _row(page, code)
            seat.browser.send(before.filled(_typed(given)), stay=True)
            if turn == 0 and number == DOUBLED and self.part == "technical":
                _overtaken(seat, before, given)
        return slip

    def _given_out(self, seat: Seat) -> Page | None:
        """Return the sheet of a seat once it is given out, or once it has been signed."""
        page = seat.browser.open("/desk/")
        asked = any(f"/cells/{self.part}" in form.action for form in page.forms)
        return page if asked or SIGNED in page.text else None


def deserved(text: str, part: str, number: int) -> Scores:
    """Return what a member gives a bid after reading a page of its file (评分).

    Args:
        text: of the page.
        part: technical or business.
        number: of the member; opinions differ a little.

    Raises:
        Unexpected: when the page does not say what it should.
    """
    words = MET if part == "technical" else DONE
    found = words.search("".join(text.split()))
    if not found:
        raise Unexpected(f"文件里没有 {words.pattern}；{text[:400]}")
    said = int(found.group(1))
    if part == "technical":
        return {"t1": POINTS[said], "t2": said - 4 + number % 3, "t3": said // 2 - 2 + number % 2}
    return {"b1": 2 * said, "b2": 4 + said % 3 + number % 2}


def _typed(scores: Scores) -> dict[str, str]:
    return {f"score-{item}": str(score) for item, score in scores.items()}


def _row(page: Page, code: str) -> Form:
    for form in page.forms:
        if "/cells/" in form.action and form.fields.get("code") == code:
            return form
    raise Unexpected(f"{page.url}: 没有 {code} 这一行")


def _refused(seat: Seat, row: Form, given: Scores) -> None:
    """Type more points than the item has."""
    page = seat.browser.send(row.filled(_typed({**given, "t2": 21})), expect="score-range")
    if _row(page, row.fields["code"]).fields["score-t2"] != "21":
        raise Unexpected("退回的一行没有保留所填的分数")


def _overtaken(seat: Seat, row: Form, given: Scores) -> None:
    """Save from a second window, in which the earlier version still stands."""
    other = given["t2"] - 1
    page = seat.browser.send(row.filled(_typed({**given, "t2": other})), expect="stale-version")
    kept = _row(page, row.fields["code"]).fields["score-t2"] == str(other)
    if not kept or f"另一窗口已改为{given['t2']}" not in "".join(page.text.split()):
        raise Unexpected(f"旧版本被退回时没有显示两个分数：{page.text[:400]}")


def _asks(seat: Seat, part: str) -> Page | None:
    """Return what a seat sees when it is asked for something that goes to an address with a part."""
    page = seat.browser.open("/desk/")
    return page if any(part in form.action for form in page.forms) else None


def _says(seat: Seat, address: str, words: str) -> Page | None:
    page = seat.browser.open(address)
    return page if words in page.text else None
