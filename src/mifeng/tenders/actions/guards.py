"""Who may act on which project (项目归属), asked by every act on one."""

from mifeng.kernel.acting import Act
from mifeng.kernel.actors import Actor
from mifeng.rules.errors import NotEntitled, Reason, Unfair, WrongState
from mifeng.tenders.models import Lot, Tender


def lock_tender(act: Act, tender_id: object) -> tuple[Tender, list[Lot]]:
    """Take a project and all its packages alone and return them, packages by id."""
    tender = act.lock(Tender, str(tender_id))
    lots = act.lock_all(Lot, Lot.objects.filter(tender=tender).values_list("pk", flat=True))
    return tender, lots


def check_own(tender: Tender, by: Actor, *, role: str) -> None:
    """Refuse a post of another role or of another organisation (岗位与归属).

    Args:
        tender: the project.
        by: the acting post.
        role: the role the act belongs to: ``agency``, ``buyer`` or ``host``.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.

    Source: NM-2018-67 五(十四) (R076)
    """
    if by.role != role:
        raise NotEntitled(Reason("wrong-post", {"role": by.role}, lifted_by=(role,)))
    owner = {"agency": tender.agency_id, "buyer": tender.purchaser_id, "host": tender.host_site}[role]
    if str(owner) != (by.site if role == "host" else by.organisation):
        raise NotEntitled(Reason("not-your-project"))


def check_version(tender: Tender, version: int) -> None:
    """Refuse an act prepared on a page that has been overtaken (并发修改).

    Raises:
        WrongState: ``stale-version`` with both versions.

    Source: our choice (ADR-1)
    """
    if tender.version != version:
        raise WrongState(Reason("stale-version", {"yours": version, "current": tender.version}))


def check_text(text: str, *, field: str, limit: int) -> str:
    """Refuse an empty or overlong text and return it trimmed (文字内容).

    Raises:
        Unfair: ``malformed``, ``too-large``.

    Source: our choice (ADR-1)
    """
    words = text.strip()
    if not words:
        raise Unfair(Reason("malformed", {"field": field}))
    if len(words) > limit:
        raise Unfair(Reason("too-large", {"field": field, "limit": limit}))
    return words
