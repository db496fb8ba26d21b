"""What a person reads (页面用语): one place for the sentences behind codes and words.

Rules, actions and the ledger speak in codes (``seats-pending``, ``publish``, ``requested``). Pages show the sentences
below. Chinese is the source text; other languages come from the catalogue in ``locale``. Full-width punctuation, the
sentence first and the code second, who acts is named, and no exclamation marks.

A reason has a sentence that always holds and, where the facts are known, a second line that names them. The second line
is left out when a fact is missing, so a rule may say less than it knows without breaking a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise


@dataclass(frozen=True, slots=True)
class Text:
    """Say one reason (阻止原因): a sentence, and a second line with ``%(fact)s`` in it."""

    says: Sentence
    more: Sentence = ""


@dataclass(frozen=True, slots=True)
class Word:
    """Name a state (状态): the word shown, and which of the seven looks it has."""

    title: Sentence
    look: str = "none"


@dataclass(frozen=True, slots=True)
class Law:
    """Name a law or notice (法律文件): title, short form for narrow columns, and whether its text was at hand."""

    title: str
    short: str
    read: bool = True


REASON_TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        # who and where in the procedure
        "wrong-state": Text(_("当前环节不能办理这一步"), _("现在：%(state)s。可以办理的环节：%(allowed)s")),
        "wrong-post": Text(_("您的岗位不能办理这一步"), _("这一步：%(step)s")),
        "not-your-site": Text(_("这不是您所在的场地")),
        "not-your-project": Text(_("这不是您单位的项目")),
        "stale-version": Text(_("您打开页面之后，内容已被他人改过"), _("您看到第%(seen)s版，现在是第%(current)s版")),
        "idempotency-mismatch": Text(_("同一份表单曾以别的内容提交过，这次没有写入")),
        # signing in
        "sign-in-failed": Text(_("账号或密码不对")),
        "too-many-attempts": Text(_("失败次数太多，暂停登录")),
        # shape of what was sent
        "malformed": Text(_("提交的内容缺项或格式不对"), _("有问题的一项：%(field)s")),
        "too-large": Text(_("提交的内容超过上限"), _("上限%(limit)s")),
        "file-type": Text(_("只接收PDF文件，且文件不能损坏"), _("按内容识别为：%(media)s")),
        "file-active-content": Text(_("文件里含有会自动运行的内容或附件"), _("发现：%(found)s")),
        "file-encrypted": Text(_("文件设有打开密码，不能接收")),
        # entry of a project
        "supervisor-missing": Text(_("没有写明监管主体")),
        "catalogue-needs-central-agency": Text(
            _("集中采购目录内的项目应由集中采购机构办理"), _("本单位：%(agency_kind)s")
        ),
        "agency-banned": Text(_("本代理机构正被禁止代理")),
        "remote-unsuitable": Text(_("这类项目不适合远程异地评审"), _("申报的情形：%(traits)s")),
        "host-missing": Text(_("本地区没有可以做主场的场地")),
        "budget-missing": Text(_("没有公开预算金额")),
        "budget-mismatch": Text(_("各包预算之和与项目预算不符"), _("项目预算%(budget_yuan)s，各包合计%(lots_yuan)s")),
        # the seat plan
        "committee-size": Text(
            _("评审委员会人数应为单数，且不少于法定人数"), _("现为%(members)s人，至少%(members_min)s人")
        ),
        "experts-share": Text(_("专家不足评审委员会的三分之二"), _("专家%(experts)s人，全体%(members)s人")),
        "buyer-seat": Text(
            _("采购人代表的席位应设在主场，且只设一席"), _("主场%(host_buyer_seats)s席，副场%(guest_buyer_seats)s席")
        ),
        "host-seats": Text(_("应有一个主场，主场应有专家席"), _("主场%(hosts)s处，主场专家%(expert_seats)s席")),
        "guest-required": Text(_("远程异地评审至少要有一个副场"), _("现有副场%(guests)s处")),
        "guest-seats": Text(_("每个副场至少一个专家席"), _("有一处副场只有%(expert_seats)s席")),
        "session-period": Text(_("评审场次的时间不合适"), _("%(fault)s（一场不超过%(hours_max)s小时）")),
        "session-exists": Text(_("本项目已有一个评审场次，不能另开一场")),
        "seat-taken": Text(_("席位刚被别的项目占用")),
        "seat-unready": Text(_("席位设备未就绪"), _("%(seat)s：%(fault)s")),
        "seats-short": Text(_("场地没有足够的空闲席位"), _("%(site)s需%(wanted)s席")),
        "seats-pending": Text(_("席位等待场地确认"), _("%(site)s（%(role)s）%(seats)s席")),
        "seats-missing": Text(_("评审席位没有落实"), _("%(site)s（%(role)s）%(seats)s席：%(state)s")),
        "reply-overdue": Text(_("已过场地答复的时限"), _("应在%(reply_by)s前答复")),
        "too-early": Text(_("还没有到办理这一步的时间"), _("这一步：%(step)s")),
        # documents, notice, deadline
        "document-missing": Text(_("还没有招标文件")),
        "document-unapproved": Text(_("招标文件还没有经采购人确认"), _("招标文件现为：%(document)s")),
        "supply-period-short": Text(
            _("招标文件提供期不足法定工作日"),
            _("%(issued_on)s发出，提供%(days_given)s个工作日，应不少于%(days_required)s个，最早可到%(earliest_on)s"),
        ),
        "bid-period-short": Text(
            _("发出招标文件至投标截止的天数不足"),
            _("%(issued_on)s发出，只有%(days_given)s日，应不少于%(days_required)s日，最早可定%(earliest_on)s"),
        ),
        "clarification-late": Text(
            _("澄清影响投标而剩余天数不足，应顺延投标截止"),
            _("剩%(days_given)s日，应不少于%(days_required)s日，截止最早%(earliest)s"),
        ),
        "deadline-earlier": Text(_("投标截止只能推后，不能提前"), _("原定%(bids_due_at)s，改为%(new_due_at)s")),
        "session-before-deadline": Text(
            _("评审场次早于投标截止"), _("场次%(session_starts_at)s开始，投标截止%(bids_due_at)s")
        ),
        "deadline-passed": Text(_("已过投标截止时间"), _("截止于%(bids_due_at)s")),
        "calendar-unpublished": Text(_("所涉年份的放假安排尚未公布，日期暂定")),
        "reason-required": Text(_("没有写明理由")),
        # the log
        "no-witness": Text(_("见证方没有签名，这一步暂缓办理")),
        # the library and the draw of experts
        "expert-known": Text(_("这位专家已在库中")),
        "class-small": Text(_("只从一类、二类专业抽取，三类专业人数太少"), _("所选专业：%(speciality)s")),
        "panel-exists": Text(_("本项目已经开始抽取专家")),
        "draw-unlisted": Text(_("招标公告没有列出这个场地的抽取编号"), _("场地：%(site)s")),
        "pool-small": Text(_("可抽取的专家太少"), _("需%(seats)s席，可抽%(eligible)s人")),
        "session-begun": Text(_("评审场次已经开始，不能再抽取专家"), _("开始于%(starts_at)s")),
        "invitation-over": Text(_("邀请已过答复时限"), _("应在%(answer_by)s前答复")),
        "library-closed": Text(_("从抽取到评审结束，任何人不得查询专家信息")),
        "contributors-few": Text(
            _("抽取随机数的贡献方太少，或同属一个机构"), _("现有%(contributors)s方，至少%(needed)s方")
        ),
        "walk-order": Text(_("邀请须按抽取次序依次进行，不得跳过")),
        # the sealed bid
        "trustees-missing": Text(_("平台还没有指定开标受托人和见证人，招标公告不能发布")),
        "policy-unsound": Text(
            _("密封规则不能采用：凭它可能提前打开、无法打开或由一家单独打开投标文件"), _("有问题的一项：%(rule)s")
        ),
        "envelope-malformed": Text(_("密封投标文件格式不对，不能接收"), _("有问题的一项：%(field)s")),
        "envelope-policy": Text(_("投标文件不是按本包的密封规则密封的"), _("不一致的一项：%(field)s")),
        "envelope-copied": Text(_("密封件中有内容已在本包出现过，不能再次递交")),
        "bid-exists": Text(_("这把递交密钥在本包已有一份投标")),
        "ticket-invalid": Text(_("递交凭条无效，或不是本包的凭条")),
        "ticket-expired": Text(_("递交凭条已过期，请重新领取")),
        "key-bound": Text(_("本单位已用另一把递交密钥递交了投标，或这把密钥已由他人登记")),
        "not-bound": Text(_("这把递交密钥还没有凭条登记")),
        "nonce-expired": Text(_("一次性随机数已过期，请重新取得后再签名")),
        "signature-invalid": Text(_("递交密钥的签名不对")),
        "upload-incomplete": Text(_("密封件没有传完整，视为没有递交"), _("已收到%(offset)s字节")),
        "offset-other": Text(_("续传位置不对"), _("应从第%(offset)s字节续传")),
        # the opening
        "bids-short": Text(_("投标截止时投标人不足三家，不开标")),
        "no-trustees": Text(_("开标受托人签名不足，这一步暂缓办理"), _("已签%(signed)s家，需要%(needed)s家")),
        "key-mismatch": Text(_("密钥与密封件不符，投标文件没有受影响，可以换一把再试")),
        "key-window-over": Text(_("确认密钥的时间已过")),
        "keys-missing": Text(_("没有投标人确认密钥，没有打开任何投标文件")),
        "opened-short": Text(_("打开的投标文件不足三家")),
        "key-absent": Text(_("投标人没有在时限内确认密钥")),
        "bytes-missing": Text(_("平台交不出已出具回执的密封件")),
        "share-missing": Text(_("受托人放行的有效份额不足")),
        "stanza-bad": Text(_("密封件里给受托人的份额不对，受托人在截止前已签字指出")),
        "content-broken": Text(_("密封件的内容与其承诺不符，打不开")),
    }
)

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
    }
)

# Laws and notices by the first part of a clause id.
LAWS: Mapping[str, Law] = MappingProxyType(
    {
        "GPL": Law("政府采购法", "法"),
        "GPLR": Law("政府采购法实施条例", "条例"),
        "TBL": Law("招标投标法", "招标投标法"),
        "TBLR": Law("招标投标法实施条例", "招标投标条例"),
        "MOF-87": Law("财政部令第87号", "87号令", read=False),
        "MOF-74": Law("财政部令第74号", "74号令", read=False),
        "MOF-94": Law("财政部令第94号", "94号令", read=False),
        "BN-2023": Law("巴彦淖尔进场与远程异地评标通知", "进场通知"),
        "NM-2018-67": Law("内政办发〔2018〕67号", "内政办发67号"),
        "LY-2022-14": Law("临财采〔2022〕14号", "异地评审通知"),
        "BN-2023R": Law("巴彦淖尔交易中心2023年1-9月工作综述", "工作综述"),
        "LC-2018-80": Law("聊政办字〔2018〕80号", "聊政办字80号"),
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
        "contract": _("中标通知发出起"),
        "challenge": _("结果公告期满起"),
    }
)
