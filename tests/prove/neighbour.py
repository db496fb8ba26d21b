"""A program beside the server (邻近程序): enters and accepts projects through the kernel itself, until SIGTERM.

``python -m tests.prove.neighbour NAME FILE`` writes one line to FILE for each act that was acknowledged: its key, its
entry, its leaf. The database is killed under it; an act whose outcome is unknown is done again under the same key.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import django
from django.db import DatabaseError, InterfaceError, connection

AGAIN = 0.1  # seconds between two tries


def main(name: str, file: Path) -> None:
    """Act until told to stop; the last act is brought to its end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mifeng.config.settings")
    django.setup()
    from mifeng.tenders.actions import accept_tender, enter_tender  # noqa: PLC0415
    from tests.conftest import read_city  # noqa: PLC0415 - models load once Django is set up
    from tests.factories import as_uuid, entry  # noqa: PLC0415

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    city = read_city()
    with file.open("a") as out:
        number = 0
        while not stop.is_set():
            keys = f"{name}-{number}-enter", f"{name}-{number}-accept"
            agency, host = city["agency-a"].with_key(keys[0], b"e" * 32), city["host"].with_key(keys[1], b"a" * 32)
            subject = persist(lambda by=agency: enter_tender(entry(city), by=by), keys[0], out.write)
            tender = as_uuid(subject)
            persist(lambda by=host, pk=tender: accept_tender(pk, by=by), keys[1], out.write)
            out.flush()
            number += 1


def persist(act: Callable[[], object], key: str, write: Callable[[str], object]) -> str:
    """Do an act until its outcome is known, note it, and return the subject of its entry."""
    from mifeng.kernel.idempotency import Repeated  # noqa: PLC0415 - models load once Django is set up
    from mifeng.kernel.models import Entry  # noqa: PLC0415

    entry = 0
    while True:
        try:
            if not entry:
                entry = act().id  # type: ignore[attr-defined]
            found = Entry.objects.get(pk=entry)
        except Repeated as repeated:
            entry = repeated.entry
        except (DatabaseError, InterfaceError):
            time.sleep(AGAIN)
            with contextlib.suppress(DatabaseError, InterfaceError):
                connection.close()
        else:
            write(json.dumps({"key": key, "entry": entry, "leaf": bytes(found.leaf).hex()}) + "\n")
            return found.subject


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
