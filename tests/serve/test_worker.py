"""The worker's look at deadlines (到期事项): it waits for a database that is away, and never ends alone."""

import logging
import threading

import pytest
from django.db import InterfaceError, OperationalError

from mifeng.config import worker
from mifeng.kernel import deadlines


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Return what each look at the deadlines runs into, the next one first; the last one again and again."""
    waiting: list[Exception] = []

    def look(actions: object) -> int:
        raise waiting.pop(0) if len(waiting) > 1 else waiting[0]

    monkeypatch.setattr(deadlines, "wake", look)
    monkeypatch.setattr(worker, "LOOK_EVERY", 0.0)
    return waiting


@pytest.mark.parametrize("failure", [InterfaceError("connection already closed"), KeyError("a mistake in the program")])
def test_deadlines_that_are_no_longer_looked_at_end_the_worker(
    looks: list[Exception], failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that goes on with its jobs alone would leave every tender open while all looks well (GPL-35)."""
    stop = threading.Event()
    looks += [OperationalError("away"), OperationalError("away"), failure]

    with caplog.at_level(logging.WARNING, worker.__name__):
        worker.wake_until(stop)

    assert stop.is_set()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "ERROR"]
