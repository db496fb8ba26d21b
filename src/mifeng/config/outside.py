"""The parties outside as the sample city runs them (示范外部各方).

Three trustees and three witnesses, each a process with a key file and a memory of its own. On one machine they show the
mechanism and protect from nobody who runs it; the policy says so (``demo``). A trading centre replaces them in
``<data>/keys/outside.json`` by parties that others run.
"""

import sys
from collections.abc import Mapping
from types import MappingProxyType

from mifeng.config.env import Env

MIFENG = (sys.executable, "-m", "mifeng.cli")
FILE = "outside.json"
THRESHOLD = 2
WINDOW_MINUTES = 30
ENVELOPE_BYTES = 512 * 2**20
LOG_WITNESS = "witness"
# Folder below the data folder → the body in whose name it is kept.
WITNESSES: Mapping[str, str] = MappingProxyType(
    {LOG_WITNESS: "磴口县公共资源交易中心", "witness-2": "市公证处", "witness-3": "市财政局政府采购监督科"}
)
TRUSTEES: Mapping[str, str] = MappingProxyType(
    {"trustee-1": "市公证处", "trustee-2": "自治区数字证书服务机构", "trustee-3": "五原县公共资源交易中心"}
)


def commands(env: Env) -> dict[str, tuple[str, ...]]:
    """Return how each party of ours is started, by name; an outside witness of the log is not ours to run."""
    found = {}
    for name in WITNESSES:
        if not (name == LOG_WITNESS and env.witness_url) and (env.data / name).is_dir():
            found[name] = (*MIFENG, "witness", "serve", *_options(env, name))
    for name in TRUSTEES:
        if (env.data / name).is_dir():
            test = ("--test",) if env.test_mode else ()
            found[name] = (*MIFENG, "trustee", "serve", *_options(env, name), *test)
    return found


def _options(env: Env, name: str) -> tuple[str, ...]:
    return (
        *("--dir", str(env.data / name), "--listen", "127.0.0.1:0"),
        *("--log-vkey", str(env.data / "keys" / "log.vkey")),
        *(("--witness-vkey", str(env.data / LOG_WITNESS / "witness.vkey")) if name != LOG_WITNESS else ()),
        *("--address-file", str(env.folder("run") / f"{name}.address")),
    )
