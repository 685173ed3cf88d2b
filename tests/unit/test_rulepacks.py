"""Rule packs: no value without its source, mistakes named by line, a unit's own over ours."""

import re
from pathlib import Path
from types import UnionType
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from gateway import rulepacks
from gateway.cli import main
from gateway.rulepacks import PackError, values_of
from gateway.rulepacks.requirements import catalogue, resting_on
from gateway.rulepacks.shape import RulePack
from gateway.rulepacks.sourced import Sourced, cited

OURS = rulepacks.load("hebei-xingtai-2019")
OWN = """\
extends: hebei-xingtai-2019
id: xindu-shichang-2026
title: 信都区市场监督管理局
version: 1
deadlines:
  upload_hours:
    value: 12
    source: 本局规定第八条
    verified: true
"""


def own(tmp_path: Path, text: str = OWN) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_value_of_ours_names_a_requirement_a_source_or_says_that_it_is_ours() -> None:
    known = catalogue()
    for place, value in values_of(OURS):
        named = cited(value.source)
        assert named <= known.requirements.keys() | known.sources.keys(), place
        assert named or value.source.startswith(("ours", "行政")), place
        if value.source.startswith("ours"):
            assert not value.verified, place


def test_every_source_that_a_requirement_names_is_in_the_catalogue() -> None:
    known = catalogue()
    for name, entry in known.requirements.items():
        assert cited(entry.basis) <= known.requirements.keys() | known.sources.keys(), name


def test_a_unit_says_only_what_is_different(tmp_path: Path) -> None:
    pack = rulepacks.load(own(tmp_path))
    assert pack.edition == "xindu-shichang-2026@1"
    assert (pack.deadlines.upload_hours.value, pack.deadlines.upload_hours.source) == (12, "本局规定第八条")
    assert pack.linking == OURS.linking
    assert pack.digest != OURS.digest


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("    source: 本局规定第八条\n", "", 6, "deadlines.upload_hours.source: is missing: say where"),
        ("本局规定第八条", "' '", 8, "deadlines.upload_hours.source: is empty"),
        ("    verified: true\n", "", 6, "deadlines.upload_hours.verified: is missing: `true` if somebody"),
        ("value: 12", "value: 0", 7, "deadlines.upload_hours.value"),
        ("value: 12", "value: .nan", 7, "deadlines.upload_hours.value"),
        ("value: 12", "value: soon", 7, "deadlines.upload_hours.value"),
        (
            "upload_hours",
            "uplaod_hours",
            6,
            "deadlines.uplaod_hours: is not known here; did you mean upload_hours?",
        ),
        ("version: 1", "version: 0", 4, "version"),
        ("id: xindu-shichang-2026", "id: 信都", 2, "id"),
    ],
)
def test_a_mistake_is_named_by_its_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in OWN
    path = own(tmp_path, OWN.replace(old, new))
    with pytest.raises(PackError) as caught:
        rulepacks.load(path)
    assert f"{path}:{line}: {says}" in str(caught.value)


def test_a_bare_number_is_refused(tmp_path: Path) -> None:
    text = OWN[: OWN.index("  upload_hours")] + "  upload_hours: 12\n"
    with pytest.raises(PackError, match="no value stands without its source"):
        rulepacks.load(own(tmp_path, text))


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "a: 1\na: 2\n", "extends: nowhere\n", "\x00"])
def test_what_is_no_pack_at_all_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PackError):
        rulepacks.load(own(tmp_path, text))


def test_a_pack_extends_another_file_beside_it_but_not_itself(tmp_path: Path) -> None:
    own(tmp_path)
    (tmp_path / "below.yaml").write_text("extends: own.yaml\nid: below\n", encoding="utf-8")
    pack = rulepacks.load(tmp_path / "below.yaml")
    assert (pack.id, pack.deadlines.upload_hours.value) == ("below", 12)
    (tmp_path / "ring.yaml").write_text("extends: ring.yaml\n", encoding="utf-8")
    with pytest.raises(PackError, match="extends itself"):
        rulepacks.load(tmp_path / "ring.yaml")


def test_the_digest_is_of_what_a_pack_says_not_of_how_it_is_written(tmp_path: Path) -> None:
    one = rulepacks.load(own(tmp_path))
    other = tmp_path / "other.yaml"
    other.write_text("# the same\n" + OWN.replace("value: 12", "value: 12.0"), encoding="utf-8")
    assert rulepacks.load(other).digest == one.digest


@given(st.sampled_from([place for place, _ in values_of(OURS)]))
def test_every_value_can_be_found_again_from_what_it_rests_on(place: str) -> None:
    value = dict(values_of(OURS))[place]
    for named in cited(value.source):
        if named in catalogue().requirements:
            assert place in dict(resting_on(OURS, named))


def test_check_and_explain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ["--config", str(tmp_path / "none.yaml")]
    assert main([*config, "rules", "check", str(own(tmp_path))]) == 0
    checked = capsys.readouterr().out
    assert "xindu-shichang-2026@1" in checked
    assert "河北省行政执法音像记录设备配备办法 (text not read" in checked
    assert main([*config, "rules", "explain", "r-31"]) == 0
    told = capsys.readouterr().out
    assert "不少于2名执法人员一台" in told
    assert "equipment.classes.A.ratio = 2" in told
    assert main([*config, "rules", "explain", "deadlines.decision_days"]) == 0
    assert "deadlines.decision_days = 90" in capsys.readouterr().out
    assert main([*config, "rules", "explain", "R-999"]) == 2
    broken = own(tmp_path, OWN.replace("    source: 本局规定第八条\n", ""))
    rulepacks.load.cache_clear()
    assert main([*config, "rules", "check", str(broken)]) == 2
    assert "own.yaml:6" in capsys.readouterr().err


def test_a_requirement_of_each_kind_is_known() -> None:
    known = catalogue().requirements
    assert {f"AL-{number}" for number in range(1, 13)} <= known.keys()
    assert {f"LK-{number}" for number in range(1, 21)} <= known.keys()


def test_no_law_is_dead() -> None:
    """What stands in a pack is read by product code; the names of groups and of kinds lead to it."""
    house = Path(__file__).parents[2]
    files = [
        path for room in ("gateway", "api", "ingest", "drivers") for path in (house / room).rglob("*.py")
    ]
    text = "\n".join(path.read_text() for path in files if "rulepacks" not in path.parts)
    words = set(re.findall(r"\w+", text))
    names = {name for place, _ in values_of(OURS) if (name := place.rpartition(".")[2]) in KNOWN}
    assert names == KNOWN, "a name of the shape that no pack uses"
    assert {*names, "instruments"} - words == set()


def shaped(model: type[BaseModel]) -> set[str]:
    """Fields of the shape that hold a value with its source."""
    names = set()
    for name, one in model.model_fields.items():
        for kind in get_args(one.annotation) if isinstance(one.annotation, UnionType) else [one.annotation]:
            if isinstance(kind, type) and issubclass(kind, Sourced):
                names.add(name)
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                names |= shaped(kind)
    return names


KNOWN = shaped(RulePack)


@pytest.mark.parametrize("name", ["preserve_documents", "handling_documents"])
def test_a_form_by_which_days_are_counted_is_one_of_the_forms(tmp_path: Path, name: str) -> None:
    forms = f"forms:\n  {name}:\n    value: [登记保存清单]\n    source: 本局规定第九条\n    verified: true\n"
    with pytest.raises(PackError, match=f"{name}: 登记保存清单 is none of `documents`"):
        rulepacks.load(own(tmp_path, OWN + forms))


def test_a_pack_from_before_names_no_decisions_and_still_holds() -> None:
    """`extends` nothing, and says nothing of which papers are decisions."""
    told = OURS.model_dump(mode="json")
    for name in ("preserve_documents", "handling_documents", "decision_words", "notice_words"):
        del told["forms"][name]
    assert RulePack.model_validate(told).forms.decision_words is None


@pytest.mark.parametrize("day", ["02-29", "02-31", "13-01", "1-31", "2026-01-31", "x"])
def test_a_day_that_not_every_year_has_is_refused(tmp_path: Path, day: str) -> None:
    """It was taken, and a year later the annual report broke."""
    reports = (
        f"reports:\n  annual_report_by:\n    value: '{day}'\n    source: 本局规定第九条\n    verified: true\n"
    )
    with pytest.raises(
        PackError, match=r"own\.yaml:12: reports.annual_report_by.value: .*is no month and day"
    ):
        rulepacks.load(own(tmp_path, OWN + reports))
