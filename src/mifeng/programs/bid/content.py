"""What a bid says (投标内容): the few fields that are read out, and the files of each part."""

import json
import mimetypes
import unicodedata
from pathlib import Path

from mifeng.programs.bid.folder import BID, FILLED, OPEN, READOUT, Folder, write_whole
from mifeng.programs.bid.texts import Failed
from mifeng.rules.money import parse_yuan, yuan_text
from mifeng.rules.readout import FILE, MEDIA, Readout, format_readout, in_words
from mifeng.rules.seal.part import MAX_FILES, File

ASKED = {
    "price": ("投标报价（元）", "price in yuan"),
    "delivery": ("交付期限", "delivery"),
    "quality": ("质量承诺", "quality"),
}
WORDS, GUARANTEE = "price_words", "guarantee"
HINT = (
    "price 为投标报价，单位元，如 4650000.00；price_words 为大写，留空则由工具填写；delivery 为交付期限；"
    "quality 为质量承诺。这四项就是开标时要唱的内容。guarantee 写保函编号，没有就留空。别的都放进各部分的文件夹。"
)
# What file managers and office programs leave behind; never part of a bid.
LEFT_BEHIND = (".", "~$")
LEFT_NAMES = frozenset({"thumbs.db", "desktop.ini"})
UNKNOWN_MEDIA = "application/octet-stream"


def blank_bid() -> bytes:
    """Return ``bid.json`` as the bidder finds it."""
    fields = {"_": HINT, "price": "", WORDS: "", "delivery": "", "quality": "", GUARANTEE: ""}
    return json.dumps(fields, ensure_ascii=False, indent=2).encode() + b"\n"


def readout_of(folder: Folder, words: str = "", *, accept_words: bool = False) -> Readout:
    """Return what will be read out, as ``bid.json`` has it.

    Args:
        folder: the bid folder.
        words: the amount in characters, where given on the command line; else what the file says, else the usual form.
        accept_words: seal although figures and characters differ.

    Raises:
        Failed: naming every field that is not filled in, or what is wrong with the price.
    """
    texts = _filled(folder)
    missing = [f"{name}（{ASKED[name][0]}）" for name in ASKED if not texts[name]]
    if missing:
        raise Failed("bid-incomplete", fields="、".join(missing))
    try:
        price = parse_yuan(texts["price"])
        usual = in_words(price)
    except ValueError:
        raise Failed("price-unclear", text=texts["price"]) from None
    readout = Readout(price, words.strip() or texts[WORDS] or usual, texts["delivery"], texts["quality"])
    if not readout.agrees and not accept_words:
        raise Failed("words-differ", price=yuan_text(price), expected=usual, words=readout.price_words)
    try:
        format_readout(readout)
    except ValueError as error:
        raise Failed("bid-unreadable", error=error) from None
    return readout


def guarantee_of(folder: Folder) -> str:
    """Return what ``bid.json`` says of the bid guarantee (保函); it goes into the part ``identity``."""
    return _filled(folder)[GUARANTEE]


def files_of(folder: Folder, readout: Readout) -> dict[str, list[File]]:
    """Return the files of every part but ``identity``, by name; what is read out is written into its own folder too.

    Raises:
        Failed: for a folder inside a part, more files than a part holds, a file that cannot be read, or when there is
            nothing at all.
    """
    content = format_readout(readout)
    write_whole(folder.path / READOUT / FILE, content, OPEN)
    other = [path for path in _listed(folder.path / READOUT) if path.name != FILE]
    if other:
        raise Failed("readout-other", file=other[0])
    parts = {READOUT: [File(FILE, MEDIA, content)]}
    for name in FILLED:
        found = _listed(folder.path / name)
        if len(found) > MAX_FILES:
            raise Failed("too-many-files", part=name, count=len(found), limit=MAX_FILES)
        parts[name] = [_read(path) for path in found]
    if not any(parts[name] for name in FILLED):
        raise Failed("nothing-to-seal")
    return parts


def _filled(folder: Folder) -> dict[str, str]:
    try:
        fields = json.loads((folder.path / BID).read_text("utf-8-sig"))
        return {name: _line(fields.get(name, "")) for name in (*ASKED, WORDS, GUARANTEE)}
    except (OSError, ValueError, AttributeError) as error:
        raise Failed("bid-unreadable", error=error) from error


def _listed(path: Path) -> list[Path]:
    try:
        found = sorted(path.iterdir(), key=lambda one: unicodedata.normalize("NFC", one.name))
    except OSError as error:
        raise Failed("file-unreadable", file=path, error=error) from error
    kept = [one for one in found if not one.name.startswith(LEFT_BEHIND) and one.name.lower() not in LEFT_NAMES]
    for one in kept:
        if one.is_dir():
            raise Failed("folder-inside", file=one)
    return kept


def _read(path: Path) -> File:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Failed("file-unreadable", file=path, error=error) from error
    media = mimetypes.guess_type(path.name)[0] or UNKNOWN_MEDIA
    return File(unicodedata.normalize("NFC", path.name), media, data)


def _line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
