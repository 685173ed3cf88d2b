"""What a person states of a clip over the API: secrecy, a transcript; and whether it may be archived."""

from typing import Any

from fastapi.testclient import TestClient
from sqlmodel import col, select

from gateway.database import Database
from gateway.models import CustodyEvent


def test_secrecy_is_stated_with_the_labels_and_lifted_with_a_reason(
    api: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    """LK-16, R-77."""
    client, keys = api

    def stated(**given: str) -> Any:
        headers = {"x-api-key": keys["evidence"]}
        return client.patch("/api/v1/clips/clip-u/labels", headers=headers, json=given)

    assert stated(secrecy="top").status_code == 422
    said = stated(secrecy="state_secret", transcript="询问笔录第3页").json()
    assert (said["secrecy"], said["transcript"]) == ("state_secret", "询问笔录第3页")
    for taken_back in ({"secrecy": "none"}, {"secrecy": "privacy"}, {"transcript": ""}):
        refused = stated(**taken_back)
        assert refused.status_code == 409, refused.text
    whole = client.get("/api/v1/clips/clip-u", headers={"x-api-key": keys["evidence"]}).json()
    assert (whole["secrecy"], whole["transcript"]) == ("state_secret", "询问笔录第3页"), "nothing was changed"
    said = stated(secrecy="none", transcript="", why="经保密办审查不属于国家秘密").json()
    assert (said["secrecy"], said["transcript"]) == (None, None)
    with database.read() as session:
        told = session.exec(
            select(CustodyEvent)
            .where(CustodyEvent.event == "LABELLED_BY_PERSON")
            .order_by(col(CustodyEvent.seq))
        ).all()
    assert [line.detail.get("before") for line in told] == [
        {"secrecy": None, "transcript": None}, {"secrecy": "state_secret", "transcript": "询问笔录第3页"},
    ]  # fmt: skip
    assert told[-1].detail["why"] == "经保密办审查不属于国家秘密"
    assert (told[-1].actor, told[-1].subject) == ("user-evidence", "clip-u")


def test_a_clip_says_whether_it_may_be_archived(api: tuple[TestClient, dict[str, str]]) -> None:
    """R-01."""
    client, keys = api
    headers = {"x-api-key": keys["evidence"]}
    whole = client.get("/api/v1/clips/clip-u", headers=headers).json()
    assert whole["archivable"] == (not whole["not_archivable"])
    for link in whole["links"]:
        body = {"why": "不是本案"}
        assert (
            client.post(f"/api/v1/links/{link['id']}/withdraw", headers=headers, json=body).status_code == 200
        )
    whole = client.get("/api/v1/clips/clip-u", headers=headers).json()
    assert (whole["archivable"], [one["code"] for one in whole["not_archivable"]]) == (
        False,
        ["labels.no_link"],
    )
