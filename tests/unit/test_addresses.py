"""Ids that come from outside are encoded wherever an address is made of them: a case may be called `A#b`."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from api.console.files import FOLDER

HOUSE = Path(__file__).parents[2]
MODULES = sorted([*(HOUSE / "api").rglob("*.py"), *(HOUSE / "gateway").rglob("*.py")])
TEMPLATES = sorted((FOLDER.parent / "templates").glob("*.html"))
ATTRIBUTE = re.compile(
    r'\b(?:href|action|formaction|src|hx-get|hx-post)="((?:\{\{.*?\}\}|\{%.*?%\}|[^"{]|\{(?![{%]))*)"'
)
SAID = re.compile(r"\{\{\s*(.*?)\s*\}\}")
OUTSIDE = re.compile(
    r"(?:/(?:cases|devices|officers|units|wall|kiosk|bays)/|[?;&](?:case|unit|officer|device|step)=)$"
)
"""What stands before an id that others gave."""
OURS = {
    "action.id", "asked.id", "clip.clip", "clip.id", "copy.id", "copy.request_id", "drawn.id", "head.id",
    "hold.id", "item.original.id", "last.id", "line.clip", "line.clip.id", "line.request", "line.row.id",
    "link.id", "mark.pieces[0].clip", "one.clip", "one.clip.id", "one.clip_id", "one.id", "one.party_id",
    "one.request.id", "one.snapshot", "piece.clip", "row.id", "sample.id", "seat.offload", "shot.clip.id",
    "snapshot", "snapshot.id", "line.old.id", "hold.clip_id", "undone", "viewing", "desk.viewing.id",
    "chapter.id", "view.firsts[chapter.id]",
}  # fmt: skip
"""Ids and figures that the gateway makes."""
WORDS = {
    "change", "format", "name", "figure.code.value", "one.code.value", "one.value", "queue.value", "asked.part",
    "'%g' % link.t0_s", "'%g' % mark.at_s", "one.at_s | int", "'' if loop.first else '?part=' ~ name",
    "'enable' if user.disabled else 'disable'",
}  # fmt: skip
"""Words and figures of ours."""
QUERIES = {"asked", "'?' ~ one.query if one.query", "'?' ~ query if query"}
"""What was encoded as a whole."""


def unencoded(text: str) -> Iterator[str]:
    """Of attributes that are addresses: what is put into them as it came."""
    for address in ATTRIBUTE.findall(text):
        for found in SAID.finditer(address):
            before, said = SAID.sub("…", address[: found.start()]), found[1]
            if "| urlencode" in said or said.startswith(("url_of(", "href(")):
                continue
            if not before.strip() or (said == "path" and before.startswith("{%")):
                continue  # a whole address, which others made
            if OUTSIDE.search(before) or said not in OURS | WORDS | QUERIES:
                yield address


def unencoded_parts(tree: nodes.Template) -> Iterator[str]:
    """Of addresses that templates put together with `~`."""
    for joined in tree.find_all(nodes.Concat):
        first = joined.nodes[0]
        if not isinstance(first, nodes.Const) or not str(first.value).startswith("/"):
            continue
        before = ""
        for one in joined.nodes:
            if isinstance(one, nodes.Getattr) and (
                OUTSIDE.search(before) or name_of(one) not in OURS | WORDS
            ):
                yield f"{before}{name_of(one)}"
            before = str(one.value) if isinstance(one, nodes.Const) else ""


def unencoded_here(tree: ast.Module) -> Iterator[str]:
    """Of addresses that Python puts together; `ref` is what was encoded before."""
    for joined in (one for one in ast.walk(tree) if isinstance(one, ast.JoinedStr)):
        if not (isinstance(joined.values[0], ast.Constant) and str(joined.values[0].value).startswith("/")):
            continue
        for before, one in pairwise(joined.values):
            said = ast.unparse(one.value) if isinstance(one, ast.FormattedValue) else "ref"
            follows = isinstance(before, ast.Constant) and OUTSIDE.search(str(before.value))
            if follows and said not in {"ref", "step"} and not said.startswith(("quote(", "urlencode(")):
                yield ast.unparse(joined)


def name_of(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{name_of(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "?"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_what_comes_from_outside_is_encoded_in_addresses(path: Path) -> None:
    text = path.read_text()
    tree = Environment(autoescape=True, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(text)
    assert [*unencoded(text), *unencoded_parts(tree)] == []


def test_what_comes_from_outside_is_encoded_in_addresses_of_python() -> None:
    found = {path.name: [*unencoded_here(ast.parse(path.read_bytes()))] for path in MODULES}
    assert {name: addresses for name, addresses in found.items() if addresses} == {}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ('<a href="/cases/{{ case.uid }}">', True),
        ('<a href="/cases/{{ case.uid | urlencode }}">', False),
        ('<a href="/equipment/officers/{{ one.id }}">', True),
        ('<a href="/clips/{{ one.id }}">', False),
        ('<a href="/samples/{{ sample.id }}/sheets?format=pdf&amp;case={{ case.uid }}">', True),
        ('{% set action = "/devices/" ~ line.device.id ~ "/standing" %}', True),
        ('{% set action = "/devices/" ~ (line.device.id | urlencode) ~ "/standing" %}', False),
    ],
)
def test_what_is_not_encoded_is_seen(written: str, found: bool) -> None:
    assert bool([*unencoded(written), *unencoded_parts(Environment(autoescape=True).parse(written))]) is found
