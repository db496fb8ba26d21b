"""Vectors of ``bundle.md``: the archive, the manifest and the redactions, well formed and not.

The archive is written by the standard library's tar, not by a hand of the platform's.
"""

import base64
import hashlib
import io
import json
import tarfile

from primitives import jcs, secret

FILES = [
    ("manifest.json", b'{"format":"mifeng-bundle/1"}'),
    ("log/entries.json", b'{"entries":[]}'),
    ("policy/lot-1.json", bytes(range(256)) * 2),
    ("redactions.json", b""),
]
CHECKS = {"C1": "open", "B5": "withheld", "D1": "none"}
LOT_REF, HANDLE, OTHER = secret("bundle lot").hex(), secret("bundle draw").hex(), "ff" * 32


def b64(data):
    return base64.b64encode(data).decode()


def tar(files, **facts):
    """Return the archive of some files as the standard library writes it; facts change every header."""
    out = io.BytesIO()
    for name, data in files:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o644
        for key, value in facts.items():
            setattr(info, key, value)
        out.write(info.tobuf(format=tarfile.USTAR_FORMAT, encoding="ascii"))
        out.write(data + bytes(-len(data) % 512))
    return out.getvalue() + bytes(1024)


def patched(data, place, new):
    return data[:place] + new + data[place + len(new) :]


def malformed_archives():
    whole = tar(FILES)
    gnu = tarfile.TarInfo("manifest.json").tobuf(format=tarfile.GNU_FORMAT)
    yield "a time", tar(FILES, mtime=1)
    yield "an owner", tar(FILES, uid=1000)
    yield "a group", tar(FILES, gid=1000)
    yield "a name of an owner", tar(FILES, uname="root")
    yield "another mode", tar(FILES, mode=0o600)
    yield "a link", tar(FILES, type=tarfile.SYMTYPE, linkname="a")
    yield "a folder", tar([*FILES[:1], ("log", b"")], type=tarfile.DIRTYPE)
    yield "another kind of tar", gnu + whole[512:]
    yield "a wrong sum", patched(whole, 148, b"000000")
    yield "a size that is none", patched(whole, 124, b"xxxxxxxxxxx")
    yield "a size beyond measure", patched(whole, 124, b"77777777777")
    yield "no manifest", tar(FILES[1:])
    yield "the manifest second", tar([FILES[1], FILES[0], *FILES[2:]])
    yield "the manifest twice", tar([FILES[0], *FILES])
    yield "files out of order", tar([FILES[0], FILES[2], FILES[1]])
    yield "a file twice", tar([*FILES[:2], FILES[1]])
    yield "a way out", tar([FILES[0], ("../a", b"")])
    yield "a way from the root", tar([FILES[0], ("/a", b"")])
    yield "a capital letter", tar([FILES[0], ("A.json", b"")])
    yield "bytes behind a file", patched(whole, 512 + 100, b"x")
    yield "one empty block at the end", whole[:-512]
    yield "three empty blocks at the end", whole + bytes(512)
    yield "bytes behind the end", whole + b"x"
    yield "cut off in a file", whole[: 512 + 10]
    yield "cut off in a header", whole[:300]
    yield "nothing", b""


def manifest():
    files = [{"path": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in FILES[1:]]
    return {
        "format": "mifeng-bundle/1",
        "cut": "public",
        "stage": "opened",
        "project": "ZFCG-2026-000001",
        "lots": [{"number": 1, "lot_ref": LOT_REF, "state": "public"}],
        "draws": [HANDLE],
        "checks": CHECKS,
        "files": files,
    }


def malformed_manifests():
    first = manifest()["files"][0]
    changes = {
        "another format": {"format": "mifeng-bundle/2"},
        "another cut": {"cut": "all"},
        "another stage": {"stage": "begun"},
        "no project": {"project": ""},
        "a package of another state": {"lots": [{"number": 1, "lot_ref": LOT_REF, "state": "open"}]},
        "a package without a number": {"lots": [{"lot_ref": LOT_REF, "state": "public"}]},
        "a package twice": {"lots": manifest()["lots"] * 2},
        "a draw twice": {"draws": [HANDLE, HANDLE]},
        "a short handle": {"draws": ["00"]},
        "draws out of order": {"draws": sorted([HANDLE, OTHER], reverse=True)},
        "a check without number": {"checks": {"C": "open"}},
        "a check of another word": {"checks": {"C1": "pass"}},
        "checks that are a list": {"checks": []},
        "files out of order": {"files": manifest()["files"][::-1]},
        "a file without size": {"files": [{key: first[key] for key in ("path", "sha256")}]},
        "a file of a negative size": {"files": [first | {"size": -1}]},
        "a file of a true size": {"files": [first | {"size": True}]},
        "a file without a path": {"files": [first | {"path": ""}]},
    }
    for name, change in changes.items():
        yield name, jcs(manifest() | change).decode()
    yield "a key too many", jcs(manifest() | {"host": "a"}).decode()
    yield "a key too few", jcs({key: value for key, value in manifest().items() if key != "checks"}).decode()
    yield "white space", json.dumps(manifest())
    yield "no object", "[]"


def redactions():
    rows = [
        {
            "kind": "body",
            "of": "aa" * 32,
            "commitment": "bb" * 32,
            "why": "blind-review",
            "basis": ["LC-2018-80 三(六)"],
        },
        {
            "kind": "key",
            "of": "bids/1/1",
            "commitment": "cc" * 32,
            "why": "opens-bids",
            "basis": ["our choice (ADR-6)"],
        },
    ]
    return {"redactions": rows}


def malformed_redactions():
    first, second = redactions()["redactions"]
    yield "a list", jcs([first]).decode()
    yield "a key too many", jcs({"redactions": [first | {"by": "a"}]}).decode()
    yield "no commitment", jcs({"redactions": [first | {"commitment": ""}]}).decode()
    yield "a basis that is text", jcs({"redactions": [first | {"basis": "GPL-11"}]}).decode()
    yield "a basis that is empty text", jcs({"redactions": [second | {"basis": [""]}]}).decode()
    yield "a reason that is none", jcs({"redactions": [first | {"why": 1}]}).decode()


def rows(named):
    return [{"name": name, "text": text} for name, text in named]


def bundle():
    return {
        "files": [{"path": name, "data": data.hex()} for name, data in FILES],
        "archive": b64(tar(FILES)),
        "sha256": hashlib.sha256(tar(FILES)).hexdigest(),
        "malformed": [{"name": name, "archive": b64(data)} for name, data in malformed_archives()],
        "manifest": jcs(manifest()).decode(),
        "malformed_manifests": rows(malformed_manifests()),
        "redactions": jcs(redactions()).decode(),
        "malformed_redactions": rows(malformed_redactions()),
    }
