"""Who may set the platform up (平台设立), asked by every act of registration."""

import re
from collections.abc import Mapping
from uuid import UUID

from stdnum.cn import uscc

from mifeng.kernel.actors import Actor
from mifeng.parties.models import Organisation, Person, Post
from mifeng.rules.errors import NotEntitled, Reason, Unfair, refuse_if_any

OPERATOR = "operator"
CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
REGION = re.compile(r"[0-9]{6}")


def check_operator(by: Actor, *, step: str) -> None:
    """Refuse every post: organisations, posts and sites are registered by whoever runs the platform (登记权限).

    Args:
        by: who acts.
        step: step word of the act.

    Raises:
        NotEntitled: ``wrong-post``.

    Source: NM-2018-67 五(十四) (R076)
    """
    if by.role != OPERATOR:
        raise NotEntitled(Reason("wrong-post", {"step": step, "role": by.role}, lifted_by=(OPERATOR,)))


def check_organisation(facts: Mapping[str, str]) -> None:
    """Refuse an organisation that cannot be registered as described (主体登记信息).

    Raises:
        Unfair: ``malformed`` for each field at fault: a code whose check digit is wrong or which is registered already,
            an unknown kind, a region that is no code of six digits.

    Source: our choice (ADR-1)
    """
    faults = {
        "code": not _right(facts["code"]) or Organisation.objects.filter(code=facts["code"]).exists(),
        "kind": facts["kind"] not in Organisation.Kind.values,
        "region": not REGION.fullmatch(facts["region"]),
    }
    refuse_if_any(Unfair, (Reason("malformed", {"field": field}) for field, fault in faults.items() if fault))


def check_appointment(organisation: UUID, facts: Mapping[str, str]) -> None:
    """Refuse a post that cannot be given as described (设岗信息).

    Raises:
        Unfair: ``malformed`` for each field at fault: an unknown organisation or role, an account that is taken, an
            officer without a site or a site for another post.

    Source: our choice (ADR-1)
    """
    officer = facts["role"] in (Post.Role.HOST, Post.Role.GUEST)
    faults = {
        "organisation": not Organisation.objects.filter(pk=organisation).exists(),
        "account": Person.objects.filter(account=facts["account"]).exists(),
        "role": facts["role"] not in Post.Role.values,
        "site": officer != bool(facts.get("site")),
    }
    refuse_if_any(Unfair, (Reason("malformed", {"field": field}) for field, fault in faults.items() if fault))


def _right(code: str) -> bool:
    """Tell whether a unified social credit code has its form and its check digit; not whether it has been assigned."""
    return bool(CODE.fullmatch(code)) and str(uscc.calc_check_digit(code[:-1])) == code[-1]
