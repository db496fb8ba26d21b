"""What the demo tells at the terminal (时间线): who did what, at which time of the platform, after how many seconds."""

import time
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


class Timeline:
    """Prints one line for each thing that happened (时间线)."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._now: datetime | None = None
        self._set = 0.0

    def set_clock(self, at: datetime) -> None:
        """Take over the platform's time, as its clock command names it."""
        self._now, self._set = at, time.monotonic()

    def say(self, who: str, what: str) -> None:
        """Print one line."""
        shown = "—" * 8
        if self._now is not None:
            at = self._now + timedelta(seconds=time.monotonic() - self._set)
            shown = at.astimezone(BEIJING).strftime("%m-%d %H:%M:%S")
        print(f"{time.monotonic() - self._began:6.1f} s  {shown:>14}  {who:　<6}{what}", flush=True)

    def end(self) -> None:
        """Say how long it took."""
        print(f"\n演示完成，用时 {time.monotonic() - self._began:.1f} 秒", flush=True)
