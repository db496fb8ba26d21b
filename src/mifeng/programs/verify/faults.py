"""What can be wrong with a log (不符之处): one code and one sentence each.

The code is stable and stands in the specification; the sentence is what a person reads.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "header-wrong": "文件首行不是有效的文件头：{found}。",
        "line-wrong": "第 {line} 行不是有效的导出行：{found}。",
        "key-other": "文件所载日志公钥不是所给的公钥：应为 {expected}，实为 {found}。",
        "index-wrong": "条目序号不连续：此处应为第 {expected} 条，实为第 {found} 条，可能有删除、插入或调换。",
        "leaf-wrong": "第 {index} 条的内容与日志中的叶值不符，内容已被改动：叶值 {expected}，由内容算得 {found}。",
        "entry-wrong": "第 {index} 条的内容不是规范的条目：{found}。",
        "body-wrong": "第 {index} 条（{stream}）的正文与条目中的承诺不符：应为 {expected}，实为 {found}。",
        "prev-wrong": (
            "第 {index} 条（{stream}）所指的前一条不是链上实际的前一条{other}，其间有删除、插入或改动："
            "链上为 {expected}，所指为 {found}。"
        ),
        "prev-later": "第 {index} 条（{stream}）排在它的前一条{other}之前，次序已被调换。",
        "time-backwards": "第 {index} 条（{stream}）的时间早于同链前一条{other}：前一条为 {expected}，此条为 {found}。",
        "time-ahead": "第 {index} 条（{stream}）的时间晚于见证时间：见证于 {expected}，此条称 {found}。",
        "time-behind": "第 {index} 条（{stream}）的时间被倒填：{expected} 见证时尚无此条，此条却称 {found}。",
        "checkpoint-wrong": "第 {line} 行的树根不是有效的签名文本：{found}。",
        "checkpoint-misplaced": "第 {line} 行的树根所称长度与位置不符：此处共 {expected} 条，树根称 {found} 条。",
        "checkpoint-repeated": "第 {line} 行重复了长度为 {found} 的树根。",
        "checkpoint-forked": "日志出现分叉：长度 {index} 有两个不同的树根，{expected} 与 {found}。",
        "checkpoint-missing": "文件中没有任何树根，条目没有凭据。",
        "origin-other": "第 {line} 行的树根属于另一日志：应为 {expected}，实为 {found}。",
        "root-wrong": "长度 {index} 的树根与条目不符，改动在此前{other}以后：由条目算得 {expected}，树根称 {found}。",
        "signature-missing": "长度 {index} 的树根没有日志签名。",
        "signature-wrong": "长度 {index} 的树根的日志签名无效。",
        "signature-unknown": "长度 {index} 的树根带有来历不明的签名行：{found}。",
        "cosignature-wrong": "长度 {index} 的树根的见证签名无效：{found}。",
        "cosignature-missing": "末个树根（长度 {index}）缺少见证签名：{expected}。",
        "cosignature-backwards": "见证人 {stream} 的时间倒退：此前见证于 {expected}，长度 {index} 见证于 {found}。",
        "entries-uncovered": "末尾的条目没有树根覆盖：树根至 {expected} 条，文件有 {found} 条。",
        "against-forked": "与此前保存的树根不一致，日志已分叉：长度 {index} 由条目算得 {found}，保存的为 {expected}。",
        "against-longer": "日志比此前保存的树根还短，末尾有删除：保存的为 {expected} 条，文件有 {found} 条。",
        "against-wrong": "此前保存的树根不是本日志签名的（长度 {index}）：{found}。",
    }
)

UNCHECKED: Mapping[str, str] = MappingProxyType(
    {
        "log-key": "未给日志公钥，只按文件自带的公钥核验签名；整个文件仍可能是另造的。",
        "witness-keys": "未给见证人公钥，只按文件自带的公钥核验见证签名。",
        "witnesses": "没有见证人的公钥，未核验见证签名。",
        "witnessed-time": "测试日志的时间可以拨动，未与见证时间比较。",
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit (不符), and where.

    Args:
        code: key of ``TEXTS``.
        line: line of the file, from 1; 0 for the file as a whole.
        index: place in the log, or the size of a checkpoint.
        stream: stream of the entry, or name of the witness.
        other: index of the entry it does not fit with.
        expected: what should stand there.
        found: what stands there.
    """

    code: str
    line: int
    index: int | None = None
    stream: str = ""
    other: int | None = None
    expected: str = ""
    found: str = ""

    @property
    def text(self) -> str:
        """Return the sentence for a person."""
        fields = asdict(self) | {"other": "" if self.other is None else f"（第 {self.other} 条）"}
        return TEXTS[self.code].format(**fields)

    def fields(self) -> dict[str, object]:
        """Return the fault as JSON values."""
        return asdict(self) | {"text": self.text}
