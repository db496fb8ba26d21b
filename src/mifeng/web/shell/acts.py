"""Acts as a person reads them (办理事项): the title of every step an entry of the ledger may have, and rows of a feed.

The ledger knows an act by its word (``publish_notice``); which acts a reader may know of is decided by the query that
returns them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mifeng.kernel.ledger.queries import Line

TITLES: Mapping[str, str | Promise] = MappingProxyType(
    {
        "enter_tender": _("进场登记"),
        "accept_tender": _("受理进场"),
        "draft_document": _("提交招标文件"),
        "approve_document": _("采购人确认招标文件"),
        "return_document": _("采购人退回招标文件"),
        "plan_seats": _("预约评审席位"),
        "replan_seats": _("重选场地"),
        "release_seats": _("退订评审席位"),
        "confirm_site": _("场地确认席位"),
        "refuse_site": _("场地退回席位请求"),
        "lapse_request": _("场地逾时未答复"),
        "record_readiness": _("记录席位检测"),
        "publish_notice": _("发布招标公告"),
        "clarify": _("发布更正公告"),
        "close_bidding": _("投标截止"),
        "record_finding": _("记录监督情况"),
        # the sealed bid and its opening
        "receive_bid": _("接收密封投标文件"),
        "withdraw_bid": _("撤回投标文件"),
        "record_acks": _("受托人验证份额"),
        "close_list": _("截止清单封存"),
        "record_countersignatures": _("受托人副署"),
        "open_keys": _("交密钥窗口打开"),
        "confirm_key": _("一份密钥已确认"),
        "close_keys": _("密钥清单封存"),
        "record_releases": _("受托人放行"),
        "open_all": _("全部同时开启，唱标"),
        "answer_record": _("投标人答复开标记录"),
        # the library and the draw
        "add_experts": _("专家入库"),
        "suspend_expert": _("停止抽取一名专家"),
        "restore_expert": _("恢复抽取一名专家"),
        "assemble_panel": _("发起抽取专家"),
        "widen_panel": _("扩大抽取范围"),
        "commit_pool": _("抽取名单封存"),
        "record_contributions": _("一方贡献种子"),
        "fix_seed": _("抽取种子确定"),
        "abort_draw": _("抽取中止"),
        "invite": _("按次序邀请专家"),
        "record_dispatch": _("邀请已发出"),
        "answer_invitation": _("专家答复"),
        "lapse_invitation": _("专家逾时未答复"),
        "seal_roster": _("专家名单密封"),
        "complete_panel": _("专家席位已满"),
        "recheck_avoidance": _("开标后复核回避"),
        "move_panel": _("评审场次改期，通知专家"),
        # the check-in
        "authorise_representative": _("采购人授权代表"),
        "open_checkin": _("开放签到"),
        "close_checkin": _("结束签到"),
        "open_kiosk": _("开启签到机"),
        "close_kiosk": _("停用签到机"),
        "open_seat_computer": _("开启席位机"),
        "close_seat_computer": _("停用席位机"),
        "identify": _("签到：刷证"),
        "match_face": _("签到：人脸核对"),
        "doubt_face": _("签到：改用人工核对"),
        "vouch": _("签到：人工核对"),
        "pledge": _("签到：回避与纪律声明"),
        "stand_aside": _("签到：申报回避"),
        "take_seat": _("领取席位"),
        "renew_seat_code": _("补发席位码"),
        "enter_seat": _("入席"),
        "mark_absent": _("登记未到，按次序递补"),
        "call_officer": _("呼叫场地人员"),
        "answer_call": _("应答呼叫"),
        # the evaluation
        "set_template": _("设定评分办法"),
        "commit_codes": _("承诺暗标编码密钥"),
        "begin_review": _("开始资格审查"),
        "review_qualification": _("资格审查一份投标"),
        "start_evaluation": _("资格审查完成"),
        "record_copies": _("登记技术文件匿名副本"),
        "seat_members": _("评审成员就座"),
        "elect_chair": _("推选评审组长"),
        "issue_codes": _("发放暗标编码"),
        "save_cells": _("保存评分"),
        "sign_sheet": _("评分表签名"),
        "lock_technical": _("技术分锁定"),
        "reveal": _("评分全部公开"),
        "reject_bid": _("委员认定一份投标无效"),
        "grant_deduction": _("委员认可一项价格扣除"),
        "find_abnormal": _("委员认定一项评分畸高或畸低"),
        "withdraw_opinion": _("委员撤回一项认定"),
        "correct_scores": _("修改评分"),
        "conclude_evaluation": _("汇总，形成评审报告"),
        "sign_report": _("签署评审报告"),
        "declare_unable": _("委员申报回避或不能继续"),
        "stop_evaluation": _("停止评标，封存资料"),
        "deem_agreed": _("记录一名委员视为同意"),
        "change_seat_key": _("更换一个席位的签名密钥"),
        # the award
        "hand_over": _("送交评审报告"),
        "award": _("确定中标人"),
        "explain_delay": _("说明未按时定标的理由"),
        "deem_awarded": _("逾期视同确定第一名"),
        "announce": _("发出中标通知并公告"),
        "take_next": _("递补下一候选人"),
        "start_anew": _("重新开展采购"),
        "register_organisation": _("主体登记"),
        "register_site": _("场地登记"),
        "appoint": _("设岗"),
        "digest_noted": _("查阅与拒绝摘要"),
    }
)


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One line of a feed (台账行): ``index`` is its place in the log, None while it waits for one."""

    at: datetime
    title: str
    detail: str
    index: int | None
    url: str


def title(act: str) -> str:
    """Return the title of an act."""
    return str(TITLES.get(act, act))


def feed(lines: Iterable[Line], details: Mapping[int, str] = MappingProxyType({})) -> list[FeedRow]:
    """Return ledger lines as rows of a feed, each with the address at which it can be verified.

    Args:
        lines: entries that the reader may know of.
        details: entry id → a few words beside the title.
    """
    return [FeedRow(line.at, title(line.type), details.get(line.id, ""), line.index, proof_url(line)) for line in lines]


def proof_url(line: Line) -> str:
    """Return where anybody can look a leaf up; the address says nothing but the leaf itself."""
    return reverse("portal:verify") + "?" + urlencode({"leaf": line.leaf})
