"""What a person reads (页面用语): one place for the sentences behind codes and words.

Rules, actions and the ledger speak in codes (``seats-pending``, ``publish``, ``requested``). Pages show the sentences
below. Chinese is the source text; other languages come from the catalogue in ``locale``. Full-width punctuation, the
sentence first and the code second, who acts is named, and no exclamation marks.

The sentences of reasons stand in ``reasons.py``, the titles of laws in ``laws.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from mifeng.web.shell.laws import LAWS, Law
from mifeng.web.shell.reasons import REASON_TEXTS, Sentence, Text

__all__ = [
    "CLOCK_STARTS",
    "CLOCK_TITLES",
    "FACT_WORDS",
    "GROUND_TITLES",
    "LAWS",
    "REASON_TEXTS",
    "REFUSAL_TITLES",
    "ROLE_TITLES",
    "STATE_WORDS",
    "STEP_TITLES",
    "Law",
    "Sentence",
    "Text",
    "Word",
]


@dataclass(frozen=True, slots=True)
class Word:
    """Name a state (状态): the word shown, and which of the seven looks it has."""

    title: Sentence
    look: str = "none"


REFUSAL_TITLES: Mapping[int, Sentence] = MappingProxyType(
    {
        400: _("提交的内容不完整"),
        401: _("请先登录"),
        403: _("现在不能办理"),
        404: _("没有这个页面"),
        409: _("没有办成：情况已变"),
        413: _("提交的内容太大"),
        422: _("没有办成：内容需要修改"),
        423: _("内容已密封"),
        429: _("请求太多"),
        500: _("平台出错"),
    }
)

ROLE_TITLES: Mapping[str, Sentence] = MappingProxyType(
    {
        "agency": _("代理机构"),
        "buyer": _("采购人"),
        "host": _("主场场地岗"),
        "guest": _("副场场地岗"),
        "supervisor": _("监督部门"),
        "clock": _("平台到时自动办理"),
        "bidder": _("投标人"),
        "expert": _("评审专家"),
        "librarian": _("专家库管理岗"),
        "kiosk": _("签到机"),
    }
)

STATE_WORDS: Mapping[str, Word] = MappingProxyType(
    {
        # lot
        "entered": Word(_("待受理"), "todo"),
        "accepted": Word(_("已受理"), "go"),
        "published": Word(_("投标中"), "go"),
        "closed": Word(_("已截止"), "done"),
        # tender document
        "drafted": Word(_("待采购人确认"), "todo"),
        "approved": Word(_("采购人已确认"), "done"),
        "returned": Word(_("已退回修改"), "todo"),
        "superseded": Word(_("已替换"), "stop"),
        "issued": Word(_("已发出"), "done"),
        # session, request, booking
        "requested": Word(_("待场地确认"), "todo"),
        "confirmed": Word(_("场地已确认"), "done"),
        "fixed": Word(_("席位已确定"), "done"),
        "refused": Word(_("场地已退回"), "bad"),
        "lapsed": Word(_("逾时未答复"), "late"),
        "held": Word(_("预占"), "todo"),
        "displaced": Word(_("改期后席位不足"), "bad"),
        "released": Word(_("已释放"), "stop"),
        # expert, draw, invitation, panel
        "enrolled": Word(_("在库"), "done"),
        "suspended": Word(_("停止抽取"), "stop"),
        "asked": Word(_("待冻结名单"), "todo"),
        "pooled": Word(_("名单已冻结，待种子"), "go"),
        "small": Word(_("可抽人数不足"), "bad"),
        "seeded": Word(_("种子已定"), "go"),
        "aborted": Word(_("抽取中止"), "stop"),
        "walking": Word(_("邀请中"), "go"),
        "exhausted": Word(_("名单已用尽"), "bad"),
        "rostered": Word(_("席位已满，名单密封"), "done"),
        "invited": Word(_("等待答复"), "todo"),
        "agreed": Word(_("已接受"), "done"),
        "declined": Word(_("已谢绝"), "stop"),
        "unreachable": Word(_("无应答"), "late"),
        "conflicted": Word(_("应当回避"), "stop"),
        "passed": Word(_("依规跳过"), "stop"),
        "assembling": Word(_("抽取进行中"), "go"),
        "assembled": Word(_("评审席位已满"), "done"),
        # check-in, representative, arrival, kiosk, seat's computer, call
        "open": Word(_("已开放"), "go"),
        "ended": Word(_("已结束"), "stop"),
        "authorised": Word(_("已授权"), "done"),
        "replaced": Word(_("已改派"), "stop"),
        "identified": Word(_("已刷证，待核对"), "todo"),
        "doubted": Word(_("待人工核对"), "todo"),
        "vouched": Word(_("待第二人复核"), "todo"),
        "verified": Word(_("身份已核对"), "go"),
        "pledged": Word(_("已声明"), "go"),
        "aside": Word(_("已回避"), "stop"),
        "seated": Word(_("已领席位"), "done"),
        "absent": Word(_("未到"), "bad"),
        "calling": Word(_("呼叫中"), "todo"),
        "answered": Word(_("已应答"), "done"),
        # bid, opening
        "received": Word(_("已递交"), "done"),
        "withdrawn": Word(_("已撤回"), "stop"),
        "keyed": Word(_("密钥已确认"), "done"),
        "opened": Word(_("已打开"), "done"),
        "unopened": Word(_("未打开"), "bad"),
        "listed": Word(_("清单已定，待副署"), "go"),
        "failed": Word(_("不足三家，不开标"), "bad"),
        "keying": Word(_("确认密钥中"), "todo"),
        "releasing": Word(_("密钥截止，待受托人放行"), "go"),
        "unkeyed": Word(_("无人确认密钥"), "bad"),
        "public": Word(_("已开标"), "done"),
        "short": Word(_("打开的不足三家"), "bad"),
        # evaluation, sheet, award
        "qualifying": Word(_("资格审查中"), "todo"),
        "qualified": Word(_("资格审查完成"), "done"),
        "void": Word(_("已废标"), "bad"),
        "stopped": Word(_("评标已停止"), "bad"),
        "chaired": Word(_("组长已推选"), "go"),
        "reviewing": Word(_("暗标评审中"), "go"),
        "locked": Word(_("技术分已锁定"), "go"),
        "revealed": Word(_("评分已公开，待签报告"), "todo"),
        "concluded": Word(_("评审报告已签署"), "done"),
        "writing": Word(_("评分中"), "todo"),
        "signed": Word(_("评分已签名"), "done"),
        "shown": Word(_("评分已公开"), "done"),
        "annulled": Word(_("评分作废"), "stop"),
        "handed": Word(_("报告已送交，待采购人确认"), "todo"),
        "awarded": Word(_("中标人已确定"), "done"),
        "announced": Word(_("结果已公告"), "done"),
        "restarted": Word(_("重新采购"), "stop"),
    }
)

STEP_TITLES: Mapping[str, Sentence] = MappingProxyType(
    {
        "enter": _("进场登记"),
        "accept": _("受理进场"),
        "publish": _("发布采购公告"),
        "clarify": _("发出澄清"),
        "close": _("投标截止"),
        "draft": _("提交招标文件"),
        "approve": _("确认招标文件"),
        "return": _("退回招标文件"),
        "supersede": _("替换招标文件"),
        "issue": _("发出招标文件"),
        "plan": _("预约评审席位"),
        "replan": _("重选场地"),
        "postpone": _("整体改期"),
        "fix": _("席位确定"),
        "reopen": _("席位重新确认"),
        "release": _("释放席位"),
        "request": _("请求席位"),
        "confirm": _("确认席位"),
        "refuse": _("退回席位请求"),
        "lapse": _("逾时退回"),
        "displace": _("改期后席位不足"),
        "ask_again": _("再次请求席位"),
        "hold": _("预占席位"),
        "enrol": _("专家入库"),
        "suspend": _("停止抽取"),
        "restore": _("恢复抽取"),
        "request_draw": _("申请抽取"),
        "commit": _("冻结抽取名单"),
        "refuse_pool": _("可抽人数不足"),
        "ask_wider": _("扩大范围重新申请"),
        "fix_seed": _("确定抽取种子"),
        "abort": _("中止抽取"),
        "reset": _("重新抽取"),
        "walk": _("按次序邀请"),
        "exhaust": _("名单用尽"),
        "seal_roster": _("密封专家名单"),
        "supplement": _("补抽"),
        "invite": _("邀请专家"),
        "pass_over": _("跳过"),
        "agree": _("接受邀请"),
        "decline": _("谢绝邀请"),
        "conflict": _("回避"),
        "assemble": _("组建评审委员会"),
        "complete": _("评审席位已满"),
        "resume": _("继续补抽"),
        "miss": _("登记未到"),
        "open_checkin": _("开放签到"),
        "close_checkin": _("结束签到"),
        "mark_absent": _("登记未到"),
        "authorise": _("授权采购人代表"),
        "replace_representative": _("改派采购人代表"),
        "identify": _("刷证"),
        "match_face": _("人脸核对"),
        "fail_face": _("人脸核对未通过"),
        "doubt": _("改用人工核对"),
        "vouch": _("人工核对"),
        "vouch_again": _("人工复核"),
        "compare_again": _("再次刷证，重新核对人脸"),
        "vouch_anew": _("再次刷证，人工核对重新开始"),
        "keep_pledge": _("沿用已作的声明"),
        "doubt_again": _("补发席位码：改用人工核对"),
        "vouch_seated": _("补发席位码：人工核对"),
        "pledge": _("回避与纪律声明"),
        "stand_aside": _("申报回避"),
        "take_seat": _("领取席位"),
        "renew_code": _("补发席位码"),
        "renew_seat_code": _("补发席位码"),
        "open_kiosk": _("开启签到机"),
        "close_kiosk": _("停用签到机"),
        "open_seat_computer": _("开启席位机"),
        "close_seat_computer": _("停用席位机"),
        "call_officer": _("呼叫场地人员"),
        "answer_call": _("应答呼叫"),
        "record_readiness": _("记录席位检测"),
        "record_finding": _("记录监督情况"),
        "receive": _("递交投标文件"),
        "replace": _("替换投标文件"),
        "withdraw": _("撤回投标文件"),
        "confirm_key": _("确认密钥"),
        "unseal": _("打开投标文件"),
        "leave_sealed": _("投标文件未打开"),
        "list": _("截止清单"),
        "fail": _("不足三家不开标"),
        "open_keys": _("开始确认密钥"),
        "close_keys": _("密钥确认截止"),
        "lapse_keys": _("无人确认密钥"),
        "open_all": _("开标"),
        "open_short": _("开标后不足三家"),
        "record_acks": _("记录可开启确认"),
        "record_countersignatures": _("记录副署"),
        "record_releases": _("记录放行份额"),
        "answer_record": _("答复开标记录"),
        "begin_review": _("开始资格审查"),
        "qualify": _("完成资格审查"),
        "fail_qualified": _("合格投标人不足三家"),
        "elect_chair": _("推选组长"),
        "issue_codes": _("发放暗标编码"),
        "issue_more": _("补发暗标编码"),
        "fail_compliant": _("符合性审查后不足三家"),
        "lock_technical": _("锁定技术分"),
        "reveal": _("公开评分"),
        "correct_scores": _("修改评审结果"),
        "fail_valid": _("有效投标人不足三家"),
        "sign_report": _("签署评审报告"),
        "deem_agreed": _("记录视为同意"),
        "stop_evaluation": _("停止评标，封存资料"),
        "give_sheet": _("发放评分表"),
        "save_cells": _("保存评分"),
        "sign_sheet": _("评分签名"),
        "show_sheet": _("公开评分表"),
        "correct_sheet": _("修改评分"),
        "annul_sheet": _("评分作废"),
        "hand_over": _("送交评审报告"),
        "award": _("确定中标人"),
        "deem_awarded": _("逾期视同确定第一名"),
        "announce": _("发出中标通知并公告"),
        "take_next": _("确定下一候选人"),
        "start_anew": _("重新采购"),
    }
)

# Values of facts that are words: fact name → value → what a person reads.
FACT_WORDS: Mapping[str, Mapping[str, Sentence]] = MappingProxyType(
    {
        "fault": {
            "ends-before-start": _("结束早于开始"),
            "in-the-past": _("开始时间已过"),
            "too-long": _("时间太长"),
        },
        "traits": {
            "long-evaluation": _("评审时间长"),
            "on-site-samples": _("需现场查看样品"),
            "e-mall": _("电子卖场采购"),
            "classified": _("涉密项目"),
        },
        "agency_kind": {"central": _("集中采购机构"), "social": _("社会代理机构")},
        "media": {"unknown": _("无法识别"), "damaged PDF": _("损坏的PDF")},
        "field": {
            "csrf": _("表单已经失效，请重新载入页面再提交"),
            "_key": _("表单已经失效，请重新载入页面再提交"),
            "name": _("名称"),
            "category": _("类别"),
            "lot": _("采购包名称"),
            "lots": _("采购包"),
            "budget_yuan": _("预算"),
            "purchaser": _("采购人"),
            "agency": _("代理机构"),
            "supervisor": _("监管主体"),
            "sites": _("场地与席位"),
            "remark": _("退回理由"),
            "text": _("正文"),
            "kind": _("种类"),
            "message": _("收件箱行"),
            "scale": _("字号"),
            "language": _("语言"),
        },
        "role": {"host": _("主场"), "guest": _("副场")},
        "deduction": {
            "small-firm": _("小微企业"),
            "small-firm-share": _("联合体或分包含小微企业"),
            "domestic": _("本国产品"),
        },
        "kind": {
            "sum": _("分值汇总计算错误"),
            "range": _("分项评分超出评分标准范围"),
            "objective": _("客观评审因素评分不一致"),
            "abnormal": _("评分畸高、畸低"),
        },
    }
)

CLOCK_TITLES: Mapping[str, Sentence] = MappingProxyType(
    {
        "supply": _("招标文件提供期"),
        "bid-period": _("发出至投标截止"),
        "clarification": _("影响投标的澄清"),
        "notice": _("采购公告期"),
        "enquiry": _("询问答复"),
        "report": _("评审报告送采购人"),
        "award": _("采购人确认"),
        "award-notice": _("结果公告"),
        "result-notice": _("结果公告期"),
        "contract": _("签订合同"),
        "challenge": _("质疑期"),
    }
)

CLOCK_STARTS: Mapping[str, Sentence] = MappingProxyType(
    {
        "supply": _("文件发出起"),
        "bid-period": _("文件发出起"),
        "clarification": _("截止确定后"),
        "notice": _("公告发布起"),
        "enquiry": _("收到询问起"),
        "report": _("评审结束起"),
        "award": _("收到报告起"),
        "award-notice": _("采购人确认起"),
        "result-notice": _("结果公告起"),
        "contract": _("中标通知发出起"),
        "challenge": _("结果公告期满起"),
    }
)

GROUND_TITLES: Mapping[str, Sentence] = MappingProxyType(
    {
        "declined": _("放弃中标或拒绝签订合同"),
        "unlawful": _("有违法行为，影响或可能影响结果"),
        "challenge": _("质疑成立，影响结果"),
    }
)
