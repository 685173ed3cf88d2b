"""Ranges of media: what is none is passed over, what lies beyond is a problem that says so (RFC 9110, 9457)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from api import problems
from api.media import media

CONTENT = bytes(range(10))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "a.mp4").write_bytes(CONTENT)
    app = FastAPI()
    problems.install(app, page=problems.body)

    @app.get("/api/a")
    def a() -> Response:
        return media(tmp_path / "a.mp4", "a.mp4")

    with TestClient(app) as made:
        yield made


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=abc", "bytes=", "bytes", "items=0-1"])
def test_a_range_that_is_none_is_passed_over(client: TestClient, asked: str) -> None:
    answer = client.get("/api/a", headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100"])
def test_a_range_beyond_the_end_says_how_long_the_file_is(client: TestClient, asked: str) -> None:
    answer = client.get("/api/a", headers={"range": asked})
    assert (answer.status_code, answer.headers["content-type"]) == (416, problems.TYPE)
    assert answer.headers["content-range"] == "bytes */10"
    assert "10 bytes" in answer.json()["detail"]


def test_a_good_range_is_answered_as_ever(client: TestClient) -> None:
    answer = client.get("/api/a", headers={"range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, CONTENT[2:5])
