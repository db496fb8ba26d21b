"""What a person reads of a reason (阻止原因): one sentence for each code of ``rules.reasons``.

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
        "seat-code-wrong": Text(_("席位码不对，或已用过、已过期，请在签到台重新领取")),
        "not-a-seat-computer": Text(_("这台电脑不是本场地的席位机，不能在这里入席")),
        "seat-pass-over": Text(_("这个席位的使用时间已经结束")),
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
        "record-window-over": Text(_("对开标记录确认或异议的时间已过，未表示的视为认可")),
        "record-answered": Text(_("已对开标记录作过答复，不能更改")),
        "keys-missing": Text(_("没有投标人确认密钥，没有打开任何投标文件")),
        "opened-short": Text(_("打开的投标文件不足三家")),
        "key-absent": Text(_("投标人没有在时限内确认密钥")),
        "bytes-missing": Text(_("平台交不出已出具回执的密封件")),
        "share-missing": Text(_("受托人放行的有效份额不足")),
        "stanza-bad": Text(_("密封件里给受托人的份额不对，受托人在截止前已签字指出")),
        "content-broken": Text(_("密封件的内容与其承诺不符，打不开")),
        # the check-in
        "checkin-early": Text(_("签到还没有开放")),
        "checkin-over": Text(_("场次已经结束，不再签到")),
        "bids-unopened": Text(_("开标还没有完成，签到不能开放")),
        "panel-missing": Text(_("评审专家还没有抽取")),
        "not-expected": Text(_("没有找到您今天在本场地的安排")),
        "face-other": Text(_("补发席位码须重新放身份证、再比对人脸，这次没有比对上")),
        "kiosk-over": Text(_("这台签到机已停用，请场地人员重新开启")),
        "same-officer": Text(_("人工核对须由本场地另一名人员复核")),
        "pledge-missing": Text(_("声明还没有逐条确认"), _("还差%(missing)s条")),
        "seat-none": Text(_("本场地没有可用的席位，请呼叫场地人员")),
        "representative-arrived": Text(_("已授权的采购人代表已经签到，不能更换")),
        # the evaluation
        "template-missing": Text(_("招标文件没有设定评分办法")),
        "codes-late": Text(_("已有一方贡献种子，编码密钥不能再承诺")),
        "review-missing": Text(_("还有投标人没有做资格审查"), _("还差%(missing)s家")),
        "opinion-missing": Text(_("您没有这样认定过，或已经撤回")),
        "opinion-used": Text(_("已经依据这项认定修改了评分，不能撤回")),
        "not-a-member": Text(_("您不是本包评审委员会的成员")),
        "not-the-chair": Text(_("这一步由评审组长办理")),
        "chair-buyer": Text(_("采购人代表不能担任评审组长")),
        "seeds-missing": Text(_("专家抽取的种子还没有确定")),
        "copies-missing": Text(_("技术文件的匿名副本还没有做好")),
        "sheet-other": Text(_("这份评分表不是本席位的，或与已保存的不一致"), _("不一致的一项：%(field)s")),
        "sheets-missing": Text(_("还有评分表没有签名"), _("还差%(missing)s份，共%(total)s份")),
        "not-your-sheet": Text(_("只能修改自己席位的评分")),
        "report-other": Text(_("这不是现在待签的评审报告")),
        "report-signed": Text(_("您已签署这份报告，不能改签")),
        "seat-signed": Text(_("这个席位已经签署这份报告，不能再记为视为同意")),
        "agreement-deemed": Text(_("本席位逾时未签署，已依法记为视为同意，不能再签署")),
        "dissent-open": Text(_("委员还可以提出不同意见，现在不能记为视为同意")),
        "signatures-short": Text(_("签署的委员没有过半数"), _("%(members)s名委员中%(signed)s名已签署")),
        "member-gone": Text(
            _("一名评审委员不能继续评审，来不及补足，评审停止，全部评审资料封存，依法重新组建评审委员会")
        ),
        "member-unable": Text(_("您已申报应当回避或不能继续评审，本席位不再签名，等代理机构办理")),
        "scores-shown": Text(_("评分已经公开，不能再停止评标；没有签署报告的，按视为同意办理")),
        "seat-unrenewed": Text(_("席位没有经身份核对补发席位码重新打开，签名密钥不能更换")),
        # the scoring template
        "template-sum": Text(_("各评审因素的满分之和不是100分"), _("合计%(points)s分")),
        "item-twice": Text(_("两个评审因素用了同一个编号"), _("编号：%(item)s")),
        "item-range": Text(_("评审因素的分值范围、分档或权重不成立"), _("%(item)s：%(min)s–%(max)s分")),
        "item-kind": Text(_("价格分由报价算出，不能作专家打分的因素，反之亦然"), _("评审因素：%(item)s")),
        "extreme-wide": Text(_("须写理由的高分、低分区间各不得达到分值范围的一半"), _("现为%(extreme)s")),
        "price-item": Text(
            _("综合评分法应有且只有一项价格分，统一定价或固定价格的项目没有价格分"),
            _("现有%(prices)s项，应为%(needed)s项"),
        ),
        "price-weight": Text(_("价格分占总分的比重不合规定"), _("现为%(share)s，应在%(least)s至%(most)s之间")),
        "deduction-unknown": Text(_("本项目适用的规则没有这种价格扣除"), _("价格扣除：%(deduction)s")),
        "deduction-rate": Text(
            _("价格扣除的比例不合规定"), _("%(deduction)s扣除%(rate)s，应在%(least)s至%(most)s之间")
        ),
        "deduction-twice": Text(_("两项价格扣除用了同一个编号"), _("编号：%(deduction)s")),
        # the sheet of a seat
        "item-unknown": Text(_("评分办法没有这个评审因素，不能作为评审依据"), _("评审因素：%(item)s")),
        "code-unknown": Text(_("这不是您的暗标编码"), _("编码：%(code)s")),
        "score-range": Text(_("评分超出范围"), _("%(code)s的%(item)s须在%(min)s–%(max)s之间")),
        "score-step": Text(_("评分不合分档"), _("%(code)s的%(item)s每档%(step)s分")),
        "remark-missing": Text(_("最高或最低的主观分须写理由"), _("%(code)s的%(item)s")),
        "cells-missing": Text(_("还有评分没有填写"), _("%(missing)s格未评分，共%(total)s格")),
        "objective-differs": Text(
            _("各位专家对客观评审因素的评分不一致，请复核"), _("评审因素：%(item)s，涉及%(bids)s份投标")
        ),
        # quotes, corrections, order
        "price-above-ceiling": Text(
            _("报价超过最高限价或预算，投标无效"), _("报价%(quote_yuan)s，最高%(ceiling_yuan)s")
        ),
        "price-nought": Text(_("报价为零，无法比较")),
        "deduction-unlisted": Text(_("招标文件没有规定这项价格扣除"), _("编号：%(deduction)s")),
        "deduction-double": Text(_("小微企业与含小微企业的联合体、分包，两种扣除不能同时享受")),
        "correction-unlawful": Text(
            _("评审结果汇总后，只有合计错误、超出范围、客观分不一致、畸高畸低四种情形可以修改")
        ),
        "correction-baseless": Text(_("所称的错误并不存在"), _("所称情形：%(kind)s")),
        "correction-wrong": Text(_("修改后的合计仍不对"), _("改为%(after)s，应为%(computed)s")),
        "majority-missing": Text(
            _("认定评分畸高、畸低须评审委员会过半数同意"), _("同意%(agreed)s人，全体%(members)s人")
        ),
        "qualified-short": Text(
            _("通过资格审查的投标人不足法定家数，不得评标"), _("%(bids)s份投标，计%(bidders)s家，至少%(needed)s家")
        ),
        "valid-short": Text(
            _("实质响应的投标人不足法定家数，应予废标"), _("%(bids)s份投标，计%(bidders)s家，至少%(needed)s家")
        ),
        "award-order": Text(_("应按评审报告的排序确定中标人")),
        "award-ground": Text(_("不按排序确定的，须选明法定情形")),
        "candidates-spent": Text(_("推荐的候选人都不能再递补，只能重新开展采购")),
        "names-missing": Text(_("评审成员名单不全，还不能公告结果")),
        "committee-sitting": Text(_("评审委员会还在评本项目的其他采购包，名单须保密，评完才能公告")),
    }
)
