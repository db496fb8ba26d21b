"""What an invited expert is told (邀请短信): where, when, what to bring, a code name, a link; never what for."""

from django.conf import settings

from mifeng.experts.actions import record_dispatch
from mifeng.experts.models import Contact, Invitation
from mifeng.experts.pools import ASKED, SEATED, open_contact
from mifeng.gateways.sms import Message, Sent, Sms
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.law import rulebooks
from mifeng.rules.calendar import BEIJING
from mifeng.rules.errors import WrongState
from mifeng.venues.queries import site

LINK = "/invitation/{token}"
WEEKDAYS = "一二三四五六日"
TEXT = (
    "【评审通知】请您参加评审。时间：{starts}（北京时间）；地点：{place}，到场后按指引到专家席就座；场次代号：{code_name}。"
    "请携带身份证，着装整洁，不带通信设备，不与他人谈论本次通知。请在{hours}小时内打开链接答复能否到场：{link}"
    " 咨询电话：{phone}"
)


MOVED = (
    "【评审通知】场次{code_name}改期。新的时间：{starts}（北京时间）；地点仍为：{place}。"
    "请携带身份证，着装整洁，不带通信设备。不能到场的，请尽快致电：{phone}"
)


class NotSent(Exception):
    """The gateway did not take a message; the job that sends it runs again."""


def dispatch(invitation: Invitation, sms: Sms) -> None:
    """Hand the message of an invitation to the gateway and record it (交发邀请); once in effect, repeated or not.

    Raises:
        NotSent: when the gateway did not take it.
    """
    if invitation.state != ASKED or invitation.sent_at is not None:
        return
    contact = open_contact(Contact.objects.get(pk=invitation.pk))
    outcome = sms.send(Message(str(invitation.pk), contact["phone"], text_of(invitation, contact["token"])))
    if not isinstance(outcome, Sent):
        raise NotSent(outcome.detail)
    try:
        record_dispatch(invitation.pk, outcome.sha256, by=CLOCK)
    except WrongState:
        return  # answered, or recorded by another run, while the message was on its way


def tell_moved(invitation: Invitation, sms: Sms) -> None:
    """Tell an invited expert the new time of a session that has moved (改期通知); once for each time.

    Raises:
        NotSent: when the gateway did not take it.
    """
    told = invitation.sent_at is not None and invitation.state in (ASKED, SEATED)
    if not told:
        return
    phone = open_contact(Contact.objects.get(pk=invitation.pk))["phone"]
    reference = f"{invitation.pk}-{invitation.draw.starts_at:%Y%m%d%H%M}"
    outcome = sms.send(Message(reference, phone, MOVED.format(**_facts(invitation))))
    if not isinstance(outcome, Sent):
        raise NotSent(outcome.detail)


def text_of(invitation: Invitation, token: str) -> str:
    """Return the words of an invitation; they name neither project nor purchaser nor bidder."""
    hours = rulebooks()[invitation.draw.rulebook].int("invitation_hours")
    return TEXT.format(hours=hours, link=settings.ENV.url + LINK.format(token=token), **_facts(invitation))


def _facts(invitation: Invitation) -> dict[str, str]:
    draw = invitation.draw
    place, starts = site(draw.site), draw.starts_at.astimezone(BEIJING)
    return {
        "starts": f"{starts:%Y-%m-%d} 周{WEEKDAYS[starts.weekday()]} {starts:%H:%M}",
        "place": place.name,
        "code_name": draw.code_name,
        "phone": place.phone,
    }
