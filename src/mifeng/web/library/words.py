"""Words of the library room (专家库用语): reasons, tiers and classes as a person reads them."""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = Mapping[str, str | Promise]

TIERS: tuple[tuple[str, str | Promise], ...] = (("county", _("旗县库")), ("city", _("市级库")))
SUSPENDED: Words = MappingProxyType(
    {
        "left": _("调离或退出"),
        "unfit": _("因健康等原因不能评审"),
        "misconduct": _("违规，正在处理"),
        "own-wish": _("本人申请"),
    }
)
DECLINED: Words = MappingProxyType(
    {
        "busy": _("那一天有别的安排"),
        "illness": _("身体不适"),
        "distance": _("路远，赶不到"),
        "conflict": _("可能要回避"),
        "other": _("其他原因"),
    }
)
# Why the keeper may have to know who somebody is; a choice, since words of one's own could name the person.
READ_REASONS: Words = MappingProxyType(
    {
        "own-request": _("本人申请查询或更正"),
        "check": _("核对入库资料"),
        "complaint": _("核查投诉或举报"),
        "supervision": _("配合监督部门检查"),
    }
)
