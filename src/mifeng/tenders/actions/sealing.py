"""What the notice fixes for sealing and drawing (密封与抽取约定): the policy of each package, the handle of each draw.

Both are random where they could otherwise be chosen, and stand in the notice's entry before anybody bids or is drawn:
no trustee can be exchanged and no draw repeated afterwards without it being seen.
"""

import secrets

from mifeng.kernel.outside import compose_policy
from mifeng.rules.encoding import digest
from mifeng.rules.seal.policy import lot_ref, policy_hash
from mifeng.tenders.models import Lot, Tender
from mifeng.venues.models import Session, SiteRequest

SALT_BYTES = 32


def fix_policy(lot: Lot) -> dict[str, str]:
    """Give a package its sealing policy, once and for all (密封规则), and return what the entry names of it.

    Raises:
        WrongState: ``trustees-missing``.
        Unfair: ``policy-unsound``.
    """
    if not lot.policy:
        salt = secrets.token_bytes(SALT_BYTES)
        reference = lot_ref(str(lot.pk), salt)
        policy = compose_policy(reference)
        lot.lot_ref, lot.lot_ref_salt = reference.hex(), salt.hex()
        lot.policy, lot.policy_hash = policy.decode(), policy_hash(policy).hex()
    return {"lot_ref": lot.lot_ref, "policy_hash": lot.policy_hash}


def list_handles(tender: Tender, session: Session | None) -> list[str]:
    """Give each site at which experts sit a draw handle (抽取标识), and return all handles of the project.

    A site that joins later gets its own with the next notice; a handle that has been listed stays. In the order of the
    handles, so that the list says nothing about the sites.
    """
    if session is not None:
        known = {row["site"] for row in tender.draw_handles}
        asked = SiteRequest.objects.filter(session=session, expert_seats__gt=0, state__in=("requested", "confirmed"))
        for site in sorted(str(pk) for pk in asked.values_list("site", flat=True)):
            if site not in known:
                salt = secrets.token_bytes(SALT_BYTES)
                handle = digest("RD1 handle", str(tender.pk), site, salt)
                tender.draw_handles.append({"site": site, "handle": handle.hex(), "salt": salt.hex()})
    return sorted(row["handle"] for row in tender.draw_handles)
