"""Where the demo is played (演示现场): the platform, its people, its clock, and the programs that run beside it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mifeng.sample.demo.browser import Page, Person, Unexpected
from mifeng.sample.demo.timeline import Timeline

PATIENCE = 60.0
LOOK = 0.25  # seconds between two looks


@dataclass
class Stage:
    """The demo's own instance (演示现场).

    Args:
        base: address of the platform.
        data: its data folder.
        variables: the surroundings in which its programs run.
        timeline: where everything is told.
        patience: seconds until something that is waited for counts as missing.
        people: those who are signed in, by account.
        everybody: all who ever came in.
        answered: messages to experts that have been answered.
    """

    base: str
    data: Path
    variables: dict[str, str]
    timeline: Timeline
    patience: float = PATIENCE
    people: dict[str, Person] = field(default_factory=dict)
    everybody: list[Person] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)

    def person(self, account: str) -> Person:
        """Return somebody of the sample city, signed in; the empty account is the public."""
        if account not in self.people:
            self.people[account] = self.come(account)
        return self.people[account]

    def come(self, account: str) -> Person:
        """Return somebody of the sample city at another computer, signed in there."""
        known = json.loads((self.data / "keys" / "sample").read_text()) | {"": ""}
        return self.enter(account, known[account])

    def enter(self, account: str = "", password: str = "") -> Person:
        """Let somebody come in by a browser of their own, under an account or as a stranger."""
        found = self.make_person(account, password)
        self.everybody.append(found)
        return found

    def make_person(self, account: str, password: str) -> Person:
        """Return somebody with a browser."""
        return Person(self.base, account, password)

    def leave(self) -> None:
        """Let everybody go home."""
        for person in self.everybody:
            person.close()

    def run(self, *arguments: str, fails: str = "") -> str:
        """Run a program of the platform's and return what it said.

        Args:
            arguments: command and options.
            fails: words with which it is expected to end without having done it.

        Raises:
            Unexpected: when it ends otherwise.
        """
        code, said = self.ask(*arguments)
        if bool(code) != bool(fails) or fails not in said:
            raise Unexpected(f"mifeng {' '.join(arguments[:2])}: {code} {said[-1500:]}")
        return said

    def ask(self, *arguments: str) -> tuple[int, str]:
        """Run a program of the platform's and return its exit code and what it said."""
        done = subprocess.run(  # noqa: S603 - our own programs
            [sys.executable, "-m", "mifeng.cli", *arguments],
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def move_clock(self, to: datetime) -> None:
        """Move the test clock forward to an instant."""
        self.timeline.set_clock(datetime.fromisoformat(self.run("clock", to.isoformat()).strip()))

    def until(self, look: Callable[[], Page | None], what: str) -> Page:
        """Look again and again until a page is as it should be, and return it.

        Raises:
            Unexpected: when it does not become so in time.
        """
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            if page := look():
                return page
            time.sleep(LOOK)
        raise Unexpected(f"{self.patience:.0f} 秒内没有等到：{what}")
