"""How parties outside are called (外呼): patient for a few seconds, by their own address and no proxy."""

import ssl
from functools import cache

import httpx


def client(connect: float, answer: float) -> httpx.Client:
    """Return a client that waits so many seconds for a connection and for each part of an answer.

    The surroundings' proxies are not asked: a party is named by its address and reached there or not at all.
    """
    return httpx.Client(timeout=httpx.Timeout(answer, connect=connect), trust_env=False, verify=_roots())


@cache
def _roots() -> ssl.SSLContext:
    """Return the certificates that are trusted, read once: reading them costs more than a whole call."""
    return httpx.create_ssl_context(trust_env=False)
