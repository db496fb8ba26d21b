"""What nobody may find (专家保密): no person in a row, file, log or message, no project in what a person reads."""

import logging
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from django.conf import settings

from mifeng.cli import run
from mifeng.experts.actions import add_expert, answer_invitation
from mifeng.experts.dispatch import NotSent, dispatch
from mifeng.experts.keyring import CONTACT, PERSONAL, unseal
from mifeng.experts.models import Contact, Expert, Invitation, Personal
from mifeng.experts.queries import check_open, personal_for
from mifeng.gateways.sms import Message, Outcome, Sent, Unreachable
from mifeng.gateways.sms.files import FileSms
from mifeng.kernel import clock
from mifeng.kernel.models import Entry
from mifeng.parties.models import Organisation
from mifeng.rules.calendar import BEIJING
from mifeng.rules.errors import WrongMoment, WrongState
from mifeng.rules.ledger import decode64
from mifeng.sample.experts import people
from mifeng.sittings import tasks
from mifeng.sittings.models import Panel
from mifeng.tenders.models import Tender
from tests.actions import draws
from tests.actions.conftest import Stages
from tests.actions.draws import ANSWERED, INVITED, decline, draws_of, token, waiting, walk
from tests.actions.evidence import changed, read_entry, snapshot

STAGES = ("published",)
KEEPER = "librarian"
# Tables that name an expert for having been entered, which is no secret; the entries are looked at one by one below.
ENROLLED = frozenset(
    {"experts_expert", "experts_personal", "kernel_entry", "kernel_entrybody", "kernel_reference", "kernel_stream"}
)


@pytest.fixture
def tender(panel: Panel) -> Tender:
    """Return the project whose experts are drawn."""
    return panel.tender


def outbox(folder: Path) -> FileSms:
    """Return a gateway with the installation's own key and a folder of the test."""
    return FileSms(folder, decode64((Path(settings.ENV.data) / "keys" / "dispatch.key").read_text().strip()))


def canaries() -> list[str]:
    """Return every name, telephone and identity number of the sample library."""
    firms = list(Organisation.objects.order_by("code"))
    return [text for one in people(firms) for text in (one.name, one.phone, one.number)]


def told(text: str) -> list[str]:
    """Return which of them a text holds, as words or as the hexadecimal of their bytes."""
    return [canary for canary in canaries() if canary in text or canary.encode().hex() in text]


def test_no_row_tells_who_an_expert_is_or_where_one_was_drawn(
    stages: Stages, panel: Panel, caplog: pytest.LogCaptureFixture
) -> None:
    """A dump of every table, and the log, hold nothing outside the closed columns (R093, R094, BN-2023R 四1)."""
    caplog.set_level(logging.DEBUG)
    walk(panel)
    decline(waiting(draws_of(panel))[0])
    draws.filled(panel)

    rows = snapshot()

    assert told(str(rows)) == []
    assert told(caplog.text) == []
    assert told("".join(one.name for one in people([]))) != []
    persons = {draws.person(one) for one in Invitation.objects.filter(state__in=("agreed", "declined"))}
    assert len(persons) >= 4
    outside = {table: str(found) for table, found in rows.items() if table not in ENROLLED}
    assert [(table, pk) for pk in persons for table, text in outside.items() if pk in text] == []


def test_ledger_of_a_draw_names_leaves_only(panel: Panel) -> None:
    walk(panel)
    decline(waiting(draws_of(panel))[0])
    draws.filled(panel)
    persons = [str(pk) for pk in Expert.objects.values_list("pk", flat=True)]

    acts = Entry.objects.exclude(type="add_experts").values_list("pk", flat=True)
    text = "".join(str(read_entry(pk)) for pk in acts)

    assert [pk for pk in persons if pk in text] == []


def test_message_has_time_place_code_name_and_nothing_of_the_project(
    stages: Stages, tender: Tender, panel: Panel, tmp_path: Path
) -> None:
    """Each site's own text; never project, purchaser or bidders (R131, R143, LY-2022-14 四(二))."""
    walk(panel)
    sms = outbox(tmp_path / "outbox")
    with clock.frozen(INVITED):
        for invitation in waiting(draws_of(panel)):
            dispatch(invitation, sms)
            dispatch(Invitation.objects.get(pk=invitation.pk), sms)

    messages = {one.reference: one for one in sms.messages()}
    asked = waiting(draws_of(panel))
    assert sorted(messages) == sorted(str(one.pk) for one in asked)
    for invitation in asked:
        text = messages[str(invitation.pk)].text
        place = next(name for name, site in stages.city.sites.items() if site.pk == invitation.draw.site)
        starts = invitation.draw.starts_at.astimezone(BEIJING)
        assert f"{starts:%Y-%m-%d} 周三 10:30（北京时间）" in text
        assert place in text
        assert invitation.draw.code_name in text
        assert "身份证" in text
        assert text.count(f"/invitation/{token(invitation)}") == 1
        firms = Organisation.objects.exclude(name__contains=place).values_list("name", flat=True)
        secrets = [tender.name, tender.number, str(tender.pk), invitation.draw.handle, "课桌椅", "采购", "A08", *firms]
        assert [word for word in secrets if word in text] == []
        assert told(text) == []


def test_files_of_the_outbox_are_closed(panel: Panel, tmp_path: Path) -> None:
    """Neither whom, nor what, nor the secret of a link."""
    walk(panel)
    with clock.frozen(INVITED):
        for invitation in waiting(draws_of(panel)):
            dispatch(invitation, outbox(tmp_path))

    content = b"".join(path.read_bytes() + path.name.encode() for path in sorted(tmp_path.iterdir()))
    assert len(list(tmp_path.iterdir())) == 4
    assert [one for one in waiting(draws_of(panel)) if token(one).encode() in content] == []
    assert told(content.decode("latin-1")) == []
    assert told(content.hex()) == []
    with pytest.raises(ValueError, match="not closed under this key"):
        list(FileSms(tmp_path, bytes(32)).messages())


def test_link_is_kept_as_a_hash_only(panel: Panel) -> None:
    walk(panel)

    rows = str(snapshot())

    assert [one for one in waiting(draws_of(panel)) if token(one) in rows or token(one).encode().hex() in rows] == []


class Silent:
    """A gateway that takes nothing (无法联系的网关)."""

    def send(self, message: Message) -> Outcome:
        """Take nothing."""
        return Unreachable("no line")


def test_message_that_was_not_taken_starts_no_clock_and_is_sent_later(panel: Panel, tmp_path: Path) -> None:
    walk(panel)
    invitation = waiting(draws_of(panel))[0]
    before = snapshot()

    with pytest.raises(NotSent, match="no line"):
        dispatch(invitation, Silent())

    assert changed(before) == {}
    with clock.frozen(ANSWERED):
        dispatch(invitation, outbox(tmp_path))
    assert Invitation.objects.get(pk=invitation.pk).sent_at == ANSWERED


def test_answered_while_the_message_was_on_its_way_is_no_fault(panel: Panel, tmp_path: Path) -> None:
    walk(panel)
    invitation = waiting(draws_of(panel))[0]
    answer_invitation(token(invitation), accept=True)

    dispatch(invitation, outbox(tmp_path))

    assert Invitation.objects.get(pk=invitation.pk).sent_at is None


def test_gateway_that_cannot_write_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    outcome = outbox(tmp_path / "file" / "outbox").send(Message("a", "10400000001", "text"))

    assert isinstance(outcome, Unreachable)


def test_same_reference_is_written_once(tmp_path: Path) -> None:
    first = outbox(tmp_path).send(Message("a", "10400000001", "text"))
    again = outbox(tmp_path).send(Message("a", "10400000001", "text"))

    assert isinstance(first, Sent)
    assert again == first


def test_nobody_looks_up_an_expert_from_draw_to_evaluation(stages: Stages, panel: Panel) -> None:
    """Not even the library's keeper (R094, BN-2023R 四1)."""
    expert = Expert.objects.order_by("pk")[0]

    with clock.frozen(ANSWERED), pytest.raises(WrongMoment) as caught:
        personal_for(stages.city[KEEPER], expert.pk)

    [reason] = caught.value.reasons
    assert (reason.code, reason.source, reason.until) == ("library-closed", "BN-2023R 四1", ends(panel))
    with clock.frozen(ends(panel)):
        assert personal_for(stages.city[KEEPER], expert.pk)["name"]
        check_open(ends(panel))


def ends(panel: Panel) -> datetime:
    """Return when the session of a panel ends."""
    return draws_of(panel)[0].ends_at


def test_sealed_value_opens_in_its_own_row_for_its_own_purpose_only(panel: Panel) -> None:
    walk(panel)
    contact = Contact.objects.order_by("pk")[0]
    personal = Personal.objects.order_by("pk")[0]

    assert unseal(CONTACT, contact.pk, bytes(contact.sealed))
    for purpose, row, sealed in (
        (PERSONAL, contact.pk, contact.sealed),
        (CONTACT, personal.pk, contact.sealed),
        (PERSONAL, contact.pk, personal.sealed),
        (CONTACT, contact.pk, bytes(contact.sealed)[:-1] + b"\0"),
    ):
        with pytest.raises(InvalidTag):
            unseal(purpose, row, bytes(sealed))


def test_outbox_is_read_with_the_key_of_the_installation(panel: Panel, capsys: pytest.CaptureFixture[str]) -> None:
    walk(panel)
    with clock.frozen(INVITED):
        tasks.send(Invitation.objects.filter(draw__in=draws_of(panel)))
    capsys.readouterr()

    assert run(["outbox"]) == 0

    shown = capsys.readouterr().out
    assert all(token(one) in shown for one in waiting(draws_of(panel)))
    assert run(["outbox", "more"]) == 2


def test_refused_entry_of_a_person_does_not_repeat_the_person(stages: Stages, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    known = people([])[0]

    with pytest.raises(WrongState) as caught:
        add_expert(known, by=stages.city[KEEPER])

    assert told(f"{caught.value} {caught.value!r} {caplog.text}") == []
