"""Answers that need not be sent twice (版本): a client that holds the version asked for is told so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from mifeng.web.shell.http import Request


@dataclass(frozen=True, slots=True)
class Version:
    """Name one version of a content (版本): its hash, since when it stands, and how long it may be kept."""

    sha256: str
    since: datetime
    cache: str


def validated(request: Request, version: Version, content: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Answer 304 to a client that holds the version, else with the content; both name the version."""
    etag, since = f'"{version.sha256}"', int(version.since.timestamp())
    response = get_conditional_response(request, etag=etag, last_modified=since) or content()
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = http_date(since)
    response.headers["Cache-Control"] = version.cache
    return response
