"""The columns that Hebei lists have (regulations 5.2), their other names, and what stands in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.rules.scope import fold

COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("序号", "编号"),
    "category": ("执法类别", "类别", "行政执法类别", "执法种类", "执法类型", "行政行为", "权力类型"),
    "matter": (
        "执法事项/环节", "执法事项", "执法环节", "行政执法事项", "事项", "事项名称", "环节", "执法项目",
    ),
    "step": (
        "记录环节/事项", "记录环节", "记录事项", "音像记录事项", "音像记录环节", "记录的环节", "记录事项名称",
    ),
    "place": ("记录场所", "记录地点", "场所", "地点"),
    "means": (
        "记录方式/载体", "记录方式", "记录载体", "记录设备", "音像记录方式", "音像记录设备", "记录工具",
        "设备",
    ),
    "recorder": ("记录人", "记录人员", "记录主体", "音像记录人员", "责任人"),
    "starts": (
        "开始记录时间", "开始时间", "记录开始时间", "起始时间", "起始记录时间", "记录时间/开始",
        "记录时间/起始", "记录起点", "起点",
    ),
    "content": (
        "记录内容/过程", "记录内容", "记录过程", "记录要点", "记录重点", "音像记录内容", "主要内容",
        "记录的内容",
    ),
    "ends": (
        "结束记录时间", "结束时间", "记录结束时间", "终止时间", "记录时间/结束", "记录时间/终止",
        "记录终点", "终点",
    ),
    "keep": ("储存期限", "存储期限", "保存期限", "保管期限", "存储时限", "保存时间"),
    "record_class": ("执法记录类别", "记录类别", "记录类型", "音像记录类别"),
    "time_limit": ("执法时限要求", "时限要求", "执法时限", "时限"),
    "marking": ("记录标识要求", "标识要求", "记录标识", "标识"),
    "demand": ("记录要求", "记录模式", "记录程度", "音像记录要求", "是否全程"),
    "note": ("备注", "说明", "附注"),
}  # fmt: skip
BY_NAME = {fold(name): column for column, names in COLUMNS.items() for name in names}
ABOUT = ("step", "matter")
"""One of them says what a line is about."""
FILLED_DOWN = ("number", "category", "matter")
"""Merged over several lines in most lists; a CSV has them in the first one only."""


def column_of(*written: str) -> str | None:
    """The column that a heading, or a heading above another, names."""
    return BY_NAME.get(fold("".join(written)))


@dataclass(frozen=True, slots=True)
class Looks:
    """What the cells of a column look like: `never` anything else, or `surely` this and nothing else."""

    expected: re.Pattern[str] | None
    surely: re.Pattern[str] | None
    strict: bool = False
    """One cell that looks otherwise is enough: the row is shifted."""


DEVICE = (
    r"(行政)?执法记录仪|单兵|照相机?|相机|摄像机?|录音(机|笔|设备)?|录像(机|设备)?|(手持)?(执法)?终端|(视频)?监控"
    r"(设备|系统)?|手机|无人机|拍照|拍摄|音像|便携式(记录)?设备|审讯主机|同步录音录像"
)
PERSON = r"(两名以上|2名以上)?(行政)?(执法|办案|检查|调查|现场)人员|承办人|书记员|记录员?人?|主持人|送达人"
JOIN = r"[、,，/和或及与]|以及|或者"


def one_of(pattern: str) -> re.Pattern[str]:
    """A list of such terms and nothing beside it."""
    return re.compile(rf"(?:{pattern})(?:(?:{JOIN})(?:{pattern}))*")


MODE = re.compile(
    r"(应当?|须|必须|要求)?(全程|全过程|不间断|连续|部分|适时|必要时|主要过程|关键环节|重点环节|可以?不(进行)?|不需要?|无需|非全程)"
    r"(同步|不间断|连续)?(音像)?(记录|录制|录音录像|录像|摄录|拍摄)?|文字记录即可"
)
"""How much to record, and nothing that could be recorded."""


LOOKS: Mapping[str, Looks] = {
    "number": Looks(
        re.compile(r"[(（]?[\d一二三四五六七八九十百.\-、]{1,8}[)）]?"), re.compile(r"\d{1,3}"), strict=True
    ),
    "place": Looks(re.compile(r".*[场所室处地点厅户路店内外区业位院站库房线].*"), None),
    "means": Looks(
        re.compile(r".*(记录仪|照相|相机|摄|录音|录像|录制|拍|监控|终端|设备|手机|无人机|音像|视频).*"),
        one_of(DEVICE),
    ),
    "recorder": Looks(re.compile(r".*[人员者队科所局股组].*"), one_of(PERSON)),
    "starts": Looks(
        re.compile(r".*(进|到|抵|开始|始|起|前|时|接|启动|宣布|发现|出示|告知|表明|\d).*"),
        re.compile(r"(进入|到达|抵达|开始)(?!.*(离开|结束|下一|下个)).*"),
    ),
    "ends": Looks(
        re.compile(r".*(离|结束|束|止|后|完|毕|终|时|\d).*"),
        re.compile(r"(?!.*(进入|到达|抵达|开始)).*(离开.*|结束(时|后|为止)?|完毕|终止|为止)"),
    ),
    "keep": Looks(
        re.compile(r".*(年|月|日|天|永久|长期|短期|案卷|期限|档|保存|保管|规定|同).*"),
        re.compile(r"永久|长期|(不少于|至少|≥)?\d+个?(年|月|天|日)(以上)?|(同|与)案卷.{0,12}"),
        strict=True,
    ),
    "record_class": Looks(
        re.compile(r"[^类]{1,6}类(?:[、,，/]?[^类]{1,6}类)*"), re.compile(r"(场景|确认|约谈)类"), strict=True
    ),
    "time_limit": Looks(re.compile(r".*([日天时年月]|及时|限|无|即|当).*"), None),
    "marking": Looks(re.compile(r".*[标识号称名案期].*"), None),
}  # fmt: skip


def fits(column: str, text: str) -> bool:
    looks = LOOKS.get(column)
    return looks is None or looks.expected is None or bool(looks.expected.fullmatch(text))


def surely(column: str, text: str) -> bool:
    looks = LOOKS.get(column)
    return looks is not None and looks.surely is not None and bool(looks.surely.fullmatch(text))


def surely_of(text: str, columns: frozenset[str]) -> str | None:
    """The column among these whose cells, and hardly any others, look like this text."""
    return next((name for name in LOOKS if name in columns and surely(name, text)), None)


def is_mode(text: str) -> bool:
    return bool(MODE.fullmatch(text))


def may_be_either(column: str) -> bool:
    """Its cells are of a kind, but none that would tell them from those of every other column."""
    return column in LOOKS and LOOKS[column].surely is None


def is_strict(column: str) -> bool:
    return column in LOOKS and LOOKS[column].strict
