"""The purchaser's representative (采购人代表): authorised before the check-in, known to the ledger by no name."""

from uuid import UUID

from mifeng.kernel.acting import acting, subject_of
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.rules import sitting as table
from mifeng.rules.errors import NotEntitled, Reason, WrongState
from mifeng.sittings.guards import check_identity_number
from mifeng.sittings.keyring import REPRESENTATIVE, number_mac, seal
from mifeng.sittings.models import Arrival, CheckIn, Representative
from mifeng.sittings.people import person_of_representative
from mifeng.tenders.actions.guards import check_own
from mifeng.tenders.models import Tender

MAX_NAME = 100


def authorise_representative(tender_id: UUID, name: str, number: str, *, by: Actor) -> Written:
    """Authorise whom the purchaser sends to the committee (采购人授权函); it takes the place of an earlier one.

    Name and number are closed under the check-in's key; the entry says that somebody was authorised.

    Args:
        tender_id: a project of the purchaser's own.
        name: of the person.
        number: identity number.
        by: the purchaser.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``.
        Unfair: ``malformed``, ``too-large``.
        WrongState: ``representative-arrived`` once the person authorised before has checked in, ``stale-version``.

    Source: MOF-87-45
    """
    if by.role != "buyer" or by.seat:
        raise NotEntitled(Reason("wrong-post", {"step": "authorise", "role": by.role}, lifted_by=("buyer",)))
    words = check_wording(name, field="name", limit=MAX_NAME, empty="malformed")
    typed = number.strip().upper()
    check_identity_number(typed)
    earlier = Representative.objects.filter(tender=tender_id, state="authorised")
    with acting("authorise_representative", by=by) as act:
        before = act.lock_all(Representative, earlier.values_list("pk", flat=True))
        tender = act.share(Tender, tender_id)
        check_own(tender, by, role="buyer")
        for one in before:
            check_not_arrived(one)
            act.move(one, table.REPRESENTATIVE, "replace_representative")
        row = act.create(
            Representative,
            table.REPRESENTATIVE,
            "authorise",
            tender=tender,
            authorised_at=act.at,
        )
        row.number_mac = number_mac(tender.pk, typed)
        row.sealed = seal(REPRESENTATIVE, row.pk, {"name": words, "number": typed})
        row.save(update_fields=["number_mac", "sealed"])
        act.refer(subject_of(tender))
    return act.entry


def check_not_arrived(row: Representative) -> None:
    """Refuse to replace a representative who has checked in (已签到的采购人代表).

    Raises:
        WrongState: ``representative-arrived``.

    Source: MOF-87-45
    """
    checkin = CheckIn.objects.filter(panel__tender=row.tender_id).first()
    if checkin and Arrival.objects.filter(checkin=checkin, who=person_of_representative(checkin, row.pk)).exists():
        raise WrongState(Reason("representative-arrived"))
