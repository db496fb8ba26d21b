"""A log names no secret of a link (日志脱敏), whoever writes the line."""

import io
import logging

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.utils.log import configure_logging

from mifeng.config.logs import LinkSecrets
from mifeng.web.shell.errors import server_error

SECRET = "a7Kq-secret_of-an_expert"


@pytest.fixture
def written() -> io.StringIO:
    """Return what a handler dressed like the platform's writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(LinkSecrets())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


@pytest.mark.parametrize(
    "line",
    [
        ("%s: %s", "Internal Server Error", f"/invitation/{SECRET}"),
        (f"page failed, path /invitation/{SECRET}?x=1",),
        ("answered %s with %d", f"/invitation/{SECRET}", 500),
    ],
)
def test_link_of_an_expert_is_masked(written: io.StringIO, line: tuple[object, ...]) -> None:
    """Whoever reads the log could answer for the person (BN-2023R 四1)."""
    logging.getLogger("django.request").error(*line)

    assert SECRET not in written.getvalue()
    assert "/invitation/…" in written.getvalue()


def test_failure_of_the_page_itself_is_logged_without_it(written: io.StringIO) -> None:
    answer = server_error(RequestFactory().get(f"/invitation/{SECRET}"))

    assert answer.status_code == 500
    assert "page failed" in written.getvalue()
    assert SECRET not in written.getvalue()


def test_platform_s_own_handler_has_the_filter() -> None:
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    [console] = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]

    assert any(isinstance(one, LinkSecrets) for one in console.filters)
