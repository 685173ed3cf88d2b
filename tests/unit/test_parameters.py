"""What no database keeps as text is found wherever it stands, and named by its place."""

import json

import pytest
from fastapi.testclient import TestClient

from api.parameters import ESCAPED, unstorable
from tests.client import app

DEEP = 900


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"a": ["x", {"b": "\0"}]}, ("body", "a", 1, "b")),
        ({"\ud800": 1}, ("body", "name")),
        (["🎥", "\udc80"], ("body", 1)),
    ],
)
def test_it_is_named_by_its_place(body: object, place: tuple[str | int, ...]) -> None:
    assert unstorable([(("body",), body)]) == [place]
    assert ESCAPED.search(json.dumps(body).encode())


def test_whole_characters_and_other_values_are_nothing() -> None:
    assert unstorable([(("body",), [None, 1.5, True, "🎥", {"k": []}])]) == []


def test_neither_depth_nor_length_is_in_the_way() -> None:
    deep: object = "\0"
    for _ in range(DEEP):
        deep = [deep]
    assert unstorable([(("b",), deep)]) == [("b", *([0] * DEEP))]
    assert len(unstorable([(("b",), ["\0"] * 100)])) == 20


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"name": "a\\u0000", "password": "x"}'),
        ("application/json", b'{"name": "a\\ud800", "password": "x"}'),
        ("application/x-www-form-urlencoded", b"name=%00&name=x"),
    ],
)
def test_a_body_with_it_is_turned_away_before_anything_is_asked(kind: str, body: bytes) -> None:
    with TestClient(app()) as client:
        said = client.post("/api/v1/session", content=body, headers={"content-type": kind})
    assert (said.status_code, said.headers["content-type"]) == (422, "application/problem+json")
    assert said.json()["errors"][0]["place"].startswith("body.name")
