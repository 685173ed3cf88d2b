"""Stages and provincial forms as the rule pack has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway import rulepacks
from gateway.law import stages_of
from gateway.rulepacks.shape import FormRules
from gateway.rules.stages import UNKNOWN, Stage, counted_under, is_within, seed_stage, stages_named

FORMS_PACK = rulepacks.load("hebei-xingtai-2019")
FORMS = FORMS_PACK.forms
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
    stages = stages_of(rulepacks.load("hebei-xingtai-2019"))
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


PACK = stages_of(FORMS_PACK)
letters = st.text(st.sampled_from("送达执行审核决定启动归档ab "), max_size=5)
stages = st.lists(
    st.builds(Stage, letters, letters, st.sampled_from(SEED), st.lists(letters, max_size=2).map(tuple)),
    max_size=7,
).map(tuple)
words = (
    st.sampled_from([*SEED, *(one.name for one in PACK), *(one.id for one in PACK), UNKNOWN, "胡写"])
    | letters
)


@given(words, stages | st.just(PACK))
def test_every_text_counts_under_one_of_the_four_or_as_unknown(
    written: str, known: tuple[Stage, ...]
) -> None:
    assert counted_under(written, known) in {*(one.seed for one in known), UNKNOWN}


@given(words, stages | st.just(PACK), st.sampled_from([" {} ", "（{}）", "{}。"]))
def test_blanks_width_and_case_make_no_other_stage(
    written: str, known: tuple[Stage, ...], around: str
) -> None:
    told = around.format(written.upper())
    assert stages_named(told, known) == stages_named(written, known)


@given(words, words, stages | st.just(PACK))
def test_who_asks_for_a_group_of_the_board_gets_all_of_it_and_no_more(
    written: str, other: str, known: tuple[Stage, ...]
) -> None:
    """The four and the unknown part all steps among them, with packs whose words do not clash."""
    assert is_within(written, written, known) == (written == UNKNOWN or bool(stages_named(written, known)))
    asked = [group for group in (*SEED, UNKNOWN) if is_within(written, group, PACK)]
    under = counted_under(written, PACK)
    assert under in asked
    assert asked == [under]
    if is_within(written, other, PACK) and other != UNKNOWN:
        assert counted_under(other, PACK) == under


@given(words, stages, st.permutations(range(7)))
def test_the_order_of_a_pack_s_stages_decides_nothing(
    written: str, known: tuple[Stage, ...], order: list[int]
) -> None:
    other = tuple(known[place] for place in order if place < len(known))
    assert set(stages_named(written, known)) == set(stages_named(written, other))
    assert counted_under(written, known) == counted_under(written, other)


def test_a_unit_s_pack_names_its_own_words() -> None:
    written = FORMS.model_dump()
    written["stages"]["value"][2]["aliases"] = ["审查", "法制审核"]
    own = rulepacks.load("hebei-xingtai-2019").model_copy(update={"forms": FormRules.model_validate(written)})
    assert counted_under("审查", stages_of(own)) == "审核决定"
    assert counted_under("审查", PACK) == UNKNOWN
