"""Who and when of the painted world (画押的世界): posts, stages, instants, and marks that are no text of a page."""

import io
from datetime import UTC, datetime, timedelta

import pikepdf
from django.conf import settings

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 26, 1, 37, tzinfo=UTC)
DUE_LATER = datetime(2026, 4, 2, 1, 41, tzinfo=UTC)
SESSION = (datetime(2026, 3, 26, 2, 30, tzinfo=UTC), datetime(2026, 3, 26, 8, 30, tzinfo=UTC))
PUBLISHED_AT = START + timedelta(hours=6, minutes=13, seconds=47, microseconds=654_321)
CLARIFIED_AT = START + timedelta(hours=30, minutes=11, seconds=53, microseconds=123_457)
PASSWORD = "ganmao-Xq7-weifang"
OPENED_AT = DUE_LATER + timedelta(minutes=21)
SEATED_AT = DUE_LATER + timedelta(hours=1, minutes=3)
SCORED_AT = DUE_LATER + timedelta(hours=1, minutes=47)
RESULT_AT = DUE_LATER + timedelta(hours=26)
STAGES = (
    "entered",
    "documented",
    "planned",
    "refused",
    "fixed",
    "published",
    "clarified",
    "closed",
    "evaluating",
    "locked",
    "reported",
    "announced",
)

# post → account, role, organisation, kind of organisation, region
POSTS = {
    "agency": ("mk-agency", "agency", "戊镜招标代理有限公司", "agency", "150800"),
    "other-agency": ("mk-agency-2", "agency", "己衡招标代理有限公司", "agency", "150800"),
    "buyer": ("mk-buyer", "buyer", "戊镜市教育技术中心", "purchaser", "150800"),
    "other-buyer": ("mk-buyer-2", "buyer", "己衡市供水公司", "purchaser", "150800"),
    "host": ("host", "host", "", "", ""),
    "guest-one": ("mk-guest-1", "guest", "乌拉特前旗交易中心", "centre", "150823"),
    "guest-two": ("mk-guest-2", "guest", "乌拉特中旗交易中心", "centre", "150824"),
    "guest-three": ("mk-guest-3", "guest", "乌拉特后旗交易中心", "centre", "150825"),
    "other-guest": ("guest-hangjin", "guest", "", "", ""),
    "supervisor": ("mk-supervisor", "supervisor", "戊镜市财政监督局", "supervisor", "150800"),
    "other-supervisor": ("mk-supervisor-2", "supervisor", "己衡市财政监督局", "supervisor", "150800"),
    "bidder": ("mk-bidder", "bidder", "戊镜家具有限公司", "supplier", "150800"),
    "other-bidder": ("bidder-1", "bidder", "", "", ""),
    "librarian": ("librarian", "librarian", "", "", ""),
    "expert": ("", "seat", "", "", ""),
    "other-expert": ("", "seat", "", "", ""),
    "public": ("", "", "", "", ""),
}
# While a session lasts: who sits at a seat knows nothing before it, and has no way in after it.
AT_SEATS = ("evaluating", "locked", "reported")
MARKED = {
    "enter_tender": "agency",
    "plan_seats": "agency",
    "confirm_site": "guest-one",
    "record_finding": "supervisor",
}
JUDGED = ("save_cells", "sign_sheet", "announce")
SITES = {"guest-one": "戊镜前旗场", "guest-two": "戊镜中旗场", "guest-three": "戊镜后旗场"}
LABELS = {"guest-one": "QF-71", "guest-two": "ZF-72", "guest-three": "HF-73"}


def hit(words: str) -> str:
    """Return the mark that a search for these words found something, written so that it holds none of them."""
    return f"FOUND-BY-SEARCH {words.encode().hex()}"


def followed(topic: str) -> str:
    """Return the mark that a topic may be followed."""
    return f"LIVE-OPEN {topic.encode().hex()}"


def machine() -> dict[str, str]:
    """Return what no page may ever hold: the keys of the installation and a stored password."""
    folder = settings.ENV.data / "keys"
    names = {"log-key": "log.key", "secret-key": "secret", "database-password": "postgres"}
    keys = {mark: folder / name for mark, name in names.items()}
    return {mark: path.read_text().strip() for mark, path in keys.items() if path.is_file()}


def pdf(title: str) -> bytes:
    """Return a small PDF that bears a mark in plain bytes."""
    document = pikepdf.new()
    document.add_blank_page()
    document.docinfo["/Title"] = title
    out = io.BytesIO()
    document.save(out, static_id=True, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()
