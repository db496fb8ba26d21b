"""What the supplier's pages show (供应商页面内容): public facts only, the same for every supplier who looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from mifeng.parties.models import Organisation
from mifeng.rules.procedure import PROCEDURES
from mifeng.rules.seal.policy import parse_policy
from mifeng.tenders.models import Lot
from mifeng.tenders.queries import Row
from mifeng.web.shell import texts
from mifeng.web.shell.regions import region_title

METHOD = "open-tender"
TOOL = "mifeng bid"


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project in the list (项目行), in the shape of the public list."""

    title: str
    url: str
    number: str
    purchaser: str
    notes: tuple["Note", ...]
    region: str
    method: str
    budget_yuan: Decimal
    due_at: datetime | None
    due_word: str
    look: str
    word: str


@dataclass(frozen=True, slots=True)
class Note:
    """A remark below a title (备注)."""

    text: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """One step of handing in (递交步骤): what it does, what the bidder gets, and the exact command; empty for none."""

    title: str
    detail: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class LotCard:
    """One package as a supplier prepares for it (采购包): its policy, whether bids are taken, the steps."""

    lot: Lot
    open: bool
    policy_url: str
    trustees: tuple[str, ...]
    threshold: int
    window_minutes: int
    limit: int
    demo: bool
    steps: tuple[Command, ...]


def project_rows(rows: Sequence[Row], now: datetime) -> list[ProjectRow]:
    """Return projects as rows of the list."""
    return [_row(row, now) for row in rows]


def lot_card(lot: Lot, organisation: Organisation, now: datetime, *, alone: bool) -> LotCard | None:
    """Return one package with its steps; None for a package whose bids are not sealed.

    Args:
        lot: the package.
        organisation: the supplier's own, whose name and code the commands are filled in with.
        now: the time of the page.
        alone: it is the project's only package.
    """
    if not lot.lot_ref:
        return None
    policy = parse_policy(lot.policy.encode())
    place = reverse("reception:policy", args=[lot.lot_ref])
    folder = "bid" if alone else f"bid-{lot.number}"
    return LotCard(
        lot=lot,
        open=lot.state == "published" and lot.bids_due_at is not None and now < lot.bids_due_at,
        policy_url=place,
        trustees=tuple(one.organisation for one in policy.trustees),
        threshold=policy.t,
        window_minutes=policy.window_minutes,
        limit=policy.envelope_bytes,
        demo=policy.demo,
        steps=_steps(lot, organisation, f"{settings.ENV.url}{place}", folder),
    )


def submit_command(lot: Lot, ticket: str, *, alone: bool) -> str:
    """Return the command that hands a sealed bid in with a ticket."""
    folder = "bid" if alone else f"bid-{lot.number}"
    return f"{TOOL} submit --dir {folder} --server {settings.ENV.url} --ticket {ticket}"


def _row(row: Row, now: datetime) -> ProjectRow:
    closed = row.state != "published" or row.bids_due_at is None or row.bids_due_at <= now
    word = texts.STATE_WORDS[row.state]
    notes = (
        [Note(_("共%(number)d个采购包，分别密封、分别递交") % {"number": len(row.lots)})] if len(row.lots) > 1 else []
    )
    return ProjectRow(
        title=row.tender.name,
        url=reverse("supplier:project", args=[row.tender.pk]),
        number=row.tender.number,
        purchaser=row.tender.purchaser.name,
        notes=tuple(notes),
        region=region_title(row.tender.region),
        method=PROCEDURES[METHOD].term,
        budget_yuan=row.tender.budget_yuan,
        due_at=row.bids_due_at,
        due_word=_("已截止") if closed else "",
        look=word.look,
        word=str(word.title),
    )


def _steps(lot: Lot, organisation: Organisation, policy_url: str, folder: str) -> tuple[Command, ...]:
    make = (
        f'{TOOL} make --dir {folder} --supplier "{organisation.name}" --code {organisation.code} \\\n'
        f"  --certificate signing.pem --key signing.key --encryption-certificate encryption.pem \\\n"
        f"  --from {policy_url} \\\n  --policy-hash {lot.policy_hash}"
    )
    return (
        Command(
            _("建立投标文件夹"),
            _("取得密封规则并核对指纹，生成本次递交专用的密钥。屏幕上显示一次恢复码，请抄写并另处保存。"),
            make,
        ),
        Command(
            _("填写并放入文件"),
            _("在bid.json里填报价、大写、交付期限和质量承诺，这几项开标时要唱；其余文件放进各部分的文件夹。"),
            f"{folder}/price   {folder}/business   {folder}/technical   {folder}/qualification",
        ),
        Command(
            _("在自己的机器上密封"),
            _("密封后自动试开一次。得到的.be1文件谁也打不开，平台也不例外；投标人密钥只在您的文件夹里。"),
            f"{TOOL} seal --dir {folder}",
        ),
        Command(
            _("取得递交码并递交"),
            _("第一次递交时用本页的递交码，之后替换、撤回都不再需要。中断后重做同一条命令，从断点续传。"),
            f"{TOOL} submit --dir {folder} --ticket {_('递交码')}",
        ),
        Command(
            _("查看递交情况，保存回执"),
            _("R1证明按时递交，R2证明届时可以开启。修改后再次密封、递交，就替换前一版；截止前可以撤回。"),
            f"{TOOL} status --dir {folder}",
        ),
        Command(
            _("开标时确认密钥"),
            _("截止后先公布截止清单，工具核对清单里有本投标才发出密钥；不对可以换一把再试。"),
            f"{TOOL} confirm-key --dir {folder}",
        ),
    )
