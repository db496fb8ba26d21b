"""A small city as the platform's first content (示范城市).

The city, two banners and a county with their sites, seats, organisations and posts. Firms are invented and begin with
a heavenly stem; persons appear by their post only; organisation codes pass their check but lie in no assigned range.
"""

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from stdnum.cn import uscc

from mifeng.kernel.actors import Actor
from mifeng.parties.actions import appoint, hashed, register_organisation
from mifeng.parties.models import Organisation, Post
from mifeng.sample import cards, experts
from mifeng.venues.actions import register_site
from mifeng.venues.models import Seat

OPERATOR = Actor(role="operator", handle="operator")
CITY, HANGJIN, WUYUAN, DENGKOU = "150800", "150826", "150821", "150822"
CENTRE_NAME = "巴彦淖尔市公共资源交易中心"


@dataclass(frozen=True, slots=True)
class Place:
    """A place with a trading centre (交易中心所在地)."""

    region: str
    name: str
    site: str
    phone: str
    travel_minutes: int
    buyer_seats: int
    expert_seats: int


PLACES = (
    Place(CITY, CENTRE_NAME, "市中心", "0478-000-0100", 0, 2, 8),
    Place(HANGJIN, "杭锦后旗公共资源交易中心", "杭锦后旗", "0478-000-0131", 60, 0, 4),
    Place(WUYUAN, "五原县公共资源交易中心", "五原县", "0478-000-0121", 65, 0, 2),
    Place(DENGKOU, "磴口县公共资源交易中心", "磴口县", "0478-000-0122", 60, 0, 3),
)
SUPPLIERS = (
    "甲木家具有限公司",
    "乙林家具有限公司",
    "丙材教学设备有限公司",
    "丁格科技有限公司",
    "戊造办公家具有限公司",
    "己成装备有限公司",
)
FIRMS = (
    ("市教育局", Organisation.Kind.PURCHASER, CITY, "0478-000-0201"),
    ("市卫生健康委员会", Organisation.Kind.PURCHASER, CITY, "0478-000-0202"),
    ("市财政局政府采购监督科", Organisation.Kind.SUPERVISOR, CITY, "0478-000-0300"),
    ("甲诚招标代理有限公司", Organisation.Kind.AGENCY, CITY, "0478-000-0401"),
    ("乙信工程咨询有限公司", Organisation.Kind.AGENCY, CITY, "0478-000-0402"),
    ("市政府采购中心", Organisation.Kind.CENTRAL_AGENCY, CITY, "0478-000-0403"),
    *((name, Organisation.Kind.SUPPLIER, CITY, f"0478-000-05{number:02d}") for number, name in enumerate(SUPPLIERS, 1)),
)
POSTS = (
    ("agency-a", "甲诚招标代理有限公司", Post.Role.AGENCY, "代理机构 经办A-02"),
    ("agency-b", "乙信工程咨询有限公司", Post.Role.AGENCY, "代理机构 经办B-01"),
    ("buyer", "市教育局", Post.Role.BUYER, "采购人 经办01"),
    ("buyer-2", "市卫生健康委员会", Post.Role.BUYER, "采购人 经办02"),
    ("supervisor", "市财政局政府采购监督科", Post.Role.SUPERVISOR, "监督岗 01"),
    ("host", CENTRE_NAME, Post.Role.HOST, "主场 场地岗01"),
    ("guest-hangjin", "杭锦后旗公共资源交易中心", Post.Role.GUEST, "副场 场地岗01"),
    ("guest-wuyuan", "五原县公共资源交易中心", Post.Role.GUEST, "副场 场地岗02"),
    ("guest-dengkou", "磴口县公共资源交易中心", Post.Role.GUEST, "副场 场地岗03"),
    # The second officer of each site: two of them check by hand whom no camera knows.
    ("host-2", CENTRE_NAME, Post.Role.HOST, "主场 场地岗02"),
    ("guest-hangjin-2", "杭锦后旗公共资源交易中心", Post.Role.GUEST, "副场 场地岗11"),
    ("guest-wuyuan-2", "五原县公共资源交易中心", Post.Role.GUEST, "副场 场地岗12"),
    ("guest-dengkou-2", "磴口县公共资源交易中心", Post.Role.GUEST, "副场 场地岗13"),
    *((f"bidder-{number}", name, Post.Role.BIDDER, "供应商 经办01") for number, name in enumerate(SUPPLIERS, 1)),
    ("librarian", CENTRE_NAME, Post.Role.LIBRARIAN, "专家库 管理岗01"),
)
# One person per post is shown at the end of `make run`.
SHOWN = ("agency-a", "buyer", "bidder-1", "host", "guest-hangjin", "guest-wuyuan", "librarian", "supervisor")


def build(passwords: Path) -> None:
    """Build the sample municipality once (建立示范城市); a city that stands is left as it is.

    Args:
        passwords: file, closed to others, that keeps the sample accounts' passwords for the next start.
    """
    known = _passwords(passwords)
    organisations = {place.name: _centre(place) for place in PLACES}
    sites = {place.name: _site(place, organisations[place.name]) for place in PLACES}
    for name, kind, region, phone in FIRMS:
        organisations[name] = _organisation(name, kind, region, phone)
    there = set(Post.objects.values_list("person__account", flat=True))
    missing = [row for row in POSTS if row[0] not in there]
    passwords_kept = hashed(known[account] for account, *_ in missing)
    for (account, firm, role, title), password in zip(missing, passwords_kept, strict=True):
        facts = {"account": account, "name": title, "password": password, "role": role, "title": title}
        site = sites[firm] if role in (Post.Role.HOST, Post.Role.GUEST) else ""
        appoint(organisations[firm].pk, {**facts, "site": site}, by=OPERATOR)
    experts.build()
    cards.write(passwords.with_name("cards"))


def sign_in_data(passwords: Path) -> list[tuple[str, str, str]]:
    """Return title, account and password of one person per post (各岗位登录信息); empty without a sample city."""
    if not passwords.is_file():
        return []
    known = json.loads(passwords.read_text())
    titles = {account: f"{title}（{firm}）" for account, firm, _, title in POSTS}
    return [(titles[account], account, known[account]) for account in SHOWN]


def organisation_code(name: str, region: str) -> str:
    """Return a code with a right check digit in a range that is not assigned (registering department Y, 59xxxx)."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % 10**9
    body = f"Y1{region.replace('15', '59', 1)}{number:09d}"
    return f"{body}{uscc.calc_check_digit(body)}"


def _centre(place: Place) -> Organisation:
    return _organisation(place.name, Organisation.Kind.CENTRE, place.region, place.phone)


def _organisation(name: str, kind: str, region: str, phone: str) -> Organisation:
    found = Organisation.objects.filter(name=name).first()
    if found:
        return found
    facts = {"code": organisation_code(name, region), "name": name, "kind": kind, "region": region, "phone": phone}
    return register_organisation(facts, by=OPERATOR)


def _site(place: Place, organisation: Organisation) -> str:
    found = Seat.objects.filter(site__region=place.region).values_list("site", flat=True).first()
    if found:
        return str(found)
    labels = [("采购人席", Seat.Kind.BUYER)] * place.buyer_seats + [("专家席", Seat.Kind.EXPERT)] * place.expert_seats
    letter = "A" if place.region == CITY else ""
    seats = [
        {"area": "第1评审区", "label": f"{letter}{'-' if letter else ''}{number:02d}", "kind": kind}
        for number, (_, kind) in enumerate(labels, start=1)
    ]
    site = register_site(
        {
            "organisation": UUID(str(organisation.pk)),
            "name": place.site,
            "region": place.region,
            "phone": place.phone,
            "travel_minutes": place.travel_minutes,
        },
        seats,
        by=OPERATOR,
    )
    return str(site.pk)


def _passwords(path: Path) -> dict[str, str]:
    """Return the passwords of all sample accounts; those of accounts that an older file lacks are made and kept."""
    known = dict(json.loads(path.read_text())) if path.is_file() else {}
    missing = [account for account, *_ in POSTS if account not in known]
    if missing:
        known |= {account: secrets.token_urlsafe(9) for account in missing}
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(known, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    return known
