"""Every reason that the code gives has its sentence in both languages."""

import re
from pathlib import Path

from gateway.models import Role
from gateway.outbox import KINDS
from gateway.visibility import Right
from gateway.wording import ACCESS, SENTENCES, reason, sentence

PROJECT = Path(__file__).parents[2]
GIVEN = re.compile(
    r'"((?:bulk|search|figure|report|sample|paper|annual|weak|proposal|case_source|case_file|webhook|scope|gap|retention|disposal|hold|found|statement|duty|coverage|omission|rest|bay|nvr|broker|live|room|upload|cabinet|lock|handover|recorder|case|wait|quarantine|condition|listed|release|order|ledger|standing|retirement|equipment|number|device|custody|handler|certificate|officers|time|original|labels|link|lost|unlinked|ended|place|notice|retrieval|access|transcript|secrecy|note|evidence|package|worklist|session)\.[a-z_0-9]+)"'
)


def codes() -> set[str]:
    found: set[str] = set()
    for room in ("gateway", "drivers", "ingest", "api"):
        for path in (PROJECT / room).rglob("*.py"):
            if "wording" not in path.parts:
                found |= set(GIVEN.findall(path.read_text()))
    alike = (".id", ".conf", ".json", ".crt", ".key", ".py", ".html")  # keys, files and templates look alike
    return {code for code in found - set(KINDS) if not code.endswith(alike)}  # kinds of events are no reasons


def test_every_code_has_its_sentence_and_no_sentence_is_dead() -> None:
    assert codes() - set(SENTENCES) == set()
    assert set(SENTENCES) - codes() == set()


def test_both_languages_tell_the_same_facts() -> None:
    for code, (chinese, english) in SENTENCES.items():
        facts = [set(re.findall(r"\{(\w+)\}", text)) for text in (chinese, english)]
        assert facts[0] >= facts[1] or facts[0] <= facts[1], code


def test_words_of_ours_and_measures_are_told_in_the_readers_language() -> None:
    below = reason("equipment.spec_below", measures="width 1280 < 1920, storage_gb 8 < 16")
    assert sentence(below) == "技术参数未达标：图像宽度 1280 < 1920、存储（GB） 8 < 16"
    assert sentence(below, "en") == "below what is asked: width 1280 < 1920, storage in GB 8 < 16"
    assert "电量、时钟" in sentence(reason("equipment.precheck_missing", measures="battery, clock"))
    assert sentence(reason("ledger.unknown", kind="room", ref="room")) == "登记簿中没有场所 room"
    assert sentence(reason("ledger.unknown", kind="unit", ref="x"), "en") == "not in the registry: a unit x"
    assert "camera holds" in sentence(reason("ledger.overlaps", holder="camera holds", since="x"))
    assert sentence(reason("scope.by_list", mode="FULL", frame="PARTIAL")) == (
        "按本单位音像记录事项清单：全程音像记录（严于三项制度的相关环节音像记录）"
    )
    secret = reason("omission.complete", ground="secret", record="工1", approved="局长")
    assert sentence(secret).startswith("依法未记录：涉及国家秘密")
    assert "标记为证据" in sentence(reason("retention.flag_permanent", flag="EVIDENCE"))
    assert "由 camera 持有" in sentence(reason("ledger.overlaps", holder="camera", since="x")), (
        "a device's id"
    )


def test_labels_that_are_empty_are_named_in_the_readers_language() -> None:
    told = reason("labels.missing", labels="采集地点、证明对象")
    assert sentence(told, "en") == "labels still missing: place, what it proves (not archivable until given)"
    assert "采集地点、证明对象" in sentence(told)
    omitted = reason("omission.incomplete", lacks="理由、审批人")
    assert "the reason, who approved it" in sentence(omitted, "en")


def test_instants_are_told_in_local_time_and_unknown_codes_show() -> None:
    told = sentence(reason("unlinked.no_holder", at="2024-05-06T01:30:00+00:00"))
    assert "2024-05-06 09:30" in told
    assert sentence({"code": "new.code", "facts": {}}) == "new.code"
    assert "‹free›" in sentence({"code": "wait.store_full", "facts": {}})


def test_every_role_and_right_has_its_words() -> None:
    assert {*map(str, Role), *map(str, Right)} <= set(ACCESS)
    told = reason("access.not_allowed", role=Role.EVIDENCE, right=Right.ENDPOINTS)
    assert sentence(told) == "您的角色“证据管理”没有这项权限：管理推送接收方"
    assert sentence(told, "en") == "your role, evidence, has not the right to say who is told of what happens"
