"""Who may answer for which site, and until when (场地归属与时限), asked by every act of an officer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mifeng.kernel.actors import Actor
from mifeng.parties.models import Organisation
from mifeng.rules.errors import NotEntitled, Reason, Unfair, WrongMoment, refuse_if_any
from mifeng.venues.models import Seat, Site, SiteRequest

OFFICERS = ("host", "guest")


def check_officer(site: object, by: Actor, *, step: str) -> None:
    """Refuse a post that is no officer's, and an officer of another site (场地归属).

    Args:
        site: primary key of the site the act is about.
        by: the acting post.
        step: step word of the act, named in the refusal.

    Raises:
        NotEntitled: ``wrong-post`` for a post without a site, ``not-your-site``.

    Source: BN-2023 三(三) (R029)
    """
    if by.role not in OFFICERS:
        raise NotEntitled(Reason("wrong-post", {"step": step, "role": by.role}, lifted_by=OFFICERS))
    if str(site) != by.site:
        raise NotEntitled(Reason("not-your-site"))


def check_in_time(request: SiteRequest, at: datetime) -> None:
    """Refuse an answer after the time to answer (逾时).

    Raises:
        WrongMoment: ``reply-overdue``; lifted by the agency, who may ask again.

    Source: our choice (ADR-1)
    """
    if request.state == "requested" and at >= request.reply_by:
        raise WrongMoment(Reason("reply-overdue", {"reply_by": request.reply_by}, lifted_by=("agency",)))


def check_site(facts: Mapping[str, Any], seats: Sequence[Mapping[str, str]]) -> None:
    """Refuse a site that cannot be registered as described (场地登记信息).

    Raises:
        Unfair: ``malformed`` for each field at fault: an unknown organisation or kind of seat, a name or region that
            has its site already, a label that occurs twice.

    Source: our choice (ADR-1)
    """
    labels = [seat["label"] for seat in seats]
    faults = {
        "organisation": not Organisation.objects.filter(pk=facts["organisation"]).exists(),
        "name": Site.objects.filter(name=facts["name"]).exists(),
        "region": Site.objects.filter(region=facts["region"]).exists(),
        "label": len(set(labels)) != len(labels),
        "kind": any(seat["kind"] not in Seat.Kind.values for seat in seats),
    }
    refuse_if_any(Unfair, (Reason("malformed", {"field": field}) for field, fault in faults.items() if fault))
