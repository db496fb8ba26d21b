"""Chromium for the stories: Debian's own, headless, and shut off from everything but this machine.

A story drives real pages. Whatever it opens is watched: a request to another host is refused and remembered, and so is
an error in the console, since the content policy reports there. :func:`check_layout` asserts that none of it happened
and that nothing overflows sideways; :func:`check_page` also that axe finds nothing against WCAG A and AA.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
)
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = {1366: 900, 360: 740}
SCREENS = Path("build/screens")
PATIENCE = 20_000  # milliseconds; a machine may be busy


@dataclass
class Visit:
    """One person at one screen: the page, and what must not happen on it."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium; it ends with the block.

    Raises:
        RuntimeError: when no Chromium is installed.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise RuntimeError("stories need Chromium: apt-get install chromium fonts-noto-cjk")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def visit(browser: Browser, base: str, *, width: int = 1366, scripts: bool = True) -> Visit:
    """Open a fresh window, with cookies of its own, on the platform at ``base``."""
    size = {"width": width, "height": WIDTHS.get(width, 900)}
    context = browser.new_context(base_url=base, locale="zh-CN", viewport=size, java_script_enabled=scripts)
    context.set_default_timeout(PATIENCE)
    one = Visit(context.new_page())

    def guard(route: Route) -> None:
        if urlsplit(route.request.url).hostname == urlsplit(base).hostname:
            route.continue_()
        else:
            one.foreign.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    one.page.on("pageerror", lambda error: one.errors.append(str(error)))
    one.page.on("console", lambda line: one.errors.append(line.text) if _policy(line.type, line.text) else None)
    return one


def check_layout(one: Visit) -> None:
    """Assert that the page in front of the person is sound at both widths and in large type."""
    assert _walk(one.page, lambda _width, _scale: []) == []
    assert (one.foreign, one.errors) == ([], [])


def check_page(one: Visit, name: str = "", folder: Path = SCREENS) -> None:
    """Assert the same, and that axe finds nothing at either width; under a name, take the page's pictures meanwhile."""
    page = one.page
    folder.mkdir(parents=True, exist_ok=True)
    page.evaluate(AXE_SCRIPT)

    def look(width: int, scale: str) -> list[str]:
        if name and (width, scale) != (360, "large"):
            page.screenshot(path=folder / f"{name}-{scale or width}.png", full_page=True)
        return [] if scale else violations(page)

    assert _walk(page, look) == []
    assert (one.foreign, one.errors) == ([], [])


def violations(page: Page) -> list[str]:
    """Return what axe, which is on the page already, finds against WCAG A and AA, one line for each element."""
    asked = {"runOnly": STANDARDS, "resultTypes": ["violations"]}
    found = page.evaluate(f"axe.run({json.dumps(asked)}).then(results => results.violations)")
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def _walk(page: Page, look: Callable[[int, str], list[str]]) -> list[str]:
    """Return what is wrong with a page at each width and size of type; it is left as it was."""
    found = []
    own = page.evaluate("document.documentElement.dataset.scale || ''")
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for scale in ("", "large"):
            _scale(page, scale)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                found.append(f"{page.url} at {width} {scale}: {over} px wider than the screen")
            found += [f"{page.url} at {width}: {line}" for line in look(width, scale)]
    _scale(page, own)
    page.set_viewport_size({"width": 1366, "height": WIDTHS[1366]})
    return found


def _scale(page: Page, scale: str) -> None:
    page.evaluate("scale => { document.documentElement.dataset.scale = scale }", scale)


def _policy(kind: str, text: str) -> bool:
    """Tell whether a console line is an error; the status of a refused form is no error but the answer."""
    return kind == "error" and not text.startswith("Failed to load resource: the server responded with a status of 4")
