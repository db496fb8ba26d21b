"""What became of a supplier's own bids, in words (本单位结果): nothing here speaks of anybody else's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mifeng.awards.queries import OwnBid, OwnResult
from mifeng.rules.errors import Reason
from mifeng.rules.reasons import REASONS
from mifeng.tenders.models import Lot
from mifeng.web.shell import words

# The look and the word of each outcome.
OUTCOMES: Mapping[str, tuple[str, str | Promise]] = MappingProxyType(
    {
        "won": ("done", _("中标")),
        "lost": ("none", _("未中标")),
        "unqualified": ("stop", _("资格审查未通过")),
        "invalid": ("stop", _("投标无效")),
        "void": ("stop", _("本包废标")),
    }
)
UNREADABLE: Mapping[str, str | Promise] = MappingProxyType({"quote-unreadable": _("报价读不出，无法评审")})


@dataclass(frozen=True, slots=True)
class OwnView:
    """One package for a supplier who bid for it (本单位结果行)."""

    lot: Lot
    result: OwnResult
    bids: Sequence["OwnBidView"]


@dataclass(frozen=True, slots=True)
class OwnBidView:
    """One own bid (本单位投标结果): look and word of its outcome, reasons as text."""

    bid: OwnBid
    look: str
    word: str
    reasons: Sequence[str]


def own_view(result: OwnResult) -> OwnView:
    """Return an own result as a page shows it."""
    return OwnView(result.public.lot, result, [_view(result, one) for one in result.bids])


def _view(result: OwnResult, bid: OwnBid) -> OwnBidView:
    look, word = OUTCOMES[bid.outcome]
    codes = [result.public.void] if bid.outcome == "void" and result.public.void else bid.reasons
    return OwnBidView(bid, look, str(word), [_reason(one) for one in codes])


def _reason(said: str) -> str:
    """Return a reason as text: what a person wrote stands as it is, a code in the words of the house."""
    if said in REASONS:
        return words.reason_text(Reason(said))
    return str(UNREADABLE.get(said, said))
