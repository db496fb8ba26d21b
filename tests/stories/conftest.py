"""What stories share: one platform of their own, one browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

pytest.register_assert_rewrite("tests.stories.browser", "tests.stories.people")

from tests.stack import Stack  # noqa: E402
from tests.stories.browser import chromium  # noqa: E402 - after its assertions are rewritten


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands here, so that continuous integration can run it beside the long proofs."""
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here:
            item.add_marker(pytest.mark.story)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run a platform in test mode for the stories of one file."""
    stack = Stack(tmp_path_factory.mktemp("platform"), test_mode=True)
    stack.start()
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run Chromium for the stories of one file."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def tender_pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tender document of one page."""
    from tests.factories import pdf_bytes  # noqa: PLC0415 - the factories need Django, which stories start late

    path = tmp_path_factory.mktemp("files") / "招标文件.pdf"
    path.write_bytes(pdf_bytes())
    return path
