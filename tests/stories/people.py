"""A person at a screen (人物): signs in, reads, fills in, and never meets an unsound page."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Browser, Error, Locator, Page

from tests.stories.browser import Visit, check_layout, check_page, visit

CHECKED: set[str] = set()
# Rooms that show one screen after another at the same address.
ONE_ADDRESS = ("/site/kiosk", "/desk/*")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}")


class Place(Protocol):
    """A platform that stories are played on (平台)."""

    @property
    def base(self) -> str:
        """Return its address."""
        ...

    def passwords(self) -> dict[str, str]:
        """Return the sample accounts' passwords."""
        ...


@dataclass
class Person:
    """One post's browser window."""

    place: Place
    browser: Browser
    account: str
    sits: Visit | None = None  # somebody else's window, before which this person sits down

    def __post_init__(self) -> None:
        self.visit = self.sits or visit(self.browser, self.place.base)

    @property
    def page(self) -> Page:
        """Return the page in front of the person."""
        return self.visit.page

    @property
    def text(self) -> str:
        """Return the whole document, hidden parts and attributes included."""
        return self.page.content()

    def sign_in(self) -> "Person":
        """Sign in with the sample password."""
        self.open("/account/sign-in")
        self.page.get_by_label("账号").fill(self.account)
        self.page.get_by_label("密码").fill(self.place.passwords()[self.account])
        self.press("登录")
        return self

    def open(self, address: str) -> "Person":
        """Go to an address and look at the page; the first of its kind is checked and photographed."""
        self.go(address)
        return self.look()

    def go(self, address: str) -> None:
        """Go to an address; a page that waits and loads itself again at that very moment can come between, once."""
        try:
            self.page.goto(address)
        except Error as error:
            if "ERR_ABORTED" not in error.message:
                raise
            self.page.goto(address)

    def await_words(self, address: str, words: str) -> "Person":
        """Load a page again until it says something that the platform does by itself."""
        for _ in range(40):
            self.go(address)
            if words in self.page.locator("main").inner_text():
                return self.look()
            self.page.wait_for_timeout(500)
        raise AssertionError(f"{address} never said {words}")

    def press(self, name: str, within: Locator | None = None) -> "Person":
        """Press a button or follow a link by its words, and look at what comes."""
        place = within or self.page.locator("main")
        button = place.get_by_role("button", name=name).or_(place.get_by_role("link", name=name))
        button.first.click()
        self.page.wait_for_load_state()
        return self.look()

    def confirm(self) -> "Person":
        """Type the word that an act which cannot be taken back asks for, and go on."""
        asked = self.page.locator("label", has_text="请输入").first.text_content() or ""
        self.page.get_by_label("请输入").fill(asked.partition("“")[2].partition("”")[0])
        self.page.locator("main form .btn-danger").click()
        self.page.wait_for_load_state()
        return self.look()

    def look(self) -> "Person":
        """Check a page of a kind that no one has checked yet; what axe says is the same for every post that sees it."""
        heading = self.page.locator("h1").first.text_content() or ""
        kind = ID.sub("*", self.page.url.removeprefix(self.place.base).split("?")[0])
        state = ",".join(sorted(set(self.reasons())))
        if kind.startswith(ONE_ADDRESS):
            state += heading
        post = "" if kind.startswith("/account/") else self.account.split("-")[0]
        if f"{kind} {state}" not in CHECKED:
            name = kind.strip("/").replace("/", "-").replace("*", "id") or "home"
            check_page(self.visit, f"{len(CHECKED):03d}-{self.account}-{name}")
        elif f"{post} {kind} {state}" not in CHECKED:
            check_layout(self.visit)
        CHECKED.update({f"{kind} {state}", f"{post} {kind} {state}"})
        assert heading
        return self

    def reasons(self) -> list[str]:
        """Return the codes of everything that stands in the way on this page, in its order."""
        found = self.page.locator("tr[data-reason]").evaluate_all("rows => rows.map(row => row.dataset.reason)")
        return [str(code) for code in found]

    def receipt(self) -> str:
        """Assert that the page is a witnessed receipt and return its title."""
        article = self.page.locator("article.receipt")
        assert article.get_attribute("data-receipt") == "witnessed"
        return str(article.locator("h1").text_content())

    def download(self, name: str, folder: Path) -> Path:
        """Follow a link that hands out a file and return where it was kept."""
        with self.page.expect_download() as expected:
            self.page.locator("main").get_by_role("link", name=name).first.click()
        path = folder / expected.value.suggested_filename
        expected.value.save_as(path)
        return path
