"""``mifeng init``: make an installation what it is (平台初始化). Every step may be repeated; what is there stays."""

import json
import os
import secrets
import sys
from pathlib import Path

import django
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command

from mifeng.config import outside, postgres
from mifeng.config.env import Env, env
from mifeng.programs.trustee.keys import make_key as make_trustee
from mifeng.programs.witness.keys import make_contributor, make_key
from mifeng.rules.ledger import Kind, SigningKey, encode64

ORIGIN = "mifeng.localhost/bayannur"
USAGE = "mifeng init [--sample] [--test]"
# Keys of the platform that stand outside its database and its backups: who sealed which bid, who is in the library,
# what is sent to an expert, what a desk must not know yet, who has come.
SECRETS = ("reception", "library", "dispatch", "desk", "checkin")


def main(arguments: list[str]) -> int:
    """Make keys, database, tables, the working calendar and, with ``--sample``, the sample municipality."""
    if not set(arguments) <= {"--sample", "--test"}:
        print(USAGE, file=sys.stderr)
        return 2
    test_mode = "--test" in arguments
    if test_mode:
        os.environ["MIFENG_TEST_MODE"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mifeng.config.settings")
    here = env()
    make_keys(here, test_mode=test_mode, parties="--sample" in arguments)
    try:
        with postgres.ensure(here, purpose="init"):
            django.setup()
            call_command("migrate", interactive=False, verbosity=0)
            fill(here, sample="--sample" in arguments, test_mode=test_mode)
    except postgres.PostgresError as error:
        print(f"mifeng init: {error}", file=sys.stderr)
        return 1
    return 0


def make_keys(here: Env, *, test_mode: bool, parties: bool) -> None:
    """Make the keys that are missing (密钥): of the log, of the sessions, the platform's secrets.

    Args:
        here: the surroundings.
        test_mode: for a log whose clock may be moved.
        parties: make trustees and witnesses too, for the sample city; a centre names its own in ``outside.json``.
    """
    keys = here.folder("keys")
    write_once(keys / "secret", secrets.token_urlsafe(48))
    write_once(keys / "log.key", encode64(Ed25519PrivateKey.generate().private_bytes_raw()))
    origin = f"{ORIGIN}/test" if test_mode else ORIGIN
    if not (keys / "log.vkey").exists():
        seed = (keys / "log.key").read_text().strip()
        write_once(keys / "log.vkey", str(log_key(origin, seed).verifier), mode=0o644)
    for name in SECRETS:
        write_once(keys / f"{name}.key", encode64(secrets.token_bytes(32)))
    if not here.witness_url:
        make_key(here.folder("witness"), "")
    if parties and not (keys / outside.FILE).exists():
        write_once(keys / outside.FILE, json.dumps(make_parties(here), ensure_ascii=False, indent=2), mode=0o644)


def make_parties(here: Env) -> dict[str, object]:
    """Make the missing keys of every party outside, and return what ``outside.json`` says of them (外部各方)."""
    contributors = [
        {**make_contributor(here.folder(name), name, organisation), "address": f"file:run/{name}.address"}
        for name, organisation in outside.WITNESSES.items()
    ]
    trustees = [
        {**make_trustee(here.folder(name), name, organisation), "address": f"file:run/{name}.address"}
        for name, organisation in outside.TRUSTEES.items()
    ]
    return {
        "threshold": outside.THRESHOLD,
        "window_minutes": outside.WINDOW_MINUTES,
        "envelope_bytes": outside.ENVELOPE_BYTES,
        "demo": True,
        "trustees": trustees,
        "contributors": contributors,
    }


def fill(here: Env, *, sample: bool, test_mode: bool) -> None:
    """Write what the database must hold before the first act."""
    # Models can be imported only after django.setup().
    from mifeng.kernel import clock  # noqa: PLC0415
    from mifeng.kernel.calendar import seed_calendar  # noqa: PLC0415
    from mifeng.kernel.instance import establish  # noqa: PLC0415
    from mifeng.sample import certificates, municipality  # noqa: PLC0415

    establish(origin=ORIGIN, centre=municipality.CENTRE_NAME, test_mode=test_mode)
    seed_calendar()
    if sample:
        municipality.build(here.folder("keys") / "sample")
        certificates.issue_all(here.folder("ca"), here.folder("suppliers"), clock.now())


def log_key(origin: str, seed: str) -> SigningKey:
    """Return the log's signing key from its seed in base64."""
    from mifeng.rules.ledger import decode64  # noqa: PLC0415

    return SigningKey(origin, Kind.LOG, decode64(seed))


def write_once(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a small file unless it is there; on disk when this returns."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
