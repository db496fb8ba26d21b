"""What the tool says (工具用语): Chinese, or English where the terminal's language is English. A code, a sentence."""

import os
from collections.abc import Mapping
from types import MappingProxyType

TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # what was done
        "made": (
            "投标文件夹已建好：{folder}\n投标人：{supplier} {code}，证书有效至 {until}\n递交密钥（公开）：{submit_key}",
            "The bid folder is ready: {folder}\nBidder: {supplier} {code}, certificate valid until {until}\n"
            "Submit key (public): {submit_key}",
        ),
        "policy-shown": (
            "密封规则指纹，请与采购公告上的逐组核对：\n  {hash}",
            "Hash of the policy, to be compared with the notice:\n  {hash}",
        ),
        "demo-keys": (
            "演示密钥：不防管理员。这是示范城市的规则，不可用于真实项目。",
            "Demonstration keys: no protection from the administrator. Not for a real project.",
        ),
        "recovery": (
            "恢复码，只显示这一次，请抄写并另处保存；文件夹丢失时凭它和密封文件确认密钥：\n  {code}",
            "Recovery code, shown this once. Write it down and keep it elsewhere:\n  {code}",
        ),
        "made-next": (
            "接下来：填写 {bid}，把文件放进 price、business、technical、qualification，再运行\n"
            "  mifeng bid seal --dir {folder}",
            "Next: fill in {bid}, put files into price, business, technical, qualification, then\n"
            "  mifeng bid seal --dir {folder}",
        ),
        "reading": ("读取 {count} 个文件，共 {size}。", "Reading {count} files, {size}."),
        "part": ("  {part}：{files}", "  {part}: {files}"),
        "read-out": (
            "开标时将唱出：{price} 元，大写 {words}；交付 {delivery}；质量 {quality}",
            "To be read out: {price} yuan, {words}; delivery {delivery}; quality {quality}",
        ),
        "sealing": ("正在密封……", "Sealing ..."),
        "trial": ("自检：用托管份额与投标人密钥试开一次……", "Trial opening with shares and key ..."),
        "sealed": (
            "第 {number} 版已密封并通过自检：{file}（{size}）\n密封指纹：{envelope}\n"
            "投标人密钥在 {keys}，开标时要用，不要删除，也不要交给任何人。",
            "Version {number} is sealed and was opened on trial: {file} ({size})\nEnvelope hash: {envelope}\n"
            "The bidder's key lies in {keys}: needed at the opening, to be given to nobody.",
        ),
        "sealed-next": (
            "还没有递交。接下来：mifeng bid submit --dir {folder}",
            "Nothing is handed in yet. Next: mifeng bid submit --dir {folder}",
        ),
        "bound": ("递交密钥已登记。", "The submit key is registered."),
        "uploading": ("上传 {percent}%（{done} / {size}）", "Uploaded {percent}% ({done} / {size})"),
        "submitted": (
            "第 {number} 版已递交。密封指纹：{envelope}",
            "Version {number} is handed in. Envelope hash: {envelope}",
        ),
        "submitted-before": ("第 {number} 版此前已经递交。", "Version {number} was handed in before."),
        "receipt-good": (
            "R1 已递交：回执成立，递交时间 {at} 北京时间，存于 {file}",
            "R1, handed in: the receipt holds, time {at} (Beijing), kept in {file}",
        ),
        "receipt-pending": (
            "R1 回执还没有经见证方签名，已递交的事实不受影响。稍后运行 mifeng bid status 取回执。",
            "R1 is not yet witnessed; the submission stands. Get it later by mifeng bid status.",
        ),
        "openable": (
            "R2 可开启：{good} 个托管方已确认份额（需要 {needed}）",
            "R2, openable: {good} trustees confirmed their share ({needed} needed)",
        ),
        "openable-pending": (
            "R2 尚未可开启：{good} 个托管方已确认份额（需要 {needed}）。没有 R2 的投标仍然有效。",
            "R2 pending: {good} trustees confirmed their share ({needed} needed). The bid is valid without it.",
        ),
        "verdict-bad": ("托管方 {trustee} 称其份额不对。", "Trustee {trustee} says that its share is bad."),
        "state": (
            "第 {number} 版：{state}　密封指纹 {envelope}",
            "Version {number}: {state}  envelope {envelope}",
        ),
        "state-none": ("平台上没有本投标。", "The platform has no bid of yours."),
        "opening-state": ("开标：{state}", "Opening: {state}"),
        "key-until": ("确认密钥截止：{at} 北京时间", "Keys are taken until {at} (Beijing)"),
        "withdraw-ask": (
            "将撤回第 {number} 版，该版不再开启；截止前可以重新密封、递交。请输入“撤回”",
            "Version {number} will be withdrawn and not opened; before the deadline another may be sealed. Type 撤回",
        ),
        "withdrawn": ("第 {number} 版已撤回。", "Version {number} is withdrawn."),
        "record-confirmed": ("开标记录已确认无误。", "The opening record is confirmed."),
        "record-objected": ("异议已记入开标记录。", "The objection stands in the opening record."),
        "key-confirmed": (
            "密钥已确认。现在谁也还看不到内容：托管方在确认密钥结束之后才释放份额。",
            "The key is confirmed. Nobody can read anything yet: trustees release their shares afterwards.",
        ),
        "code-asked": ("恢复码", "Recovery code"),
        "key-string": (
            "开启串，请先在开标大厅的截止清单里核对密封指纹 {envelope}，确有此份再粘贴：\n{bid_ref}:{s_b}",
            "Key string. Paste it only once the list of bids in the hall holds {envelope}:\n{bid_ref}:{s_b}",
        ),
        # the folder
        "folder-missing": (
            "这里没有投标文件夹：{folder}。先运行 mifeng bid make。",
            "No bid folder here: {folder}. Run mifeng bid make first.",
        ),
        "folder-made": (
            "投标文件夹已经建好，不能重建，否则已密封的文件会打不开：{folder}",
            "The bid folder exists and is not made anew, or what was sealed could not be opened: {folder}",
        ),
        "folder-damaged": ("文件损坏，无法读取：{file}（{error}）", "This file is damaged: {file} ({error})"),
        "folder-busy": ("另一条命令正在使用这个文件夹：{folder}", "Another command is using this folder: {folder}"),
        "file-unreadable": ("文件无法读取：{file}（{error}）", "This file cannot be read: {file} ({error})"),
        "key-missing": ("密钥文件不见了或已损坏：{file}", "A key file is missing or damaged: {file}"),
        # policy and certificate
        "policy-unreadable": ("密封规则无法读取：{error}", "The policy cannot be read: {error}"),
        "policy-unsound": (
            "密封规则不合格，不应据此投标：{rules}",
            "This policy is not sound, do not bid under it: {rules}",
        ),
        "policy-other": (
            "平台现在的密封规则与本文件夹的不同（本地 {mine}，平台 {theirs}），没有上传。请核对更正公告。",
            "The platform shows another policy (here {mine}, there {theirs}); nothing was uploaded. See the notices.",
        ),
        "policy-hash": (
            "密封规则指纹与所给的不同：给定 {expected}，实为 {found}",
            "The policy has another hash: expected {expected}, found {found}",
        ),
        "source-missing": (
            "请用 --policy 指定密封规则文件，或用 --from 指定它的地址，二者取一。",
            "Name the policy by --policy FILE or --from URL, one of the two.",
        ),
        "certificate-unreadable": ("证书或私钥无法读取：{error}", "Certificate or key cannot be read: {error}"),
        "certificate-other": (
            "证书上的单位与所填的不一致：证书为 {holder}，所填为 {given}",
            "The certificate names another holder: {holder}, given {given}",
        ),
        "key-other": ("私钥与证书不是一对：{file}", "This private key does not belong to the certificate: {file}"),
        "certificate-expired": (
            "证书已于 {until} 过期，不能用它签名。",
            "The certificate expired at {until} and cannot sign.",
        ),
        "slots-many": ("最多可用 {most} 张加密证书。", "At most {most} encryption certificates."),
        # content
        "bid-incomplete": ("bid.json 还没有填好：{fields}", "bid.json is not filled in: {fields}"),
        "bid-unreadable": ("bid.json 无法读取：{error}", "bid.json cannot be read: {error}"),
        "price-unclear": (
            "报价应为元，最多两位小数，如 4650000.00：{text}",
            "The price is in yuan with up to two places, such as 4650000.00: {text}",
        ),
        "words-differ": (
            "报价大写与小写不一致，没有密封。小写 {price} 即 {expected}，所填大写为 {words}。"
            "按规定以大写为准；确要如此，加 --accept-words。",
            "The price in words differs from the figures; nothing was sealed. {price} is {expected}, not {words}. "
            "The words would count; if that is what you want, add --accept-words.",
        ),
        "folder-inside": (
            "文件要直接放在各部分的文件夹里，不能再套文件夹：{file}",
            "Files lie directly in the folder of their part: {file}",
        ),
        "readout-other": (
            "readout 文件夹由本工具填写，请把其他文件移走：{file}",
            "The folder readout is filled by this tool, move this file away: {file}",
        ),
        "nothing-to-seal": (
            "各部分文件夹都是空的。请把投标文件放进 price、business、technical、qualification。",
            "All folders are empty. Put your files into price, business, technical, qualification.",
        ),
        "too-many-files": (
            "{part} 里有 {count} 个文件，一个部分至多 {limit} 个。请合并成较少的 PDF 再密封。",
            "{part} holds {count} files, a part holds at most {limit}. Merge them into fewer PDFs, then seal.",
        ),
        "too-large": ("文件太大：共 {size}，上限 {limit}。", "Too large: {size} in all, the limit is {limit}."),
        "not-sealed": (
            "没有密封，有一处不合规定：{error}",
            "Not sealed, something is not allowed: {error}",
        ),
        "trial-failed": (
            "自检没有通过，没有保存：{error}",
            "The trial opening failed, nothing was kept: {error}",
        ),
        # handing in
        "nothing-sealed": ("还没有密封。先运行 mifeng bid seal。", "Nothing is sealed. Run mifeng bid seal first."),
        "outcome-unknown": (
            "第 {number} 版已发出但没有收到答复，还不知道是否递交成功。先运行 mifeng bid status 查明。",
            "Version {number} was sent and no answer came. Run mifeng bid status to find out.",
        ),
        "container-changed": (
            "{file} 与密封时不同，不能递交。请重新运行 mifeng bid seal。",
            "{file} is not what was sealed. Run mifeng bid seal again.",
        ),
        "server-missing": (
            "不知道平台地址，请加 --server，如 --server https://ggzy.example.gov.cn",
            "The platform's address is not known, add --server",
        ),
        "ticket-missing": (
            "第一次递交要用递交码：在平台的项目页取得后加 --ticket。",
            "The first submission needs a ticket: get one on the project's page and add --ticket.",
        ),
        "ticket-unclear": (
            "这不是递交码，请从项目页整串复制。",
            "This is no ticket: copy the whole of it from the project's page.",
        ),
        "address-unclear": ("地址应以 http:// 或 https:// 开头：{text}", "Not an http or https address: {text}"),
        "unanswered": (
            "平台没有答复（{url}：{problem}）。文件夹里的一切都还在，稍后重做同一条命令即可。",
            "The platform does not answer ({url}: {problem}). Everything is still here; run the same command again.",
        ),
        "refused": (
            "平台没有受理：{said}（{refusal}，{status}）",
            "The platform refused: {said} ({refusal}, {status})",
        ),
        "answer-unclear": ("平台的答复看不懂：{what}", "The platform's answer is unclear: {what}"),
        "receipt-wrong": (
            "平台给的回执不成立，请保留并联系监督部门：{error}（{file}）",
            "The receipt does not hold, keep it and tell the supervisor: {error} ({file})",
        ),
        "withdrawn-before": (
            "第 {number} 版已撤回，不能再递交。修改后重新密封会得到新的一版。",
            "Version {number} was withdrawn. Seal again to get another version.",
        ),
        "not-standing": ("没有正在生效的版本可以撤回。", "No version stands that could be withdrawn."),
        "not-confirmed": ("没有输入“撤回”，什么也没有做。", "Not confirmed, nothing was done."),
        # the key
        "list-missing": (
            "平台还没有给出经见证的截止清单，密钥没有发出。稍后再试。",
            "The platform shows no witnessed list of bids yet; the key was not sent. Try again later.",
        ),
        "not-listed": (
            "截止清单里没有本投标的这一版（{envelope}），密钥没有发出。请保留文件夹并联系监督部门。",
            "This envelope ({envelope}) is not in the list of bids; the key was not sent. Tell the supervisor.",
        ),
        "key-unfit": (
            "这把密钥打不开本投标，没有发出。投标文件完好，确认密钥期间可以换一把再试。",
            "This key does not open the bid and was not sent. The bid is intact; try another key within the window.",
        ),
        "key-unreadable": ("看不懂这个密钥文件：{file}", "This key file cannot be read: {file}"),
        "code-unclear": ("恢复码不对，请对照抄写的那一份：{error}", "Not a recovery code: {error}"),
    }
)

STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "sealed": ("已密封，未递交", "sealed, not handed in"),
        "sent": ("已发出，结果未知", "sent, answer unknown"),
        "submitted": ("已递交", "handed in"),
        "replaced": ("已被后一版替换", "replaced by a later version"),
        "received": ("已递交，将被开启的是这一版", "handed in, this one will be opened"),
        "withdrawn": ("已撤回", "withdrawn"),
        "keyed": ("密钥已确认", "key confirmed"),
        "opened": ("已开启", "opened"),
        "unopened": ("未开启", "not opened"),
        "listed": ("已列截止清单，等待托管方副署", "listed, waiting for trustees"),
        "failed": ("投标不足法定家数，不开标", "too few bids, nothing is opened"),
        "keying": ("确认密钥", "keys are taken"),
        "releasing": ("密钥已截止，等待托管方释放份额", "keys closed, waiting for shares"),
        "unkeyed": ("确认密钥的投标不足，不开标", "too few keys, nothing is opened"),
        "public": ("已开标", "opened"),
        "short": ("开启的投标不足法定家数", "too few bids could be opened"),
    }
)


class Failed(Exception):
    """Something did not go (没有办成); ``code`` is a key of ``TEXTS``."""

    def __init__(self, code: str, /, **facts: object) -> None:
        self.code = code
        self.text = said(code, **facts)
        super().__init__(f"{self.text}[{code}]")


def said(code: str, /, **facts: object) -> str:
    """Return a sentence in the terminal's language."""
    zh, en = TEXTS[code]
    return (en if english() else zh).format(**facts)


def word(state: str) -> str:
    """Return the word for a state; the state itself when none is known."""
    zh, en = STATES.get(state, (state, state))
    return en if english() else zh


def english() -> bool:
    """Say whether the terminal's language is English; without a word of it, Chinese is spoken."""
    words = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((word for word in words if word), "").startswith("en")


def size(count: int) -> str:
    """Return a number of bytes as a person reads it."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(count / 1024, 1):.0f} KB"


def grouped(text: str) -> str:
    """Return a fingerprint in groups of four, to be compared by eye."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
