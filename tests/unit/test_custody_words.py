"""Every kind of line that any code writes into the chain has its words, and no word is of a kind that none writes."""

import ast
import re
from pathlib import Path

from gateway.models import Described, State
from gateway.wording.custody import EVENTS, event_word

HOUSE = Path(__file__).resolve().parents[2]
KIND = re.compile(r"[A-Z]{3,}(_[A-Z]+)*")
NO_KINDS = {"LOW", "OPEN", "SETTLED", "SOUND", "STRANGER", "TAKEN_UNREGISTERED", "UNCHECKED"}
"""Constants of the same look in those modules."""


def writers() -> list[ast.Module]:
    """Modules that add to the chain."""
    paths = [
        path for room in ("gateway", "ingest", "api", "drivers") for path in (HOUSE / room).rglob("*.py")
    ]
    return [ast.parse(text) for path in paths if "custody.append(" in (text := path.read_text("utf-8"))]


def constants(tree: ast.AST) -> set[str]:
    """What is handed on by a call, chosen between two, or put together: `f"USER_{…}"`."""
    calls = [
        argument for node in ast.walk(tree) if isinstance(node, ast.Call)
        for argument in (*node.args, *(one.value for one in node.keywords))
    ]  # fmt: skip
    chosen = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    held = [leaf for node in (*calls, *chosen) for leaf in leaves(node)]
    return {text for text in held if KIND.fullmatch(text)}


def leaves(node: ast.AST) -> list[str]:
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.IfExp():
            return leaves(node.body) + leaves(node.orelse)
        case ast.Tuple():
            return [text for one in node.elts for text in leaves(one)]
    return []


def written() -> set[str]:
    users = {f"USER_{action}" for action in ("ADD", "KEY", "DISABLE")}
    found = set().union(*(constants(tree) for tree in writers()))
    return (found | users | set(State) | set(Described)) - NO_KINDS


def test_every_kind_of_line_has_words_and_none_is_dead() -> None:
    assert written() - set(EVENTS) == set()
    assert set(EVENTS) - written() == set()


def test_both_languages_say_something() -> None:
    for kind, (chinese, english) in EVENTS.items():
        assert re.search(r"[\u4e00-\u9fff]", chinese), kind
        assert re.fullmatch(r"[\x20-\x7e]+", english), kind


def test_a_kind_that_nobody_foresaw_is_shown_as_it_is() -> None:
    assert event_word("SOMETHING_NEW") == "SOMETHING_NEW"
    assert event_word("VIEWED") == "开始调阅"
    assert event_word("VIEWED", "en") == "Viewing begun"
