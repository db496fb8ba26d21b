"""Every address, read by every post (遍访): what comes back, headers and downloads included, as text to be searched.

The addresses come from the table of routes itself, with every id of the world filled in, also those the reader should
not know. A route with a parameter that nobody has thought of here fails the crawl. What a person typed comes back in
pages (the address in a form, the words in a search box) and is taken out again before the search.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import product
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import UUID

from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from mifeng.kernel import clock
from mifeng.kernel.models import Message
from mifeng.parties.models import Post
from mifeng.web.shell.live import allowed
from mifeng.web.shell.seats import COMPUTER_COOKIE
from tests.web.visibility.cast import AT_SEATS, POSTS, STAGES, followed, hit
from tests.web.visibility.judgement import SITTING, seat_computer, token
from tests.web.visibility.world import World

NOBODY = UUID(int=0)
NOTHING = "0" * 64
# Not crawled: signing out would end the reader's session; rules and health pages know of no project at all.
SKIPPED = {"account:sign-out", "account:sign-in", "portal:rules"}
# The evidence cannot be put together where the trustees are away; what its cuts hold back stands in test_evidence.py.
EVIDENCE = {"cockpit:evidence", "portal:evidence", "portal:verification"}
HEALTH = ("healthz", "readyz")
ROOMS = {
    "workspace": {"agency", "buyer"},
    "site": {"host", "guest"},
    "cockpit": {"supervisor"},
    "site:project": {"host"},
    "supplier": {"bidder"},
    "library": {"librarian"},
    # The record of an opening is public.
    "hall:record": {role for _, role, *_ in POSTS.values()} - {"seat"},
    "hall": {"agency", "buyer", "host", "supervisor", "bidder"},
    "desk": {"seat"},
}
# Rooms in which the other project, which stands still, has pages of its own.
STILL = ("hall", "workspace", "cockpit", "supplier", "portal", "desk")
LATER = timedelta(minutes=4, seconds=29)
PARTIES = ("agency", "buyer")
DOORS = ("index", "project")
PUBLIC_DOORS = (*DOORS, "document")
RESULT = ("result", "result-file")
LISTS = {
    "/": set(),
    "/workspace/": ROOMS["workspace"],
    "/cockpit/": ROOMS["cockpit"],
    "/supplier/": ROOMS["supplier"],
}
# Rooms that ask nobody who they are: the portal's inner pages, the reception of the bid tool, an expert's letter.
OPEN = ("portal", "reception", "invitation")
# Rooms behind the door; everything else, the reception's policy and an expert's letter included, anybody may ask for.
DOORED = ("account", "workspace", "site", "cockpit", "live", "supplier", "hall", "library", "desk")


@dataclass(frozen=True)
class Route:
    """One named route and the names of its parameters."""

    name: str
    parameters: tuple[str, ...]


@cache
def routes() -> tuple[Route, ...]:
    """Return every route of the platform, from the table of routes itself."""
    return tuple(_routes(get_resolver().url_patterns, ""))


@cache
def forms_only(address: str) -> bool:
    """Tell whether an address takes forms only, which it says itself: reading it is refused before anything else."""
    allowed = Client().options(address).headers.get("Allow", "GET")
    return "GET" not in allowed and "HEAD" not in allowed


def _routes(patterns: Iterable[URLPattern | URLResolver], space: str) -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)
        elif str(pattern.pattern) not in HEALTH:
            yield Route(f"{space}{pattern.name}", tuple(pattern.pattern.converters))


def values(world: World, route: Route, parameter: str, post: str = "") -> list[str]:
    """Return every value that a parameter of a route takes; an unknown parameter is a fault of the crawl."""
    tenders = [str(world.tender.pk), str(world.other.pk), str(NOBODY)]
    documents = [str(document.pk) for document in world.documents()] or [str(NOBODY)]
    requests = [str(request.pk) for request in world.requests()] or [str(NOBODY)]
    lots = [str(lot.pk) for lot in world.lots()]
    known = {
        "portal:tender": tenders,
        "portal:document": documents,
        "account:leaf": world.leaves(),
        "workspace:pk": tenders[:2],
        "workspace:document": documents,
        "portal:lot": lots,
        "workspace:lot_id": lots,
        "workspace:bid_id": world.bids() or [str(NOBODY)],
        "workspace:number": ["1"],
        "workspace:name": ["hand-over"],
        "workspace:request_id": requests,
        "site:tender": tenders,
        "site:request_id": [*requests, str(NOBODY)],
        "site:step": ["card"],
        "cockpit:pk": tenders,
        "cockpit:lot_id": lots,
        "supplier:tender": tenders,
        "supplier:lot": lots,
        "hall:lot": [*lots, str(NOBODY)],
        "desk:lot": [*lots, str(NOBODY)],
        "desk:code": world.codes(post) or [NOTHING[:8]],
        "desk:key": ["t1", "b1"],
        "desk:number": ["1"],
        "desk:part": ["technical", "business"],
        "desk:bid": [world.extra.get("bid-ref", NOTHING)],
        "desk:deduction": ["small"],
        "reception:lot_ref": [lot.lot_ref or NOTHING for lot in world.lots()],
        "reception:sha256": [NOTHING],
        "library:expert": [*world.experts(), str(NOBODY)],
        "invitation:token": [NOTHING],
    }
    return known[f"{route.name.partition(':')[0]}:{parameter}"]


def addresses(world: World, post: str, *, new: list[str], whole: bool) -> Iterator[str]:
    """Return the addresses of the platform for one post, with every id of the world.

    What cannot change from stage to stage is read where ``whole`` is set only: the rooms that refuse the post before
    they look at an id, addresses that take forms only, the inner pages of a project in which the post takes no part,
    every page of the project that stands still, and those public pages that say the same to everybody.

    Args:
        world: what exists.
        post: the reader.
        new: leaves of entries whose receipts are to be tried.
        whole: leave nothing out.
    """
    role = POSTS[post][1]
    open_doors = (*PUBLIC_DOORS, *RESULT) if world.stage == STAGES[-1] else PUBLIC_DOORS
    skipped = SKIPPED | EVIDENCE if world.bench else SKIPPED
    for route in routes():
        room, _, inside = route.name.partition(":")
        foreign = role not in ROOMS.get(route.name, ROOMS.get(room, set() if role == "seat" else {role}))
        guest = room in OPEN and post != "public"
        inner = (room == "workspace" and inside not in DOORS and post not in PARTIES) or (
            inside == "receipt-proof" and post.startswith("other-")
        )
        if route.name in skipped or (not whole and (foreign or inner or (guest and inside not in open_doors))):
            continue
        found = [
            new if parameter == "leaf" else values(world, route, parameter, post) for parameter in route.parameters
        ]
        if foreign or guest:
            found = [some[:1] for some in found]
        elif not whole:
            found = [moving(world, post, room, some) for some in found]
        for chosen in product(*found):
            watched = not chosen or room != "workspace" or chosen[0] == str(world.tender.pk)
            if watched or inside == "project" or (whole and chosen[1:] == tuple(some[0] for some in found[1:])):
                address = reverse(route.name, args=chosen)
                if whole or not forms_only(address):
                    yield address
    for leaf in world.own_leaves() if whole else world.own_leaves(post):
        if leaf not in new:
            yield reverse("account:receipt", args=[leaf])
    yield from _ways_in(world, post, role, whole=whole)


def moving(world: World, post: str, room: str, ids: list[str]) -> list[str]:
    """Leave out what stands still: the id of nothing, and packages of the project in which a post takes no part."""
    gone = {str(NOBODY)}
    if room in STILL and not post.startswith("other-"):
        gone |= {str(lot.pk) for lot in world.lots()[1:]}
    return [one for one in ids if one not in gone] or ids[:1]


def _ways_in(world: World, post: str, role: str, *, whole: bool) -> Iterator[str]:
    """Return the ways to search, page and turn the lists that a post may open."""
    asked = (world.tender.name, world.tender.number, "戊镜市教育技术中心", world.other.name)
    for place, roles in LISTS.items():
        if place == "/" or role in roles:
            wanted = asked if post == "public" or whole else asked[:2]
            every = {"all": 1} if place == "/supplier/" else {}
            yield from (f"{place}?{urlencode({'q': words, **every})}" for words in wanted)
    if post == "public":
        query = {"q": world.tender.name, "open": 1, "region": "150800", "after": str(world.tender.pk)}
        yield f"/?{urlencode(query)}"
        yield f"/verify?{urlencode({'leaf': world.leaves()[0]})}"
    if role in ROOMS["site"]:
        yield from (f"/site/board?day={day}" for day in world.days())
        yield f"/site/?view=projects&after={world.tender.pk}"
    if role == "agency":
        own = world.tender if post == "agency" else world.other
        yield from (f"/workspace/{own.pk}/seats?look={day}" for day in world.days())
    yield from (f"/account/inbox?after={pk}" for pk in Message.objects.order_by("at").values_list("pk", flat=True)[:1])


class Reader(Client):
    """A browser that keeps no copy of templates and contexts, which is most of the time of a page."""

    def request(self, **request: Any) -> HttpResponseBase:
        """Send one request and keep the cookies."""
        answer = self.handler(self._base_environ(**request))
        self.cookies.update(answer.cookies)
        return answer


def read_all(world: World, post: str, *, new: list[str], whole: bool) -> dict[str, str]:
    """Return what a post gets at every address: by GET, and by an empty form where nothing can come of it."""
    if POSTS[post][1] == "seat" and world.stage not in AT_SEATS:
        return {}
    client = Reader()
    if post in SITTING:
        session = client.session
        client.cookies[COMPUTER_COOKIE], computer = seat_computer(SITTING[post])
        session["seat"], session["computer"] = token(SITTING[post]), computer
        session.save()
    elif post != "public":
        session = client.session
        session["person"] = str(Post.objects.get(person__account=POSTS[post][0]).person_id)
        session.save()
    pages: dict[str, str] = {}
    # Pages show their own time, which must not be the instant of an act.
    with clock.frozen(world.at + LATER):
        for address in addresses(world, post, new=new, whole=whole):
            pages[address] = text_of(address, client.get(address))
        for address in _forms(world, POSTS[post][1]) if whole else ():
            pages[f"POST {address}"] = text_of(address, client.post(address, {}))
    key = client.session.session_key or ""
    for topic in _topics(world):
        pages[f"/live?topic={topic}"] = followed(topic) if allowed(key, topic) else ""
    return pages


def _forms(world: World, role: str) -> list[str]:
    """Return addresses that take a form; an empty one carries no key, so it is never an act."""
    pk = world.tender.pk
    forms = {
        "agency": [f"/workspace/{pk}{rest}" for rest in ("/document", "/seats", "/publish", "/clarify")],
        "buyer": [f"/workspace/{pk}/document"],
        "host": [f"/site/projects/{pk}", "/site/seats"],
        "guest": [*(f"/site/requests/{request.pk}" for request in world.requests()[:4]), f"/site/projects/{pk}"],
        "supervisor": [f"/cockpit/{pk}"],
        "bidder": [f"/supplier/{pk}/ticket"],
    }
    hall = [f"/hall/{lot.pk}" for lot in world.lots()[:1]]
    return [*forms.get(role, []), "/account/inbox", f"/workspace/{pk}/publish", *hall]


def _topics(world: World) -> list[str]:
    requests = [request.pk for request in world.requests() if request.session.purpose.endswith(str(world.tender.pk))]
    return [
        *(f"tenders.tender:{pk}" for pk in (world.tender.pk, NOBODY)),
        *(f"venues.siterequest:{pk}" for pk in requests[:4]),
        *(f"{label}:{lot.pk}" for lot in world.lots()[:1] for label in ("tenders.lot", "bidding.opening")),
    ]


def text_of(address: str, answer: HttpResponseBase) -> str:
    """Return an answer as text: status line, headers, cookies, body, and what a proof file holds in base64."""
    if answer.status_code >= 500:
        raise AssertionError(f"{address} failed")
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    if answer.streaming:
        answer.close()
    text = body.decode("utf-8", "replace")
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    words = parse_qs(urlsplit(address).query).get("q", [""])[0]
    led = answer.headers.get("Location", "").startswith("/projects/")
    found = hit(words) if words and (led or re.search(r"共[1-9]\d*(?:条|个)", text)) else ""
    return "\n".join((_without_echo(address, head), _without_echo(address, text), _opened(text), found))


def _without_echo(address: str, text: str) -> str:
    """Take out what the reader typed: the address, in every way in which a page writes it, and the words searched."""
    path = address.partition("?")[0]
    typed = [value for held in parse_qs(urlsplit(address).query).values() for value in held]
    whole = (address, address.replace("&", "&amp;"), quote(address, safe=""), quote(address))
    for form in (*whole, path, quote(path, safe=""), *typed, *map(quote, typed)):
        text = text.replace(form, "") if len(form) > 2 else text
    return text


def _opened(text: str) -> str:
    lines = re.findall(r"^extra (\S+)$", text, flags=re.MULTILINE)
    opened = [base64.b64decode(line).decode() for line in lines]
    inner = [base64.b64decode(data).decode() for one in opened for data in re.findall(r'"data":"([^"]+)"', one)]
    return "\n".join((*opened, *inner))


def room_of(address: str) -> str:
    """Return the room an address belongs to: ``portal`` for what is public, else the name of the room."""
    if address.startswith("/hall/") and address.endswith("/record"):
        return "portal"
    first = address.removeprefix("POST ").split("?")[0].strip("/").split("/")[0]
    return first if first in DOORED else "portal"
