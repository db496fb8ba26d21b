"""A kiosk and a seat in the browser (签到机与席位): what a member of the committee sees, with scripts and a key."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, expect

from mifeng.sample.demo.arrival import NOT_THIS_FACE, Card
from mifeng.sample.demo.desk import deserved
from mifeng.sample.demo.entry import OFFICERS
from mifeng.sample.demo.seat import WORD, Seat, take_seat
from mifeng.sample.demo.stage import Stage
from tests.stories.people import Person

if TYPE_CHECKING:
    from tests.stories.people import Place

SITE = "五原县"
NUMBER = 4  # of the member among the five
BEYOND = "99"
SEAT_COMPUTER = "把本机设为席位机"


@dataclass(frozen=True)
class Led(Seat):
    """A seat whose computer is Chromium (浏览器席位): what is signed there is signed by the page itself."""

    member: "Member"

    def sign_sheet(self, room: str, part: str) -> None:
        """Nothing: the page has signed it."""

    def endorse(self, room: str) -> None:
        """Sign the report on the page."""
        self.member.endorse(room)


class Member(Person):
    """The expert at the last site, who sits before Chromium (评审专家)."""

    def __init__(self, place: "Place", browser: Browser) -> None:
        super().__init__(place, browser, "expert")
        self.code = ""

    def sit(self, stage: Stage, code: str, site: str) -> Seat:
        """Keep the code of the own seat for later, and let the others open theirs."""
        if site != SITE:
            return take_seat(stage, code, site)
        self.code = code
        return Led(stage.enter(), ec.generate_private_key(ec.SECP256R1()), site, self)

    def enter(self, seat: Seat) -> None:
        """Open the seat with its code; a pair of keys is made in the browser, and the story learns who sits there."""
        page = self.open("/desk/enter").page
        assert page.locator("main [data-reason=not-a-seat-computer]").count() == 1
        Person(self.place, self.browser, OFFICERS[SITE], self.visit).sign_in().open("/site/door").press(SEAT_COMPUTER)
        page.wait_for_function("document.querySelector('[data-key]').value.length === 130")
        page.get_by_label("席位码", exact=True).fill(self.code)
        self.press("入席")
        for cookie in page.context.cookies():
            seat.browser.client.cookies.set(cookie["name"], cookie["value"])
        page.goto("about:blank")  # a page that waits loads itself again, which would come between

    def score(self, part: str) -> None:
        """Read every bid and score it cell by cell; each cell is saved as it is left, and a wrong one is not."""
        page = self.open("/desk/").page
        codes = page.locator("tr[data-code]").evaluate_all("rows => rows.map(row => row.dataset.code)")
        for turn, code in enumerate(codes):
            page.locator(f"[data-read-code]:text-is('{code}')").click()
            expect(page.locator(f".pane[data-code='{code}']")).to_be_visible()
            text = page.locator(".words p").first.text_content() or ""
            for item, points in deserved(text, part, NUMBER).items():
                cell = page.locator(f"[id='c-{code}-{item}']")
                if not turn and item.endswith("1"):
                    cell.fill(BEYOND)
                    cell.blur()
                    expect(cell).to_have_attribute("data-reason", "score-range")
                cell.fill(str(points))
                cell.blur()
                expect(page.locator(f"[id='s-{code}-{item}']")).to_contain_text("已保存")
        self.press("签名并提交")
        page.locator("input[name=word]").fill(WORD)
        with page.expect_navigation(url="**/receipts/**"):
            page.locator("main form button[type=submit]").click()
        self.look()

    def endorse(self, room: str) -> None:
        """Read the report and sign it."""
        page = self.open(f"{room}/report").page
        page.locator("input[name=word]").fill(WORD)
        with page.expect_navigation(url="**/receipts/**"):
            page.locator("main form[data-sign-report] button[type=submit]").click()


class Kiosk(Person):
    """A computer that an officer turns into a kiosk (签到机)."""

    def begin(self) -> None:
        """Sign in as an officer, see the gate, turn the computer into a kiosk."""
        self.sign_in().open("/site/door").open("/site/gate").open("/site/door")
        self.press("把本机设为签到机")
        assert self.page.locator("html").get_attribute("data-scale") == "large"

    def check_in(self, stranger: Card, known: Card) -> None:
        """Turn a stranger away, lead somebody who is expected to the declaration, and forget who stood there."""
        self._put("读卡器", stranger["card"])
        assert self.page.locator("[data-reason=not-expected]").count() == 1
        self._put("读卡器", known["card"])
        self._put("摄像头", NOT_THIS_FACE)
        assert self.page.locator("[data-reason=face-mismatch]").count() == 1
        self._put("摄像头", known["face"])
        assert "市教育局" in self.text
        self.press("声明并领取席位")
        assert self.page.locator("[data-reason=pledge-missing]").count() > 0
        self.press("呼叫场地人员", self.page.locator("footer"))
        self.press("不是我，重新开始", self.page.locator("footer"))
        assert "市教育局" not in self.text

    def _put(self, label: str, line: str) -> None:
        self.page.get_by_label(label).fill(line)
        self.page.get_by_label(label).press("Enter")
        self.page.wait_for_load_state()
        self.look()
