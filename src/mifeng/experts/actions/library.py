"""Who is in the library (专家库维护)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from stdnum.cn import ric

from mifeng.experts.keyring import PERSONAL, number_mac, seal
from mifeng.experts.models import Expert, Personal
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Written
from mifeng.kernel.wording import check_wording
from mifeng.rules import expert as table
from mifeng.rules.errors import NotEntitled, Reason, Unfair

MAX_NAME = 200
MAX_BATCH = 10_000
PHONE = re.compile(r"1[0-9]{10}", re.ASCII)
NUMBER = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
REGION = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewExpert:
    """What the library's keeper enters of a person (入库信息).

    Args:
        name: the person's name.
        phone: mobile telephone, 11 digits.
        number: identity number, 18 characters with its check digit.
        employer: name of the employer.
        employer_code: its unified social credit code; empty where it is not known.
        relations: codes of the organisations the person declares a relation to.
        region: GB/T 2260 code of the library's place.
        tier: ``county`` or ``city``.
        specialities: specialities of the third level.
        trained: has been trained for duty.
    """

    name: str
    phone: str
    number: str
    employer: str
    region: str
    tier: str
    specialities: tuple[str, ...]
    employer_code: str = ""
    relations: tuple[str, ...] = ()
    trained: bool = True

    def personal(self) -> dict[str, object]:
        """Return what may only be kept closed."""
        return {
            "name": self.name,
            "phone": self.phone,
            "number": self.number,
            "employer": self.employer,
            "employer_code": self.employer_code,
            "relations": list(self.relations),
        }


def add_expert(expert: NewExpert, *, by: Actor) -> Written:
    """Enter one person into the library (专家入库); the reasons are those of ``add_experts``."""
    return add_experts([expert], by=by)


def add_experts(experts: Sequence[NewExpert], *, by: Actor) -> Written:
    """Enter persons into the library in one act (专家批量入库).

    Who they are goes into one closed column each; the ledger learns specialities and tier.

    Args:
        experts: the persons, at least one.
        by: the library's keeper.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``malformed``, ``too-large``.
        WrongState: ``expert-known``, when an identity number is in the library already.

    Source: NM-2018-67 二(五) (R054)
    """
    for expert in experts:
        check_expert(expert)
    if not 1 <= len(experts) <= MAX_BATCH:
        raise Unfair(Reason("too-large", {"field": "experts", "limit": MAX_BATCH}))
    with acting("add_experts", by=by) as act:
        check_keeper(by, step="enrol")
        rows = act.create_all(
            Expert,
            table.EXPERT,
            "enrol",
            [
                {
                    "region": expert.region,
                    "tier": expert.tier,
                    "specialities": sorted(expert.specialities),
                    "trained": expert.trained,
                    "enrolled_at": act.at,
                }
                for expert in experts
            ],
        )
        Personal.objects.bulk_create(
            Personal(expert=row, number_mac=number_mac(expert.number), sealed=seal(PERSONAL, row.pk, expert.personal()))
            for row, expert in zip(rows, experts, strict=True)
        )
    return act.entry


def suspend_expert(expert_id: UUID, *, reason: str, by: Actor) -> Written:
    """Take a person out of further draws (停止抽取), with the reason; pools that are fixed stay as they are.

    Args:
        expert_id: the person.
        reason: a word of ``rules.expert.SUSPENSION_REASONS``; words of one's own could name the person in the ledger.
        by: the library's keeper.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``reason-required``.
        WrongState: ``wrong-state``.

    Source: NM-2018-67 二(五) (R055)
    """
    table.check_suspension_reason(reason)
    with acting("suspend_expert", by=by) as act:
        act.move(act.lock(Expert, expert_id), table.EXPERT, "suspend", reason=reason)
    return act.entry


def restore_expert(expert_id: UUID, *, by: Actor) -> Written:
    """Let a person be drawn again (恢复抽取).

    Raises:
        NotEntitled: ``wrong-post``.
        WrongState: ``wrong-state``.

    Source: NM-2018-67 二(五) (R055)
    """
    with acting("restore_expert", by=by) as act:
        act.move(act.lock(Expert, expert_id), table.EXPERT, "restore")
    return act.entry


def check_keeper(by: Actor, *, step: str) -> None:
    """Refuse every post but the library's keeper (专家库管理权限).

    Raises:
        NotEntitled: ``wrong-post``.

    Source: BN-2023R 四1 (R094)
    """
    if by.role != "librarian":
        raise NotEntitled(Reason("wrong-post", {"step": step, "role": by.role}, lifted_by=("librarian",)))


def check_expert(expert: NewExpert) -> None:
    """Refuse a person who cannot be entered as described (专家入库信息).

    Raises:
        Unfair: ``malformed`` with the field at fault, never with what stood in it; ``too-large``.

    Source: NM-2018-67 二(五) (R054)
    """
    check_wording(expert.name, field="name", limit=MAX_NAME, empty="malformed")
    check_wording(expert.employer, field="employer", limit=MAX_NAME, empty="malformed")
    number = expert.number
    faults = {
        "phone": not PHONE.fullmatch(expert.phone),
        "number": not NUMBER.fullmatch(number) or ric.calc_check_digit(number) != number[-1],
        "region": not REGION.fullmatch(expert.region),
        "tier": expert.tier not in Expert.Tier.values,
        "specialities": not expert.specialities or not all(_is_small_class(word) for word in expert.specialities),
    }
    wrong = [field for field, fault in faults.items() if fault]
    if wrong:
        raise Unfair(*(Reason("malformed", {"field": field}) for field in wrong))


def _is_small_class(word: str) -> bool:
    return bool(table.CLASS_WORD.fullmatch(word)) and table.level(word) == table.SMALL_CLASS
