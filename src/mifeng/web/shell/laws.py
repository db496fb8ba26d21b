"""What a page calls a law (法规名称): by the short name that stands before a clause."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Law:
    """Name a law or notice (法律文件): title, short form for narrow columns, and whether its text was at hand."""

    title: str
    short: str
    read: bool = True


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
        "MOF-2014-214-24": Law("财库〔2014〕214号第二十四条", "214号24", read=False),
        "MOF-2020-46-9": Law("财库〔2020〕46号第九条", "46号9", read=False),
        "MOF-2022-19": Law("财库〔2022〕19号", "19号", read=False),
        "MOF-2026-2": Law("财库〔2026〕2号", "2号", read=False),
        "SCO-2025-34": Law("国办发〔2025〕34号", "国办34号", read=False),
    }
)
