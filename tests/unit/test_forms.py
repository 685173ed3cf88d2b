"""Stages and provincial forms as the rule pack has them."""

import pytest
from pydantic import ValidationError

from gateway import rulepacks
from gateway.case_sources.rules import usual
from gateway.rulepacks.shape import FormRules
from gateway.rules.stages import seed_stage, stages_named

FORMS = rulepacks.load("hebei-xingtai-2019").forms
SEED = ["启动", "调查取证", "审核决定", "送达执行"]


def test_seven_stages_belong_to_the_four_of_the_seed() -> None:
    stages = FORMS.stages.value
    assert [stage.name for stage in stages] == ["启动", "调查取证", "审核", "决定", "送达", "执行", "归档"]
    assert stages[-1].id == "ARCHIVE"
    assert list(dict.fromkeys(stage.seed for stage in stages)) == SEED


@pytest.mark.parametrize(
    ("written", "seed", "count"),
    [
        ("启动", "启动", 1),
        ("审核", "审核决定", 1),
        ("审核决定", "审核决定", 2),
        ("EXECUTION", "送达执行", 1),
        ("审查", None, 0),
    ],
)
def test_a_stage_is_known_by_name_id_or_the_seed_s_word(written: str, seed: str | None, count: int) -> None:
    stages = usual().stages
    assert seed_stage(written, stages) == seed
    assert len(stages_named(written, stages)) == count


def test_the_twenty_five_forms_each_have_a_stage() -> None:
    documents = FORMS.documents.value
    assert len(documents) == len(set(documents)) == 25
    assert set(FORMS.document_stages.value) == set(documents)
    assert {"案卷封面", "案卷目录"} == set(documents) - set(FORMS.document_activities.value)


@pytest.mark.parametrize(
    ("group", "form", "told"),
    [
        ("document_stages", "现场笔录", "启动"),
        ("document_stages", "立案审批表", "审查"),
        ("document_activities", "现场笔录", ["询问"]),
    ],
)
def test_a_pack_that_names_what_it_does_not_list_is_refused(group: str, form: str, told: object) -> None:
    written = FORMS.model_dump()
    written[group]["value"][form] = told
    with pytest.raises(ValidationError, match="is none of"):
        FormRules.model_validate(written)
