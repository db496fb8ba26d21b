"""Vectors of ``encoding.md``: tuples, labelled hashes, canonical JSON and what is refused."""

import unicodedata

from primitives import jcs, keyed, labelled, sha, tuple_bytes

TUPLES = [
    ("empty", []),
    ("one empty item", [{"hex": ""}]),
    ("bytes", [{"hex": "00ff10"}]),
    ("text", [{"text": "全程留痕"}]),
    ("text in form D", [{"text": "e\u0301"}]),
    ("integers", [{"integer": 0}, {"integer": 7}, {"integer": 18446744073709551616}]),
    ("no joining", [{"text": "ab"}, {"text": "c"}]),
    ("no joining, other split", [{"text": "a"}, {"text": "bc"}]),
]
# Empty, of the hash's length, of its block length, and longer than a block, which HMAC hashes first.
KEYS = [b"", b"k" * 32, b"k" * 64, b"k" * 65]
VALUES = [
    ("keys in order", {"b": 1, "a": 2}, '{"a":2,"b":1}'),
    ("nothing inside", {}, "{}"),
    ("nested", {"z": [True, False, "x", [], {}]}, '{"z":[true,false,"x",[],{}]}'),
    ("control characters", {"t": '\b\t\n\f\r\u0001\u001f"\\/'}, '{"t":"\\b\\t\\n\\f\\r\\u0001\\u001f\\"\\\\/"}'),
    ("beyond ASCII stays", {"t": "弥封 €😀\u007f"}, '{"t":"弥封 €😀\u007f"}'),
    ("form C", {"t": "e\u0301"}, '{"t":"\u00e9"}'),
    ("largest integers", [9007199254740991, -9007199254740991, 0], "[9007199254740991,-9007199254740991,0]"),
]
REFUSED = [
    ("a float", '{"a":1.0}'),
    ("an exponent", "[1e3]"),
    ("null", '{"a":null}'),
    ("integer too large", "[9007199254740992]"),
    ("integer too small", "[-9007199254740992]"),
    ("minus zero", "[-0]"),
    ("white space", '{"a": 1}'),
    ("newline at the end", '{"a":1}\n'),
    ("keys out of order", '{"b":1,"a":2}'),
    ("a key twice", '{"a":1,"a":1}'),
    ("a key beyond ASCII", '{"名":1}'),
    ("text in form D", '{"t":"e\u0301"}'),
    ("needless escape", '{"t":"\\u0041"}'),
    ("escape in capitals", '{"t":"\\u001F"}'),
    ("escaped slash", '{"t":"\\/"}'),
    ("half a character", '{"t":"\\ud83d"}'),
    ("not a number", "[NaN]"),
    ("infinity", "[Infinity]"),
    ("byte order mark", '\ufeff{"a":1}'),
    ("nothing", ""),
    ("two values", "{}{}"),
]


def encoding():
    for name, value, text in VALUES:
        if jcs(normal(value)).decode() != text:
            raise SystemExit(f"the canonical form given for {name} is wrong")
    return {
        "tuples": [tuple_case(name, items) for name, items in TUPLES],
        "macs": [mac_case(key, name, items) for key in KEYS for name, items in TUPLES],
        "canonical": [
            {"name": name, "value": value, "canonical": text, "sha256": sha(text.encode()).hex()}
            for name, value, text in VALUES
        ],
        "refused": [{"name": name, "text": text} for name, text in REFUSED],
        "nested_too_deeply": {"text": "[", "times": 100000},
    }


def tuple_case(name, items):
    raw = [item_bytes(item) for item in items]
    shown = {"tuple": tuple_bytes(*raw).hex(), "label": "vector", "digest": labelled("vector", *raw).hex()}
    return {"name": name, "items": items, **shown}


def mac_case(key, name, items):
    shown = {"name": f"{name}, {len(key)} bytes of key", "items": items, "key": key.hex(), "label": "vector"}
    return {**shown, "mac": keyed(key, "vector", *(item_bytes(item) for item in items)).hex()}


def item_bytes(item):
    if "hex" in item:
        return bytes.fromhex(item["hex"])
    if "text" in item:
        return unicodedata.normalize("NFC", item["text"]).encode()
    return str(item["integer"]).encode()


def normal(value):
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normal(item) for item in value]
    return value
