"""`gateway report`: what is printed can be asked for again, and each figure listed."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from api.signin import add_key, add_user
from gateway.cli import main
from gateway.config import load
from gateway.daemon import Daemon
from gateway.database import Database
from gateway.live import LiveFolder
from gateway.models import Link, Role, Snapshot
from gateway.reports import Code
from gateway.store import LocalStore
from tests.client import client_of
from tests.empty import empty_database
from tests.integration.figures_site import Site
from tests.patience import until


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A configuration over a database with the generated site in it."""
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "gateway.sqlite"
    path.write_bytes(empty_database())
    database = Database(f"sqlite:///{path}")
    with database.write() as session:
        Site(session, 1, 40)
    database.close()
    config = tmp_path / "devices.yaml"
    config.write_text(f"database: sqlite:///{path}\nstore: {{path: {tmp_path / 'store'}}}\ndevices: []\n")
    return config


def run(config: Path, *given: str) -> int:
    return main(["--config", str(config), "report", *given])


def told(config: Path, capsys: pytest.CaptureFixture[str], *given: str) -> Any:
    capsys.readouterr()
    assert run(config, *given, "--json") == 0
    return json.loads(capsys.readouterr().out)


QUARTER = ("--unit", "city", "--quarter", "2026-Q3")


def test_every_printed_figure_can_be_listed(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(site, capsys, "show", *QUARTER)
    assert [one["code"] for one in shown["figures"]] == list(Code)
    for figure in shown["figures"]:
        listed = told(site, capsys, "behind", figure["code"], *QUARTER)
        count = {
            side: sum(one["side"] == side for one in listed)
            for side in ("BOTH", "DENOMINATOR", "NUMERATOR", "EXCLUDED")
        }
        if figure["numerator"] is not None:
            assert figure["numerator"] == count["BOTH"] + count["NUMERATOR"], figure["code"]
            assert figure["denominator"] == count["BOTH"] + count["DENOMINATOR"], figure["code"]
        for left_out in figure["excluded"]:
            asked = ("behind", figure["code"], *QUARTER, "--side", "EXCLUDED", "--why", left_out["code"])
            assert len(told(site, capsys, *asked)) == left_out["count"]
        for part in [one for one in figure["parts"] if one["by"] in {"stage", "ground"}]:
            asked = (
                "behind",
                figure["code"],
                *QUARTER,
                "--key",
                f"{part['by']}={part['key']}",
                "--side",
                "BOTH",
            )
            found = len(told(site, capsys, *asked))
            assert found <= part["numerator"]
            assert figure["code"] == "equipped" or found == part["numerator"]


def test_freeze_compare_and_what_is_refused(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(site, "freeze", "city", "2199-Q1") == 2
    assert "不能固化" in capsys.readouterr().err
    assert run(site, "freeze", "city", "2026-Q3") == 0
    assert run(site, "freeze", "city", "2026-Q3") == 2
    assert "须说明原因" in capsys.readouterr().err
    frozen = told(site, capsys, "show", *QUARTER, "--frozen")
    assert run(site, "compare", "city", "2026-Q3") == 0
    assert "没有差异" in capsys.readouterr().out
    database = Database(f"sqlite:///{site.parent / 'data' / 'gateway.sqlite'}")
    with database.write() as session:
        for link in session.exec(select(Link)):
            link.ended_at = datetime.fromisoformat("2026-11-01T00:00:00+08:00")
    database.close()
    assert run(site, "compare", "city", "2026-Q3") == 0
    said = capsys.readouterr().out
    assert "关联率" in said
    assert "未关联案件" in said
    assert run(site, "freeze", "city", "2026-Q3", "--why", "关联更正") == 0
    assert "第 2 版" in capsys.readouterr().out
    assert told(site, capsys, "show", *QUARTER, "--frozen", "1") == frozen
    assert told(site, capsys, "show", *QUARTER, "--frozen")["digest"] != frozen["digest"]
    behind = told(site, capsys, "behind", "linked", *QUARTER, "--frozen", "1", "--side", "BOTH")
    assert len(behind) == next(one["numerator"] for one in frozen["figures"] if one["code"] == "linked")
    assert run(site, "list", "city") == 0
    assert "关联更正" in capsys.readouterr().out
    assert run(site, "compare", "city", "2026-Q3", "--frozen", "1", "--with", "2") == 0
    assert run(site, "freeze", "-", "2026-Q3") == 0
    assert "全部单位" in capsys.readouterr().out
    assert run(site, "freeze", "east-1", "2026-Q3") == 0
    for unit, shown in (("-", "全部单位"), ("east-1", "east-1")):
        capsys.readouterr()
        assert run(site, "list", unit) == 0
        lines = [line for line in capsys.readouterr().out.splitlines() if "2026-Q3" in line]
        assert [shown in line for line in lines] == [True]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("show", "--unit", "nowhere"), "没有单位 nowhere"), (("show", "--quarter", "2026-Q9"), "不是季度"),
        (("show", "--from", "2026-07-01"), "give both"), (("show", "--from", "x", "--to", "y"), "is no day"),
        (("show", "--from", "2026-07-02", "--to", "2026-07-01"), "晚于开始"), (("behind", "nothing"), "which figure"),
        (("show", "--from", "9999-12-01", "--to", "9999-12-31"), "is no day"), (("behind",), "which figure"), (("freeze", "city"), "usage: gateway report freeze"),
        (("freeze", "nowhere", "2026-Q3"), "没有单位 nowhere"), (("compare", "city", "2026-Q3"), "没有这一季度"),
        (("show", *QUARTER, "--frozen"), "没有这一季度"),
        (("behind", "fully_recorded", *QUARTER, "--key", "foo=1"), "没有分项 foo"),
        (("behind", "fully_recorded", *QUARTER, "--key", "media=VIDEO"), "unit, stage, item"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(
    site: Path, given: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(site, *given) == 2
    assert said in capsys.readouterr().err


def test_tables_are_shown(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = ("--from", "2026-09-28", "--to", "2026-10-04")
    assert run(site, "show", "--unit", "east", *days, "--by", "stage") == 0
    said = capsys.readouterr().out
    assert "配备率" in said
    assert "在本人权限之内" in said
    assert "调查取证" in said
    assert run(site, "behind", "labelled", "--unit", "east", *days, "--why", "figure.label_several") == 0
    assert "缺两项以上标注" in capsys.readouterr().out


def test_the_api_pages_and_agrees(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every page once, as many as the figure says; and frozen, compared and narrowed as on the command line."""
    database = Database(f"sqlite:///{site.parent / 'data' / 'gateway.sqlite'}")
    with database.write() as session:
        _, key = add_key(session, add_user(session, "judge", None, Role.SUPERVISOR, "city"), "t")
    store = LocalStore(site.parent / "store")
    headers = {"x-api-key": key}
    with client_of(database, store, LiveFolder(site.parent)) as client:

        def get(path: str, **query: Any) -> Any:
            said = client.get(f"/api/v1/reports/{path}", params=query, headers=headers)
            assert said.status_code == 200, said.text
            return said.json()

        def every(path: str, **query: Any) -> list[Any]:
            found, cursor = [], {}
            while True:
                page = get(path, limit=7, **query, **cursor)
                found += page["items"]
                if page["next"] is None:
                    return found
                cursor = {"cursor": page["next"]}

        asked = {"unit": "city", "quarter": "2026-Q3"}
        shown = get("figures", **asked)
        for figure in shown["figures"]:
            listed = every(f"figures/{figure['code']}/members", **asked)
            assert listed == told(site, capsys, "behind", figure["code"], *QUARTER)
        for by in ("foo", "media"):
            said = client.get(
                "/api/v1/reports/figures/fully_recorded/members", params={**asked, "by": by}, headers=headers
            )
            assert (said.status_code, said.json()["code"]) == (422, "figure.no_breakdown"), said.text
            assert "unit, stage, item" in said.json()["title"], "what there is"
        made = client.post("/api/v1/reports/snapshots", json=asked, headers=headers)
        assert (made.status_code, made.json()["frozen_by"]) == (201, "judge")
        again = client.post("/api/v1/reports/snapshots", json=asked, headers=headers)
        assert (again.status_code, again.json()["code"]) == (409, "report.again")
        whole = client.post("/api/v1/reports/snapshots", json={"quarter": "2026-Q3"}, headers=headers)
        assert whole.status_code == 403
        first = made.json()["id"]
        linked = [one["id"] for one in every(f"snapshots/{first}/figures/linked/members", side="BOTH")]
        assert all(one["moved"] == 0 for one in get(f"snapshots/{first}/changes")["figures"])
        with database.write() as session:
            for link in session.exec(select(Link)):
                link.ended_at = link.made_at + timedelta(days=1)
        moved = every(f"snapshots/{first}/changes/linked")
        gone = [one["before"] for one in moved if one["before"] is not None]  # others date themselves again
        assert {one["id"] for one in gone if one["side"] == "BOTH"} == set(linked)
        second = client.post(
            "/api/v1/reports/snapshots", json={**asked, "why": "更正"}, headers=headers
        ).json()
        assert second["revision"] == 2
        between = get(f"snapshots/{first}/changes", **{"with": second["id"]})
        assert between == {**get(f"snapshots/{first}/changes"), "after": second["id"]}
        assert [one["revision"] for one in get("snapshots", **asked)["items"]] == [2, 1]
        other = client.post(
            "/api/v1/reports/snapshots", json={**asked, "unit": "east"}, headers=headers
        ).json()["id"]
        path = f"/api/v1/reports/snapshots/{first}/changes"
        assert client.get(path, params={"with": other}, headers=headers).status_code == 404
        wrong = {"since": "2026-07-01", "until": "2026-07-01"}
        assert client.get("/api/v1/reports/figures", params=wrong, headers=headers).status_code == 422
        for path, far in (
            ("reports/figures", {"since": "9999-12-01", "until": "9999-12-31"}),
            ("reports/causes", {"since": "0001-01-01", "until": "0001-01-02"}),
            ("equipment/sheet", {"on": "9999-12-31"}),
            ("equipment/sheet", {"on": "0001-01-01"}),
            ("equipment/sheet", {"since": "2201-01-01", "on": "2201-01-02"}),
        ):
            assert client.get(f"/api/v1/{path}", params=far, headers=headers).status_code == 422
    database.close()


def test_the_daemon_freezes_the_quarter_by_itself(site: Path) -> None:
    """As it runs in a unit: nobody asked for it."""
    daemon = Daemon(load(site))
    daemon.start()
    try:
        until(lambda: frozen_by(daemon.database) == ["gateway"], every=0.1)
    finally:
        assert daemon.stop()


def frozen_by(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.exec(select(Snapshot.frozen_by)))
