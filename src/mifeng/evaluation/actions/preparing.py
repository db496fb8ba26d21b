"""What is fixed before anybody bids (评标准备): the scoring template, and the commitment to the secret of the codes."""

import secrets
from uuid import UUID

from mifeng.evaluation.actions.guards import check_clock
from mifeng.evaluation.codes import seal_secret
from mifeng.evaluation.models import CodeKey, ScoringTemplate
from mifeng.evaluation.scores import METHOD
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import CLOCK, Actor
from mifeng.kernel.idempotency import Repeated
from mifeng.kernel.law import rulebooks
from mifeng.kernel.ledger.append import Written
from mifeng.rules.blind import commitment
from mifeng.rules.errors import Reason, Unfair, WrongState
from mifeng.rules.scoring import Template, check_template, format_template, parse_template, template_hash
from mifeng.sittings.queries import draw_public
from mifeng.tenders.actions.guards import check_agency, check_own
from mifeng.tenders.models import Lot, Tender

BEFORE_NOTICE = ("entered", "accepted")
SECRET_BYTES = 32


def set_template(lot_id: UUID, template: Template, *, by: Actor) -> Written:
    """Set the scoring template of a package (设定评分办法), anew as often as needed until the notice.

    Args:
        lot_id: a package of the agency's own project.
        template: for an open tender of the kind of the project, in its first version.
        by: the agency.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-project``, ``agency-banned``.
        Unfair: ``malformed``, and all reasons of ``rules.scoring.check_template``.
        WrongState: ``wrong-state`` from the notice on.

    Source: GPLR-34
    """
    text = _canonical(template)
    tender_id = Lot.objects.values_list("tender", flat=True).get(pk=lot_id)
    with acting("set_template", by=by) as act:
        tender = act.share(Tender, tender_id)
        check_own(tender, by, role="agency")
        lot = act.lock(Lot, lot_id)
        check_agency(act, tender.agency_id)
        if lot.state not in BEFORE_NOTICE:
            facts = {"step": "set_template", "state": lot.state, "allowed": BEFORE_NOTICE}
            raise WrongState(Reason("wrong-state", facts, source="GPLR-34"))
        check_matches(template, tender)
        check_template(template, rulebooks()[tender.rulebook])
        name = template_hash(text.encode()).hex()
        # In the package's own chain, before the notice that fixes it.
        act.note(lot, "set_template", template=name)
        kept = {"text": text, "template_hash": name}
        ScoringTemplate.objects.update_or_create(lot=lot, defaults=kept)
        act.refer(f"tenders.tender:{tender.pk}")
    return act.entry


def commit_codes(lot_id: UUID, *, by: Actor = CLOCK) -> Written:
    """Commit to the secret behind the codes of the blind review (承诺编码密钥), once, right after the notice.

    The secret itself is kept sealed under the desk's key; the entry names its hash.

    Raises:
        NotEntitled: ``wrong-post`` for everybody but the clock.
        WrongState: ``template-missing``; ``wrong-state`` before the notice and after the close; ``codes-late``, when
            somebody has already contributed to a draw.
        Repeated: when it has been done.

    Source: our choice (ADR-5)
    """
    check_clock("commit_codes", by)
    with acting("commit_codes", by=by) as act:
        lot = act.lock(Lot, lot_id)
        made = CodeKey.objects.filter(pk=lot_id).first()
        if made is not None and made.entry_id:
            raise Repeated(made.entry_id)
        template = check_templated(lot)
        check_early(lot)
        k_op = secrets.token_bytes(SECRET_BYTES)
        committed = commitment(bytes.fromhex(lot.lot_ref), k_op).hex()
        act.note(lot, "commit_codes", lot_ref=lot.lot_ref, commitment=committed, template=template.template_hash)
        row = CodeKey.objects.create(lot=lot, commitment=committed, sealed=seal_secret(lot.pk, k_op))
        act.refer(f"tenders.tender:{lot.tender_id}")
        act.once_written(lambda entry: CodeKey.objects.filter(pk=row.pk).update(entry=entry.id))
    return act.entry


def check_matches(template: Template, tender: Tender) -> None:
    """Refuse a template for another procedure or kind of purchase, or one of a later version (评分办法适用).

    Raises:
        Unfair: ``malformed`` with the field.

    Source: GPLR-34
    """
    wanted = {"procedure": METHOD, "category": tender.category, "version": 1}
    for name, value in wanted.items():
        if getattr(template, name) != value:
            raise Unfair(Reason("malformed", {"field": name}))


def check_templated(lot: Lot) -> ScoringTemplate:
    """Refuse to evaluate a package whose documents have no scoring template, and return it (评分办法).

    Raises:
        WrongState: ``template-missing``.

    Source: GPLR-34
    """
    found = ScoringTemplate.objects.filter(pk=lot.pk).first()
    if found is None:
        raise WrongState(Reason("template-missing"))
    return found


def check_early(lot: Lot) -> None:
    """Refuse a secret that could have been chosen after a seed or a bid became known (编码密钥承诺时点).

    Raises:
        WrongState: ``wrong-state``, ``codes-late``.

    Source: our choice (ADR-5)
    """
    if lot.state != "published":
        facts = {"step": "commit_codes", "state": lot.state, "allowed": ("published",)}
        raise WrongState(Reason("wrong-state", facts, source="our choice (ADR-5)"))
    if any(draw.contributions for draw in draw_public(lot.tender)):
        raise WrongState(Reason("codes-late"))


def _canonical(template: Template) -> str:
    try:
        data = format_template(template)
        parse_template(data)
    except ValueError:
        raise Unfair(Reason("malformed", {"field": "template"})) from None
    return data.decode()
