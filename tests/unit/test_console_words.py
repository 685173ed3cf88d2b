"""Pages have words for everything they say, in both languages, and say nothing that is not among them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes

from api.console import board, clip_beside, clip_custody, clip_film, equipment, reports
from api.console.account import DONE, WRONG
from api.console.administration.showing import TABS
from api.console.administration.views import KINDS as ORDERS
from api.console.cases.telling import SAYS, STAGES
from api.console.clip_telling import RENDITIONS
from api.console.docks import Look
from api.console.errors import TOLD
from api.console.navigation import ENTRIES
from api.console.pages import FOLDER, THEMES, environment
from api.console.receipts import FATES
from api.console.retrieval.telling import TONES as REQUEST_TONES
from api.console.ways import safe
from api.console.work.decision import DEFAULTS
from api.console.work.showing import KEYS
from api.oidc import STATUS
from gateway.approvals import Asked
from gateway.casefile.party import SHOWN
from gateway.docks import Sign
from gateway.models import CopyState, HoldKind, LinkStatus, OrderState, RequestUse, Result, State
from gateway.reports.remarks import Checked
from gateway.rules.duty import Standing
from gateway.rules.scope import Mode
from gateway.scope.facts import COUNTED
from gateway.viewing_log import Kind
from gateway.wording import sentence
from gateway.wording.console import PARTS, WORDS, word
from gateway.wording.sampling import STANDINGS
from gateway.worklist.deciding import DECIDING
from gateway.worklist.marks import Queue
from tests.unit import clip_words


def clip_codes() -> Iterator[str]:
    """What the page of a clip puts together, and what is said of a line of custody."""
    every = {
        "bytes": State, "status": LinkStatus, "state": get_args(clip_film.Hindrance), "label": clip_beside.LABELS,
        "mark": (*clip_beside.MARKS, "begins", "ends", "part_begins", "part_ends", "note"), "given": clip_custody.GIVEN,
        "rendition": (*RENDITIONS, "other"), "order": clip_custody.ORDERS,
        "secrecy": ("privacy", "trade_secret", "state_secret"),
    }  # fmt: skip
    for part, codes in every.items():
        for code in codes:
            yield f"{part}_{code}"
            if part == "state":
                yield f"{part}_{code}.then"
    yield from ("custody_watched", "custody_restored")


def filled_in() -> set[str]:
    """Fields of all forms."""
    field = re.compile(r'<(?:input|textarea)\b[^>]*\bname="(\w+)"')
    return {name for path in FOLDER.glob("*.html") for name in field.findall(path.read_text())}


BUILT = {
    **{f"error.{status}": () for status in TOLD},
    **{f"error.{status}.then": () for status in TOLD},
    **{f"nav.{entry.name}": () for entry in ENTRIES},
    **{f"sign.{sign}": () for sign in Sign},
    **{f"sign.{sign}.then": () for sign in Sign},
    **{f"site.theme_{theme}": () for theme in THEMES},
    **{f"clip.{code}": () for code in clip_codes()},
    **{f"account.done.{name}": () for name in DONE},
    **{f"kiosk.done.{done}": () for done in ("taken", "back")},
    **{f"fate.{fate}": () for fate in FATES},
    **{f"account.wrong.{name}": () for name in WRONG},
    **{f"cases.standing_{standing}": () for standing in Standing},
    **{f"cases.mode_{mode}": () for mode in Mode},
    **{f"cases.status_{status}": () for status in COUNTED},
    **{f"cases.stage_{stage}": () for stage in STAGES},
    **{f"cases.kind_{kind}": () for kind in SAYS},
    **{f"cases.ground_{ground}": () for grounds in SAYS.values() for ground in grounds},
    **{f"cases.{name}_on": () for name in ("opened", "decided", "closed", "archived")},
    **{f"parties.{name}": () for name in SHOWN},
    **{f"docks.count_{name}": () for name, _ in Look((), True).counts},
    **dict.fromkeys(clip_words.BUILT, ()),
    **{f"request.state_{state}": () for state in REQUEST_TONES},
    **{f"request.{use}": () for use in RequestUse},
    **{f"request.blank_{name}": () for name in Asked.model_fields if name != "copying"},
    **{f"log.{kind}": () for kind in Kind},
    **{f"copies.{state}": () for state in CopyState},
    **{f"samples.state_{state}": () for state in Checked},
    **{f"samples.result_{result}": () for result in Result},
    **{f"samples.duty_{standing}": () for standing in STANDINGS},
    **{f"administration.tab_{tab}": () for tab in TABS},
    **{f"administration.pipeline_{one}": () for one in ("preserve", "describe")},
    **{f"administration.order_{kind}": () for kind in ORDERS},
    **{f"administration.order_state_{state}": () for state in OrderState},
    **{f"administration.do_{change}": () for change in ("on", "off", "again", "end")},
    **{f"work.queue_{queue}{then}": () for queue in Queue for then in ("", ".then")},
    **{f"work.did_{event}": () for event in DECIDING},
    **{f"work.why_{act}": () for act in DEFAULTS},
    **{f"work.status_{status}": () for status in ("PROPOSED", "CONFIRMED")},
    **{f"work.key_{key}{then}": () for key in KEYS for then in ("", ".then")},
    **{f"holds.on_{kind}": () for kind in HoldKind},
    **{f"oidc.{why}{then}": () for why in STATUS for then in ("", ".then")},
    **{f"field.{name}": () for name in filled_in() if f"field.{name}" in WORDS},
    "span.moment": (),
    **board.BUILT,
    **equipment.BUILT,
    **reports.BUILT,
    **{f"reports.way_{name}": () for name in ("overview", "snapshots", "files")},
}
"""What templates put together: `t("sign." ~ sign)`."""


def said_in(path: Path) -> set[str]:
    tree = environment().parse(path.read_text())
    calls = [call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", "") == "t"]
    return {told.value for call in calls for told in written(call.args[0])}


def written(code: nodes.Node) -> list[nodes.Const]:
    """The word itself, or either of two."""
    if isinstance(code, nodes.CondExpr):
        return [*written(code.expr1), *written(code.expr2 or nodes.Const(""))]
    return [code] if isinstance(code, nodes.Const) else []


def test_every_word_is_there_and_none_is_dead() -> None:
    said = set().union(*(said_in(path) for path in FOLDER.glob("*.html"))) | set(BUILT)
    assert said - set(WORDS) == set()
    assert set(WORDS) - said == set()


def test_no_word_is_said_by_two_parts() -> None:
    assert sum(len(part.WORDS) for part in PARTS) == len(WORDS)


def test_templates_say_everything_through_words() -> None:
    """A Chinese or English sentence in a template would be there in one language only."""
    for path in FOLDER.glob("*.html"):
        tree = environment().parse(path.read_text())
        texts = [re.sub(r"<[^>]*>", "", data.data) for data in tree.find_all(nodes.TemplateData)]
        bare = re.sub(r"<[^>]*>", " ", " ".join(texts))
        assert not re.search(r"[\u4e00-\u9fff]", path.read_text()), path.name
        assert not re.search(r">\s*[A-Za-z]{3,}[^<>{}=]*</", path.read_text()), (path.name, bare)


def test_both_languages_tell_the_same_facts() -> None:
    facts = {code: [set(re.findall(r"\{(\w+)\}", text)) for text in texts] for code, texts in WORDS.items()}
    assert {code: told for code, told in facts.items() if told[0] != told[1]} == {}
    assert [code for code, texts in WORDS.items() if not all(texts)] == []


def test_pages_hold_no_script_and_no_style() -> None:
    """The policy would not run them, and the page would be broken in silence."""
    for path in FOLDER.glob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|javascript:", text), (
            path.name
        )
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text), path.name


def test_a_missing_fact_is_an_error_and_no_hole() -> None:
    with pytest.raises(KeyError):
        word("zh", "docks.bay")
    with pytest.raises(jinja2.UndefinedError):
        environment().from_string("{{ nobody_gave_this }}").render()


@given(st.text())
def test_the_way_back_never_leads_to_another_host(path: str) -> None:
    back = safe(path)
    assert back.startswith("/")
    assert not back.startswith(("//", "/\\"))
    assert "\\" not in back
    assert back.isprintable()


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "/a\\b",
        "/a\nb",
        "docks",
    ],
)
def test_ways_that_lead_elsewhere_lead_home(path: str) -> None:
    assert safe(path) == "/"
    assert safe("/docks?dock=1") == "/docks?dock=1"


def test_one_thing_has_one_word() -> None:
    """A link is taken back and agrees by a share, on the work list, the clip's page and in its reasons."""
    lower = {"code": "lost.lower_score", "facts": {"score": "0.3512", "best": "1.0"}}
    assert (sentence(lower), sentence(lower, "en")) == ("符合度 35%，低于 100%", "score 35%, below 100%")
    assert word("zh", "work.score", percent=33) == word("zh", "clip.score", percent=33)
    assert [code for code, (chinese, _) in WORDS.items() if "撤销关联" in chinese or "得分" in chinese] == []
    came = {"code": "duty.came", "facts": {"clips": "1"}}
    assert "1 clips" not in sentence(came, "en")
