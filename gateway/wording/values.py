"""Values of rule packs as people read them: which one it is, and what it says."""

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from gateway.wording import MEASURES, TERMS
from gateway.wording.sampling import CAUSES

UNSET = ("未规定", "not set")
YES = {True: ("是", "yes"), False: ("否", "no")}
PLACES = {
    "equipment.counted_types": "计入配备的设备类型",
    "scope.coverage_ratio": "记录完整的覆盖率",
    "scope.gap_tolerance_seconds": "允许的间断（秒）",
    "scope.edge_slack_seconds": "环节起止允许的误差（秒）",
    "scope.edge_slack_share": "环节起止允许的误差（占时长）",
    "scope.room_mode": "执法办案场所的记录要求",
    "scope.default_mode": "未列明环节的记录要求",
    "scope.omission_grounds": "可以不记录的情形",
    "deadlines.upload_hours": "上传时限（小时）",
    "deadlines.remote_upload_hours": "从偏远地区返回后的上传时限（小时）",
    "deadlines.archive_days": "结案后归档时限（日）",
}
"""Of those that figures rest on."""
RATIO = re.compile(r"equipment\.classes\.(\w+)\.ratio")
KEPT = {
    "case": ("随案件", "as long as the case"),
    "permanent": ("永久", "for ever"),
    "30y": ("30 年", "30 years"),
    "10y": ("10 年", "10 years"),
}
COMPULSORY = {
    "none": ("不属于行政强制", "not compulsory"),
    "measure": ("行政强制措施", "a compulsory measure"),
    "execution": ("行政强制执行", "compulsory execution"),
}
FACING = {True: ("面向当事人", "faces the party"), False: ("不面向当事人", "faces nobody")}
PROVING = {True: ("可作处罚证据", "proves in a penalty case"), False: ("不作处罚证据", "proves nothing")}


def place_words(place: str) -> str:
    """In Chinese; a place without words stays as the pack writes it."""
    if found := RATIO.fullmatch(place):
        return f"{found[1]} 类单位的配备比例"
    group, _, name = place.rpartition(".")
    if group == "equipment.min_spec" and name in MEASURES:
        return f"最低技术要求：{MEASURES[name][0]}"
    return PLACES.get(place, place)


def value_words(value: Any, language: str = "zh") -> str:
    which = 0 if language.startswith("zh") else 1
    if value is None or isinstance(value, bool):
        return (UNSET if value is None else YES[value])[which]
    if isinstance(value, str):
        return (TERMS.get(value) or KEPT.get(value) or CAUSES.get(value) or (value, value))[which]
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (date, time)):
        return value.isoformat("minutes") if isinstance(value, time) else value.isoformat()
    if isinstance(value, Mapping):
        colon, end = ("：", "；") if which == 0 else (": ", "; ")
        return end.join(f"{name}{colon}{value_words(one, language)}" for name, one in value.items())
    if isinstance(value, (tuple, list)):
        return ("、", ", ")[which].join(value_words(one, language) for one in value)
    return shaped(value, which)


def shaped(value: Any, which: int) -> str:
    """What a kind of step is, and stages of a case, by their names."""
    if hasattr(value, "compulsory"):
        told = FACING[value.party_facing], COMPULSORY[value.compulsory], PROVING[value.penalty_evidence]
        return ("，", ", ")[which].join(one[which] for one in told)
    if hasattr(value, "seed"):
        other = "、".join(value.aliases)
        return f"{value.name}（{other}）" if other else str(value.name)
    return str(value)
