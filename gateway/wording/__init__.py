"""The sentence a person reads for each reason that the gateway stores, in Chinese and English."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from gateway.wording import devices, footage, rules

CHINA = ZoneInfo("Asia/Shanghai")
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
    facts = {name: told(value, which, zone) for name, value in stored.get("facts", {}).items()}
    return wording[which].format_map(Blank(facts))


def told(value: str, which: int, zone: tzinfo) -> str:
    """A stored fact as it stands in a sentence: words of ours in the language, instants in the zone."""
    if value in TERMS:
        return TERMS[value][which]
    if not INSTANT.match(value):
        return value
    return datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M")


class Blank(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"‹{name}›"


TERMS = {
    "gps": ("卫星定位", "its GPS track"),
    "gateway": ("网关时钟", "the gateway's clock"),
    "container": ("文件内记录", "its container"),
    "name": ("文件名", "its name"),
    "file": ("文件修改时间", "its modification time"),
    "IN_SERVICE": ("在用", "in service"),
    "REPAIR": ("维修", "under repair"),
    "LOST": ("丢失", "lost"),
    "SUSPENDED": ("停用", "suspended"),
    "RETIRED": ("报废", "retired"),
    "SECTION_SHARED": ("科室共用", "shared by a section"),
    "POOL": ("公用", "pool"),
    "VEHICLE": ("车载", "vehicle"),
    "WINDOW": ("窗口", "counter"),
}
"""Words of ours that stand in facts."""

TYPES = {
    "body_camera": ("执法记录仪", "body camera"),
    "handheld_terminal": ("手持执法终端", "handheld terminal"),
    "camera": ("照相机", "camera"),
    "camcorder": ("摄像机", "camcorder"),
    "audio_recorder": ("录音机", "audio recorder"),
    "cctv": ("视频监控", "fixed camera"),
    "storage": ("采集存储设备", "collecting equipment"),
}
"""Types of equipment (R-30). No terms: a device may be named "camera", and is so in a sentence."""


def term(word: str, language: str = "zh") -> str:
    """A device's type or state as people say it; what is none of ours stays as it is."""
    said = TYPES.get(word) or TERMS.get(word) or (word, word)
    return said[0 if language.startswith("zh") else 1]


VERDICTS = {
    "VALID": ("有效", "valid"),
    "VALID_WITH_NOTE": ("有效（附注）", "valid, with a note"),
    "NEEDS_REVIEW": ("待人工审核", "needs review"),
    "REJECTED": ("不予采信", "rejected"),
    "EXEMPT": ("依法可不记录", "exempt"),
}


def verdict_word(verdict: str, language: str = "zh") -> str:
    """A verdict as people say it."""
    chinese, english = VERDICTS[verdict]
    return chinese if language.startswith("zh") else english


SENTENCES: dict[str, tuple[str, str]] = {**footage.SENTENCES, **devices.SENTENCES, **rules.SENTENCES}
