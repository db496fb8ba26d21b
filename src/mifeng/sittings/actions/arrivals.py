"""One person's way from the door to a seat (到场): card, face or two officers, declaration, seat.

A kiosk acts until the person is known; what is declared and the seat are the person's own acts, under a handle that is
new for each check-in. No entry holds a name, and none tells who a handle is.
"""

from uuid import UUID

from mifeng.experts import actions as experts
from mifeng.gateways.reader import Card, Reader
from mifeng.kernel.acting import Act, acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.parties.models import new_handle
from mifeng.parties.passes import Place, issue_pass, renew_code
from mifeng.rules import sitting as table
from mifeng.rules.errors import NotEntitled, Reason, WrongMoment, WrongState
from mifeng.rules.lifecycle import check_step
from mifeng.rules.sitting import FACE_TRIES, SEAT_OUTLIVES, check_pledges, check_vouch_reason, check_window, seat_label
from mifeng.sittings.guards import check_arrival, check_kiosk
from mifeng.sittings.keyring import ARRIVAL, seal, unseal
from mifeng.sittings.models import Arrival, CheckIn, Kiosk, Panel, Representative
from mifeng.sittings.people import Expected, expected
from mifeng.venues.guards import check_officer
from mifeng.venues.models import Booking, Seat, Session, Site

DECLARED = "declared"
GONE = ("aside", "absent")


def identify(kiosk_id: UUID, card: Card, *, by: Actor) -> tuple[Written, UUID]:
    """Find whom a card belongs to among those expected here (刷证), and return the entry and the arrival.

    A person who has been here before goes on where they stopped, once the face has been compared again.

    Args:
        kiosk_id: the kiosk.
        card: as the reader read it; nothing of it is kept but under the check-in's key.
        by: the kiosk.

    Raises:
        NotEntitled: ``wrong-post``, ``kiosk-over``; ``not-expected`` for every stranger, which says nothing else.
        WrongMoment: ``checkin-over``.

    Source: LY-2022-14 四(二), LY-2022-14 四(三) (R144, R145)
    """
    kiosk = Kiosk.objects.get(pk=kiosk_id)
    found = expected(kiosk.site, card)
    if found is None:
        with acting("identify", by=by) as act:
            check_kiosk(act.share(Kiosk, kiosk.pk), by, act.at)
            raise NotEntitled(Reason("not-expected"))
    with acting("identify", by=by) as act:
        checkin = act.lock(CheckIn, found.checkin.pk)
        before = Arrival.objects.filter(checkin=checkin, who=found.who).first()
        known = act.lock(Arrival, before.pk) if before else None
        own = act.share(Kiosk, kiosk.pk)
        session = act.share(Session, checkin.session)
        check_kiosk(own, by, act.at)
        check_window(session.starts_at, session.ends_at, act.at)
        if known is not None and known.state in GONE:
            raise NotEntitled(Reason("not-expected"))
        row = _come_again(act, known, found) if known else _arrive(act, own, found)
        act.refer(f"sittings.checkin:{checkin.pk}")
    return act.entry, row.pk


def match_face(arrival_id: UUID, seen: str, reader: Reader, *, by: Actor) -> Written:
    """Compare the face before the camera with that of the card, once, one to one (人脸比对); it is kept nowhere.

    A comparison that fails may be repeated once; then officers check.

    Args:
        arrival_id: identified.
        seen: what the camera saw, in the reader's own terms.
        reader: that compares.
        by: a kiosk of the same site.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``.

    Source: LY-2022-14 四(三) (R145)
    """
    with acting("match_face", by=by) as act:
        row = act.lock(Arrival, arrival_id)
        check_step(table.ARRIVAL, "match_face", state=row.state, role=by.role)
        check_here(row, by)
        facts = unseal(ARRIVAL, row.pk, bytes(row.sealed))
        if reader.matches(facts["face"], seen):
            row.sealed = seal(ARRIVAL, row.pk, facts | {"face": ""})
            act.move(row, table.ARRIVAL, "match_face")
            _keep_pledge(act, row)
        else:
            row.failed += 1
            act.move(row, table.ARRIVAL, "fail_face", failed=row.failed)
            if row.failed >= FACE_TRIES:
                _doubt(act, row, "mismatch")
    return act.entry


def doubt_face(arrival_id: UUID, reason: str, *, by: Actor) -> Written:
    """Pass a person on to the officers (改用人工核对): by choice, or where no camera works. It costs nobody the seat.

    Args:
        arrival_id: identified.
        reason: a word of ``rules.sitting.VOUCH_REASONS``.
        by: a kiosk of the same site.

    Raises:
        NotEntitled: ``wrong-post``; at a seat ``face-other`` without a card that was read again.
        Unfair: ``reason-required``.
        WrongState: ``wrong-state``.

    Source: our choice (ADR-9)
    """
    check_vouch_reason(reason)
    with acting("doubt_face", by=by) as act:
        row = act.lock(Arrival, arrival_id)
        check_here(row, by)
        if row.state == "seated":
            if not unseal(ARRIVAL, row.pk, bytes(row.sealed))["face"]:
                raise NotEntitled(Reason("face-other"))
            row.recheck, row.reason = "asked", reason
            act.note(row, "doubt_again", reason=reason)
        else:
            _doubt(act, row, reason)
    return act.entry


def vouch(arrival_id: UUID, *, by: Actor) -> Written:
    """State that card and person fit (人工核对): by one officer of the site, then by another.

    Args:
        arrival_id: passed on to the officers.
        by: an officer of the same site.

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-site``, ``same-officer``.
        WrongState: ``wrong-state``.

    Source: MOF-87-45
    """
    with acting("vouch", by=by) as act:
        row = act.lock(Arrival, arrival_id)
        check_officer(row.site, by, step="vouch")
        second = row.state == "vouched" or row.recheck == "once"
        if second and row.vouched_by == by.handle:
            raise NotEntitled(Reason("same-officer"))
        if row.recheck in ("asked", "once"):
            row.recheck, row.vouched_by = ("done", row.vouched_by) if second else ("once", by.handle)
            act.note(row, "vouch_seated", reason=row.reason, first=row.vouched_by)
        elif second:
            row.sealed = seal(ARRIVAL, row.pk, unseal(ARRIVAL, row.pk, bytes(row.sealed)) | {"face": ""})
            act.move(row, table.ARRIVAL, "vouch_again", reason=row.reason, first=row.vouched_by)
            _keep_pledge(act, row)
        else:
            row.vouched_by = by.handle
            act.move(row, table.ARRIVAL, "vouch", reason=row.reason)
    return act.entry


def pledge(arrival_id: UUID, said: tuple[str, ...], *, by: Actor) -> Written:
    """Declare avoidance, independence, secrecy (回避与纪律声明), after reading the bidders' names at the kiosk.

    Args:
        arrival_id: verified.
        said: words of ``rules.sitting.PLEDGES``, all of them.
        by: the person.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``pledge-missing``.
        WrongState: ``wrong-state``.

    Source: GPLR-9, LC-2018-80 三(六) (R175)
    """
    check_pledges(said)
    with acting("pledge", by=by) as act:
        row = act.lock(Arrival, arrival_id)
        check_arrival(row, by, step="pledge")
        row.pledged_at = act.at
        act.move(row, table.ARRIVAL, "pledge", said=sorted(said))
    return act.entry


def stand_aside(arrival_id: UUID, *, by: Actor) -> Written:
    """Declare a tie to one of the parties and stand aside (申报回避): an expert's walk goes on at the same site.

    Args:
        arrival_id: verified, no seat taken yet.
        by: the person.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``.

    Source: GPLR-9
    """
    checkin = CheckIn.objects.get(pk=Arrival.objects.values_list("checkin", flat=True).get(pk=arrival_id))
    with acting("stand_aside", by=by) as act:
        panel = act.lock(Panel, checkin.panel_id)
        who = unseal(ARRIVAL, arrival_id, bytes(Arrival.objects.get(pk=arrival_id).sealed))
        sent = act.lock_all(Representative, [who["representative"]] if "representative" in who else [])
        row = act.lock(Arrival, arrival_id)
        check_arrival(row, by, step="stand_aside")
        check_step(table.ARRIVAL, "stand_aside", state=row.state, role=by.role)
        if row.role == "expert":
            experts.stand_aside(act, UUID(who["invitation"]), DECLARED)
            if panel.state == "assembled":
                act.move(panel, table.PANEL, "resume", stood_aside=1)
        for one in sent:
            act.move(one, table.REPRESENTATIVE, "stand_aside")
        act.move(row, table.ARRIVAL, "stand_aside")
        act.refer(f"sittings.panel:{panel.pk}")
    return act.entry


def take_seat(arrival_id: UUID, *, by: Actor) -> tuple[Written, str]:
    """Give a person a seat of the plan and the code that opens it (领取席位); return the entry and the code.

    The first free seat of the right kind, by its number, at the site where the person is.

    Args:
        arrival_id: everything declared.
        by: the person.

    Raises:
        NotEntitled: ``wrong-post``.
        WrongMoment: ``checkin-over``.
        WrongState: ``wrong-state``, ``seat-none``.

    Source: LY-2022-14 四(二) (R143)
    """
    checkin_id = Arrival.objects.values_list("checkin", flat=True).get(pk=arrival_id)
    with acting("take_seat", by=by) as act:
        checkin = act.lock(CheckIn, checkin_id)
        row = act.lock(Arrival, arrival_id)
        session = act.share(Session, checkin.session)
        check_arrival(row, by, step="take_seat")
        check_step(table.ARRIVAL, "take_seat", state=row.state, role=by.role)
        if act.at >= session.ends_at:
            raise WrongMoment(Reason("checkin-over", {"ends_at": session.ends_at}))
        seat = free_seat(checkin, row)
        row.seat, row.label = seat.pk, label_of(checkin, seat)
        place = Place(row.role, str(row.site), row.label, session.ends_at + SEAT_OUTLIVES)
        given, code = issue_pass(act, place, handle=row.handle)
        row.seat_pass = given
        act.move(row, table.ARRIVAL, "take_seat", seat=row.label, role=row.role, handle=row.handle)
        act.refer(f"sittings.checkin:{checkin.pk}", f"sittings.panel:{checkin.panel_id}")
    return act.entry, code


def renew_seat_code(arrival_id: UUID, seen: str, reader: Reader, *, by: Actor) -> tuple[Written, str]:
    """Give a seated person a new code (补发席位码), when the seat's computer was changed or the code ran out.

    Whoever has the code has the seat, so card and face are compared once more, or two officers check once more.

    Args:
        arrival_id: at a seat, the card read again.
        seen: what the camera saw; counts for nothing where officers have checked.
        reader: that compares.
        by: the person.

    Raises:
        NotEntitled: ``wrong-post``, ``seat-pass-over``; ``face-other``, also without a card that was read again.
        WrongState: ``wrong-state`` before a seat is taken.

    Source: our choice (ADR-9)
    """
    with acting("renew_seat_code", by=by) as act:
        row = act.lock(Arrival, arrival_id)
        check_arrival(row, by, step="renew_seat_code")
        if row.seat_pass_id is None:
            raise WrongState(Reason("wrong-state", {"step": "renew_code", "state": row.state, "allowed": ("seated",)}))
        code = renew_code(act, row.seat_pass_id)
        facts = unseal(ARRIVAL, row.pk, bytes(row.sealed))
        if row.recheck != "done" and not (facts["face"] and reader.matches(facts["face"], seen)):
            raise NotEntitled(Reason("face-other"))
        row.sealed, row.recheck = seal(ARRIVAL, row.pk, facts | {"face": ""}), ""
        row.save(update_fields=["sealed", "recheck"])
    return act.entry, code


def free_seat(checkin: CheckIn, row: Arrival) -> Seat:
    """Return the first seat of the plan that nobody has been given, of the right kind, at a person's site.

    Raises:
        WrongState: ``seat-none``.
    """
    held = Booking.objects.filter(request__session=checkin.session, request__site=row.site, state="confirmed")
    taken = Arrival.objects.filter(checkin=checkin, state="seated").values("seat")
    free = Seat.objects.filter(pk__in=held.values("seat"), kind=row.role, fault="").exclude(pk__in=taken)
    seat = free.order_by("label").first()
    if seat is None:
        raise WrongState(Reason("seat-none", lifted_by=("host", "guest")))
    return seat


def label_of(checkin: CheckIn, seat: Seat) -> str:
    """Return the label of a seat for whoever is given it now."""
    turn = Arrival.objects.filter(checkin=checkin, seat=seat.pk).count() + 1
    region = Site.objects.values_list("region", flat=True).get(pk=seat.site_id)
    return seat_label(region, seat.label, turn, otherwise=seat.pk.hex[:8])


def check_here(row: Arrival, by: Actor) -> None:
    """Refuse every post but a kiosk of the site where a person is (本场地签到机).

    Raises:
        NotEntitled: ``wrong-post``, ``not-your-site``.

    Source: our choice (ADR-9)
    """
    if by.role != "kiosk":
        raise NotEntitled(Reason("wrong-post", {"step": "match_face", "role": by.role}, lifted_by=("kiosk",)))
    if str(row.site) != by.site:
        raise NotEntitled(Reason("not-your-site"))


def _arrive(act: Act, kiosk: Kiosk, found: Expected) -> Arrival:
    row = act.create(
        Arrival,
        table.ARRIVAL,
        "identify",
        checkin=found.checkin,
        site=kiosk.site,
        role=found.role,
        handle=new_handle(),
        identified_at=act.at,
    )
    row.who, row.sealed = found.who, seal(ARRIVAL, row.pk, found.facts)
    row.save(update_fields=["who", "sealed"])
    return row


def _come_again(act: Act, row: Arrival, found: Expected) -> Arrival:
    """Let a person go on whose card is read again: not before this reading has been compared too."""
    row.readings, row.recheck = row.readings + 1, ""
    if row.state not in ("doubted", "vouched"):
        row.sealed = seal(ARRIVAL, row.pk, found.facts)
    if row.state in ("verified", "pledged"):
        act.move(row, table.ARRIVAL, "compare_again")
    elif row.state == "vouched":
        row.vouched_by = ""
        act.move(row, table.ARRIVAL, "vouch_anew")
    else:
        act.note(row, "identify_again")
    return row


def _keep_pledge(act: Act, row: Arrival) -> None:
    """Let a person who has declared everything before go on from there."""
    if row.pledged_at is not None:
        act.move(row, table.ARRIVAL, "keep_pledge")


def _doubt(act: Act, row: Arrival, reason: str) -> None:
    row.reason = reason
    act.move(row, table.ARRIVAL, "doubt", reason=reason)
