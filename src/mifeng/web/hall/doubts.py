"""What an examiner has to look at in an opened bid (待核事项), in words; the codes are the opening's own."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DOUBTS: Mapping[str, str | Promise] = MappingProxyType(
    {
        "name-other": _("投标人名称与证书不一致"),
        "supplier-unknown": _("证书上的单位没有登记为供应商"),
        "supplier-other": _("证书上的单位不是登记递交密钥的单位"),
        "supplier-unchecked": _("登记递交密钥的单位无法核对"),
        "bidder-twice": _("同一单位有不止一份投标"),
        "file-unsafe": _("有文件不能安全打开，没有收入"),
        "readout-unreadable": _("唱标内容读不出"),
        "certificate-root": _("不是受信任的认证机构"),
        "certificate-issuer": _("证书不是受信任的机构签发的"),
        "certificate-not-yet": _("证书当时还没有生效"),
        "certificate-expired": _("证书当时已经过期"),
        "certificate-revoked": _("证书当时已被吊销"),
        "certificate-list": _("证书的吊销情况无法核对"),
        "certificate-malformed": _("证书读不出"),
        "certificate-use": _("证书不是用来签名的"),
    }
)
SHOWN_ELSEWHERE = frozenset({"words-differ"})  # beside the price itself


def doubt_lines(codes: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return code and words of each doubt, in their order; one without words of its own is still shown, by its code."""
    return tuple((code, str(DOUBTS.get(code, code))) for code in codes if code not in SHOWN_ELSEWHERE)
