"""Numbers of the law as a person reads them (法定常数): title, value with its unit, clause, and whether it was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.rules.rulebook import Constant, Rulebook
from mifeng.web.shell import texts, words

TITLES: Mapping[str, str | Promise] = MappingProxyType(
    {
        "bid_period_days": gettext_lazy("招标文件发出至投标截止，不少于"),
        "supply_working_days": gettext_lazy("招标文件提供期，不少于"),
        "clarification_days": gettext_lazy("影响投标的澄清距投标截止，不少于，不足则顺延"),
        "notice_working_days": gettext_lazy("招标公告期限"),
        "intention_days": gettext_lazy("采购意向公开至采购开始，一般不少于"),
        "committee_min": gettext_lazy("评审委员会人数为单数，不少于"),
        "committee_min_large": gettext_lazy("金额大、技术复杂或社会影响大的，评审委员会不少于"),
        "large_budget_yuan": gettext_lazy("预算达到此数，评审委员会按大额项目组成"),
        "expert_share": gettext_lazy("专家占评审委员会，不少于"),
        "buyer_seats": gettext_lazy("主场采购人代表席"),
        "host_expert_seats_min": gettext_lazy("主场专家席，不少于"),
        "guest_sites_min": gettext_lazy("远程异地评审的副场，不少于"),
        "guest_expert_seats_min": gettext_lazy("每个副场专家席，不少于"),
        "site_reply_hours": gettext_lazy("场地答复席位请求的时限"),
        "session_hours_max": gettext_lazy("一个评审场次，不超过"),
        "remote_unsuitable": gettext_lazy("不适合远程异地评审的情形"),
        "agency_staff_min": gettext_lazy("代理机构到场工作人员，不少于"),
        "suppliers_min": gettext_lazy("符合条件或实质响应的供应商，不足则废标"),
        "invited_suppliers_min": gettext_lazy("邀请招标随机邀请供应商，不少于"),
        "negotiation_suppliers_min": gettext_lazy("竞争性谈判的供应商，不少于"),
        "inquiry_suppliers_min": gettext_lazy("询价的供应商，不少于"),
        "negotiation_group_min": gettext_lazy("谈判、询价小组人数为单数，不少于"),
        "consultation_days": gettext_lazy("磋商文件发出至首次响应截止，不少于"),
        "negotiation_working_days": gettext_lazy("谈判文件发出至首次响应截止，不少于"),
        "inquiry_working_days": gettext_lazy("询价通知书发出至响应截止，不少于"),
        "single_source_working_days": gettext_lazy("单一来源采购公示，不少于"),
        "deposit_ratio_max": gettext_lazy("投标保证金占预算，不超过"),
        "deposit_return_working_days": gettext_lazy("退还投标保证金，自中标通知或合同签订起"),
        "dissent_hours": gettext_lazy("评审报告形成后委员签署或提出不同意见的时间，逾时可记为视为同意"),
        "report_working_days": gettext_lazy("评审结束后送交评审报告"),
        "award_working_days": gettext_lazy("采购人收到报告后确认中标人"),
        "award_notice_working_days": gettext_lazy("确认后发出中标通知并公告"),
        "result_notice_working_days": gettext_lazy("中标结果公告期限"),
        "contract_days": gettext_lazy("中标通知发出后签订合同"),
        "contract_publish_working_days": gettext_lazy("合同签订后公告"),
        "contract_file_working_days": gettext_lazy("合同签订后副本备案"),
        "performance_bond_ratio_max": gettext_lazy("履约保证金占合同金额，不超过"),
        "supplement_ratio_max": gettext_lazy("补充合同占原合同金额，合计不超过"),
        "records_years": gettext_lazy("采购文件自采购结束起保存，不少于"),
        "enquiry_working_days": gettext_lazy("答复供应商询问"),
        "challenge_working_days": gettext_lazy("供应商提出质疑"),
        "challenge_answer_working_days": gettext_lazy("书面答复质疑"),
        "complaint_working_days": gettext_lazy("答复期满后提出投诉"),
        "complaint_decision_working_days": gettext_lazy("财政部门处理投诉"),
        "suspension_days_max": gettext_lazy("投诉处理期间暂停采购，不超过"),
        "pool_share_max": gettext_lazy("一处专家席占可抽专家，不超过，否则扩大抽取范围"),
        "contribution_hours": gettext_lazy("各方在名单封存后贡献种子的时限，逾时抽取中止"),
        "invitation_hours": gettext_lazy("专家答复邀请的时限，逾时递补"),
        "price_weight_goods_min": gettext_lazy("综合评分法货物项目价格分占总分，不少于"),
        "price_weight_goods_max": gettext_lazy("竞争性磋商货物项目价格分占总分，不超过"),
        "price_weight_services_min": gettext_lazy("综合评分法服务项目价格分占总分，不少于"),
        "price_weight_services_max": gettext_lazy("竞争性磋商服务项目价格分占总分，不超过"),
        "small_firm_deduction_min": gettext_lazy("小微企业报价扣除，不少于"),
        "small_firm_deduction_max": gettext_lazy("小微企业报价扣除，不超过"),
        "small_share_deduction_min": gettext_lazy("联合体或分包含小微企业的报价扣除，不少于"),
        "small_share_deduction_max": gettext_lazy("联合体或分包含小微企业的报价扣除，不超过"),
        "domestic_deduction": gettext_lazy("本国产品报价扣除"),
        "low_price_mean": gettext_lazy("报价低于通过审查的平均报价的此比例，启动异常低价审查"),
        "low_price_second": gettext_lazy("报价低于次低报价的此比例，启动异常低价审查"),
        "low_price_ceiling": gettext_lazy("报价低于最高限价（无限价的为预算）的此比例，启动异常低价审查"),
        "low_price_answer_minutes": gettext_lazy("异常低价审查中供应商书面说明的时间，一般不少于"),
    }
)
UNITS: Mapping[str, str | Promise] = MappingProxyType(
    {
        "days": gettext_lazy("%(count)s日"),
        "working-days": gettext_lazy("%(count)s个工作日"),
        "hours": gettext_lazy("%(count)s小时"),
        "minutes": gettext_lazy("%(count)s分钟"),
        "years": gettext_lazy("%(count)s年"),
        "seats": gettext_lazy("%(count)s席"),
        "members": gettext_lazy("%(count)s人"),
        "sites": gettext_lazy("%(count)s处"),
        "suppliers": gettext_lazy("%(count)s家"),
        "staff": gettext_lazy("%(count)s人"),
    }
)
STANDINGS: Mapping[str, str | Promise] = MappingProxyType(
    {"law": gettext_lazy("法定"), "policy": gettext_lazy("参照文件"), "choice": gettext_lazy("平台规则")}
)


@dataclass(frozen=True, slots=True)
class ConstantRow:
    """One number of a rulebook (规则行)."""

    name: str
    title: str
    value: str
    article: str
    standing: str
    pending: bool


def rulebook_rows(book: Rulebook) -> list[ConstantRow]:
    """Return the constants of a rulebook in its own order; those not read in their text are marked 待核."""
    waiting = {one.name for one in book.unconfirmed()}
    return [
        ConstantRow(
            one.name,
            str(TITLES.get(one.name, one.name)),
            _value(one),
            one.article,
            str(STANDINGS[one.standing]),
            one.name in waiting,
        )
        for one in book.constants.values()
    ]


def _value(one: Constant) -> str:
    if one.unit == "words":
        known = texts.FACT_WORDS["traits"]
        return "、".join(str(known.get(word, word)) for word in str(one.value).split())
    if one.unit == "ratio":
        return _ratio(str(one.value))
    if one.unit == "yuan":
        return _("%(amount)s万元") % {"amount": words.wan(Decimal(str(one.value)))}
    return str(UNITS[one.unit]) % {"count": one.value}


def _ratio(text: str) -> str:
    if "/" in text:
        return text
    return f"{(Decimal(text) * 100).normalize():f}%"
