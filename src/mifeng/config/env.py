"""What the surroundings may decide (环境变量): every variable, read once into one frozen value.

Nothing else in the platform looks into ``os.environ``. The defaults need no preparation at all: an embedded
PostgreSQL, one port on the loopback address, a data folder in the working directory.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

TRUE, FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


class Misunderstood(ValueError):
    """A variable has a value that means nothing; the text names it."""


@dataclass(frozen=True, slots=True)
class Env:
    """The surroundings of one installation (运行环境).

    Args:
        data: ``MIFENG_DATA``, absolute; holds ``postgres/ keys/ vault/ pages/ run/ witness/ log/``. Default ``./var``.
        database_url: ``DATABASE_URL``, a libpq address; empty means the embedded PostgreSQL of the data folder.
        postgres_bin: ``MIFENG_POSTGRES_BIN``, folder with ``initdb`` and ``postgres`` (15 or later) to be used in
            place of the embedded ones; empty means: embedded, else what the system has.
        host: ``MIFENG_HOST``, address to listen on. Default ``127.0.0.1``.
        port: ``MIFENG_PORT``, the one port. Default 8000.
        url: ``MIFENG_URL``, address under which people reach the platform, without trailing slash; its host is the
            accepted ``Host`` header, and ``https`` makes cookies secure. Default ``http://<host>:<port>``.
        debug: ``MIFENG_DEBUG``, tracebacks in pages; never on a machine that others reach.
        test_mode: ``MIFENG_TEST_MODE``; must agree with the database, which was told at ``mifeng init --test``.
        witness_url: ``MIFENG_WITNESS_URL``, the outside witness; empty means the one that ``mifeng serve`` starts,
            whose address stands in ``<data>/run/witness.address``.
        body_mib: ``MIFENG_BODY_MIB``, largest request body in MiB. Default 64.
    """

    data: Path
    database_url: str = ""
    postgres_bin: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    url: str = "http://127.0.0.1:8000"
    debug: bool = False
    test_mode: bool = False
    witness_url: str = ""
    body_mib: int = 64

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Env":
        """Return the surroundings that these variables describe.

        Raises:
            Misunderstood: naming the variable.
        """
        host = variables.get("MIFENG_HOST", "") or "127.0.0.1"
        port = _whole(variables, "MIFENG_PORT", 8000, 1, 65535)
        shown = f"[{host}]" if ":" in host else host
        return cls(
            data=Path(variables.get("MIFENG_DATA", "") or "var").expanduser().absolute(),
            database_url=variables.get("DATABASE_URL", ""),
            postgres_bin=variables.get("MIFENG_POSTGRES_BIN", ""),
            host=host,
            port=port,
            url=_address(variables, "MIFENG_URL") or f"http://{shown}:{port}",
            debug=_flag(variables, "MIFENG_DEBUG"),
            test_mode=_flag(variables, "MIFENG_TEST_MODE"),
            witness_url=_address(variables, "MIFENG_WITNESS_URL"),
            body_mib=_whole(variables, "MIFENG_BODY_MIB", 64, 1, 4096),
        )

    @property
    def secure(self) -> bool:
        """Say whether people reach the platform over TLS, so that cookies must never travel without it."""
        return self.url.startswith("https://")

    @property
    def hosts(self) -> list[str]:
        """Return the ``Host`` headers that are answered: the public name, and this machine to itself."""
        name = urlsplit(self.url).hostname or ""
        return sorted({f"[{name}]" if ":" in name else name, "127.0.0.1", "localhost", "[::1]"})

    def folder(self, name: str) -> Path:
        """Return a folder of the data folder, made on first use and closed to other users."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self.data / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder


def _flag(variables: Mapping[str, str], name: str) -> bool:
    text = variables.get(name, "").strip().lower()
    if text not in TRUE | FALSE:
        raise Misunderstood(f"{name} must be 1 or 0, not {text!r}")
    return text in TRUE


def _whole(variables: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = variables.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise Misunderstood(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


def _address(variables: Mapping[str, str], name: str) -> str:
    text = variables.get(name, "").strip().rstrip("/")
    if text and (urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).hostname):
        raise Misunderstood(f"{name} must be an http or https address, not {text!r}")
    return text


@cache
def env() -> Env:
    """Return the surroundings of this process, read once."""
    return Env.read(os.environ)


def chinese() -> bool:
    """Say whether the terminal's language is Chinese."""
    words = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((word for word in words if word), "").startswith("zh")
