"""The sentence a person reads for each reason that the gateway stores, in Chinese and English."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from gateway.wording import (
    annual,
    cabinets,
    casefile,
    cases,
    choosing,
    devices,
    equipment,
    footage,
    reports,
    retention,
    retrieval,
    rules,
    sampling,
    scope,
    worklist,
)
from gateway.wording.mistakes import in_chinese

MISTAKES = "errors"
"""The fact that tells what is wrong in a file, line by line and in English, as its reader says it."""
CHINA = ZoneInfo("Asia/Shanghai")
SHARE = re.compile(r"[01](\.\d+)?")
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$")

Reason = dict[str, Any]
"""A stored reason: `code`, `facts` (what fills the sentence), and for rules `rule` and `passed`."""


def reason(code: str, **facts: object) -> Reason:
    return {"code": code, "facts": {name: str(value) for name, value in facts.items()}}


def sentence(stored: Mapping[str, Any] | None, language: str = "zh", zone: tzinfo = CHINA) -> str:
    """What a stored reason says; an unknown code is shown as it is, never hidden.

    Instants are stored in UTC and told in `zone`.
    """
    if not stored:
        return ""
    wording = SENTENCES.get(stored["code"])
    if wording is None:
        return str(stored["code"])
    which = 0 if language.startswith("zh") else 1
    facts = {name: told(name, value, which, zone) for name, value in stored.get("facts", {}).items()}
    return wording[which].format_map(Blank(facts))


def told(name: str, value: str, which: int, zone: tzinfo) -> str:
    """A stored fact as it stands in a sentence: words of ours in the language, instants in the zone."""
    if name == MISTAKES:
        return value if which else in_chinese(value)
    if name in SHARES and SHARE.fullmatch(value):
        return f"{float(value):.0%}"
    if name in NAMING and all(part in NAMED for part in value.split("、")):
        return value if not which else ", ".join(NAMED[part] for part in value.split("、"))
    words = [term(part, which) for part in value.split(", ")] if name in WORDED else [None]
    if all(words):
        return ("、", ", ")[which].join(word for word in words if word)
    if not INSTANT.match(value):
        return value
    try:
        return datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):  # what somebody wrote looks like one, and is in no calendar
        return value


def term(part: str, which: int) -> str | None:
    """A word of ours, or a measure with its figures behind it; None for anything else."""
    name, _, figures = part.partition(" ")
    if name in MEASURES and figures[:1].isdigit() is bool(figures):
        return f"{MEASURES[name][which]} {figures}".rstrip()
    return TERMS[part][which] if part in TERMS else None


class Blank(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"‹{name}›"


WORDED = frozenset(
    {
        "source", "kind", "status", "type", "given", "wanted", "before", "after", "measure", "measures",
        "mode", "frame", "ground", "flag", "verdict", "role", "right", "lacks",
    }
)  # fmt: skip
"""Facts that are words of ours; in any other a device may be called `camera` and keeps its name."""

NAMING = frozenset({"labels", "lacks"})
"""Facts that name what is still empty, as rules call it: in Chinese."""

NAMED = {
    "案件编号": "case number", "采集时间": "time", "采集地点": "place", "采集人": "person",
    "证明对象": "what it proves", "情形": "the ground", "理由": "the reason", "工作记录": "the work record",
    "报告对象": "whom it was reported to", "审批人": "who approved it", "审批时间": "when it was approved",
}  # fmt: skip

SHARES = frozenset({"score", "best"})
"""Facts that are shares: how well a clip and a step agree."""

VERDICTS = {
    "VALID": ("有效", "valid"),
    "VALID_WITH_NOTE": ("有效（附注）", "valid, with a note"),
    "NEEDS_REVIEW": ("待人工审核", "needs review"),
    "REJECTED": ("不予采信", "rejected"),
    "EXEMPT": ("依法可不记录", "exempt"),
}

ACCESS = {
    "operator": ("操作员", "operator"),
    "evidence": ("证据管理", "evidence"),
    "supervisor": ("监督", "supervisor"),
    "integrator": ("系统对接", "integrator"),
    "admin": ("管理员", "admin"),
    "read": ("查看", "see what is there"),
    "view": ("调阅音像资料", "watch footage"),
    "request": ("申请调阅", "ask to watch footage"),
    "operate": ("操作设备、登记领用归还", "order devices and enter checkouts"),
    "label": ("标注、关联", "label and link"),
    "ledger": ("登记装备台账", "write the equipment ledger"),
    "cases": ("写入案件", "write cases"),
    "custody": ("查看保管链", "read the chain of custody"),
    "hold": ("保全、标记", "hold and mark footage"),
    "dispose": ("提出销毁", "propose a disposal"),
    "approve": ("批准销毁、解除保全", "agree to a disposal or lift a hold"),
    "check": ("抽查评查", "draw samples and say what was found"),
    "freeze": ("冻结季度数据", "freeze a quarter's figures"),
    "endpoints": ("管理推送接收方", "say who is told of what happens"),
}
"""Roles and rights."""

TERMS = {
    **VERDICTS,
    **ACCESS,
    "unknown_stage": ("阶段不明", "stage not known"),
    "gps": ("卫星定位", "its GPS track"),
    "gateway": ("网关时钟", "the gateway's clock"),
    "container": ("文件内记录", "its container"),
    "name": ("文件名", "its name"),
    "file": ("文件修改时间", "its modification time"),
    "person": ("人工认定", "a person's statement"),
    "ACCEPTED": ("已验收", "accepted"),
    "IN_SERVICE": ("在用", "in service"),
    "REPAIR": ("维修", "under repair"),
    "LOST": ("丢失", "lost"),
    "SUSPENDED": ("停用", "suspended"),
    "RETIRED": ("报废", "retired"),
    "PERSONAL": ("个人配备", "personal"),
    "SECTION_SHARED": ("科室共用", "shared by a section"),
    "POOL": ("公用", "pool"),
    "VEHICLE": ("车载", "vehicle"),
    "FIXED_ROOM": ("固定安装", "fixed in a room"),
    "WINDOW": ("窗口", "counter"),
    "officer": ("人员", "an officer"),
    "room": ("场所", "a place"),
    "unit": ("单位", "a unit"),
    "device": ("设备", "device"),
    "checkout": ("领用记录", "checkout"),
    "allocation": ("配备记录", "allocation"),
    "standing": ("状态记录", "status entry"),
    "unitclass": ("单位类别记录", "entry of a class"),
    "annualcheck": ("年检记录", "annual check"),
    "body_camera": ("执法记录仪", "body camera"),
    "handheld_terminal": ("手持执法终端", "handheld terminal"),
    "camera": ("照相机", "camera"),
    "camcorder": ("摄像机", "camcorder"),
    "audio_recorder": ("录音机", "audio recorder"),
    "cctv": ("视频监控", "CCTV"),
    "storage": ("音像资料采集存储设备", "collection and storage equipment"),
    "FULL": ("全程音像记录", "all of it"),
    "PARTIAL": ("相关环节音像记录", "the key parts"),
    "OPTIONAL": ("可以不记录", "nothing"),
    "secret": ("涉及国家秘密、商业秘密或者个人隐私", "secrets or privacy"),
    "emergency": ("情况紧急", "an emergency"),
    "impossible": ("客观原因无法记录", "objectively impossible"),
    "ground": ("情形", "ground"),
    "why": ("理由", "why"),
    "to_at": ("返回时间", "to_at"),
    "EVIDENCE": ("证据", "evidence"),
    "OBSTRUCTION": ("阻碍执法", "obstruction"),
    "MAJOR": ("重大事项", "a major matter"),
}
"""Words of ours that stand in facts."""

MEASURES = {
    "width": ("图像宽度", "width"),
    "height": ("图像高度", "height"),
    "still_mp": ("照片像素（百万）", "megapixels of a photo"),
    "battery_mah": ("电池容量（毫安时）", "battery in mAh"),
    "record_hours": ("续航（小时）", "hours of recording"),
    "storage_gb": ("存储（GB）", "storage in GB"),
    "ip": ("防护等级 IP", "protection IP"),
    "battery": ("电量", "battery"),
    "memory": ("存储空间", "free memory"),
    "clock": ("时钟", "clock"),
}
"""What is measured; in a fact the figures stand behind the name."""


def spoken(word: str, language: str = "zh") -> str:
    """A device's type or state as people say it; what is none of ours stays as it is."""
    said = TERMS.get(word) or (word, word)
    return said[0 if language.startswith("zh") else 1]


def verdict_word(verdict: str, language: str = "zh") -> str:
    """A verdict as people say it."""
    chinese, english = VERDICTS[verdict]
    return chinese if language.startswith("zh") else english


SENTENCES: dict[str, tuple[str, str]] = {
    **annual.SENTENCES,
    **footage.SENTENCES,
    **devices.SENTENCES,
    **cabinets.SENTENCES,
    **equipment.SENTENCES,
    **rules.SENTENCES,
    **choosing.SENTENCES,
    **cases.SENTENCES,
    **casefile.SENTENCES,
    **scope.SENTENCES,
    **retention.SENTENCES,
    **retrieval.SENTENCES,
    **sampling.SENTENCES,
    **reports.SENTENCES,
    **worklist.SENTENCES,
}
