"""The pages of the equipment: who may see and enter what, and that nothing is entered unseen."""

import hashlib
import io
import re
from datetime import timedelta

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from gateway.database import Database
from gateway.models import Allocation, AllocationKind, AnnualCheck, Checkout, Clip, Device, Officer, Standing
from tests.integration.api_site import T0
from tests.integration.test_api_matrix import EVERYBODY, LEDGER, WORK, Row

LINE = {"kind": "PERSONAL", "holder": "officer:zhang-{}", "valid_from": "2025-01-01T00:00"}
BACK = {"officer": "zhang-{}", "out_at": "2024-05-06T08:00", "in_at": "2024-05-06T18:00", "why": "登记有误"}
STANDS = {"status": "REPAIR", "since": "2024-06-01T00:00", "why": "镜头损坏"}
NOTHING = hashlib.sha256(b"").hexdigest()
"""What was shown where no clip changes."""
CORRECTION = {**LINE, "valid_from": "2024-05-06T09:30", "why": "登记有误", "replaces": "alloc-{}"}

ROWS = [
    Row("GET", "/equipment", EVERYBODY, listing=True),
    Row("GET", "/equipment/sheet", EVERYBODY, query="unit={}"),
    Row("GET", "/equipment/officers", EVERYBODY, listing=True),
    Row("GET", "/equipment/officers/zhang-{}", EVERYBODY),
    Row(
        "POST", "/equipment/officers/zhang-{}/checks", LEDGER,
        body={"valid_from": "2026-01-01", "valid_to": "2026-12-31"},
    ),
    Row("GET", "/equipment/desk", WORK, listing=True),
    Row("POST", "/equipment/desk", WORK, body={"code": "cam-{}", "officer": "zhang-{}"}),
    Row("POST", "/equipment/desk/out-{}/return", WORK),
    Row("GET", "/devices/cam-{}", EVERYBODY),
    Row("GET", "/devices/cam-{}/allocate", LEDGER),
    Row("POST", "/devices/cam-{}/allocate/preview", LEDGER, body=CORRECTION),
    Row("POST", "/devices/cam-{}/allocate/change", LEDGER, body=LINE),
    Row("POST", "/devices/cam-{}/allocate", LEDGER, body={**LINE, "shown": NOTHING}),
    Row("GET", "/devices/cam-{}/checkouts/out-{}", LEDGER),
    Row("POST", "/devices/cam-{}/checkouts/out-{}/preview", LEDGER, body=BACK),
    Row("POST", "/devices/cam-{}/checkouts/out-{}/change", LEDGER, body=BACK),
    Row("POST", "/devices/cam-{}/checkouts/out-{}", LEDGER, body={**BACK, "shown": NOTHING}),
    Row("GET", "/devices/cam-{}/standing", LEDGER),
    Row("POST", "/devices/cam-{}/standing/preview", LEDGER, body=STANDS),
    Row("POST", "/devices/cam-{}/standing/change", LEDGER, body=STANDS),
    Row("POST", "/devices/cam-{}/standing", LEDGER, body={**STANDS, "shown": NOTHING}),
    Row("GET", "/equipment/units/{}", EVERYBODY),
    Row(
        "POST", "/equipment/units/{}/classes", LEDGER,
        body={"grade": "A", "doc_no": "邢司〔2026〕1号", "valid_from": "2030-01-01"},
    ),
]  # fmt: skip
Console = tuple[TestClient, dict[str, str]]


def own(form: dict[str, str], **other: str) -> dict[str, str]:
    return {name: value.replace("{}", "u") for name, value in form.items()} | other


@pytest.fixture
def keeper(console: Console) -> dict[str, str]:
    return {"x-api-key": console[1]["evidence"]}


@pytest.fixture
def seen_clip(console: Console, database: Database) -> None:
    """One that the ledger decides about: whoever holds the camera recorded it."""
    with database.write() as session:
        session.add(Officer(id="li-u", name="李四", unit_id="u"))
        clip = session.get_one(Clip, "clip-u")
        clip.started_at, clip.ended_at = T0.replace(hour=2, minute=0), T0.replace(hour=2, minute=10)
        clip.officer_id, clip.time_source = "zhang-u", "gps"


def ledger(database: Database) -> list[Allocation]:
    with database.read() as session:
        found = (
            select(Allocation).where(Allocation.device_id == "cam-u").order_by(col(Allocation.recorded_at))
        )
        return list(session.exec(found))


@pytest.mark.usefixtures("seen_clip")
def test_only_what_was_shown_is_entered(console: Console, keeper: dict[str, str], database: Database) -> None:
    client, _ = console
    form = own(CORRECTION, holder="officer:li-u")
    told = client.post("/devices/cam-u/allocate/preview", data=form, headers=keeper)
    assert told.status_code == 200
    assert len(ledger(database)) == 1, "it was only shown"
    assert "李四" in told.text
    assert "1 段资料将改变" in told.text
    [digest] = re.findall(r'name="shown" value="([0-9a-f]{64})"', told.text)
    stale = client.post("/devices/cam-u/allocate", data={**form, "shown": NOTHING}, headers=keeper)
    assert stale.status_code == 409
    assert "情况有变，没有登记" in stale.text
    assert len(ledger(database)) == 1
    entered = client.post("/devices/cam-u/allocate", data={**form, "shown": digest}, headers=keeper)
    assert entered.status_code == 303
    old, new = ledger(database)
    assert (new.officer_id, new.why, new.entered_by) == ("li-u", "登记有误", "user-evidence")
    assert old.superseded_at == new.recorded_at
    page = client.get(entered.headers["location"], headers=keeper).text
    assert "正在重新关联" in page
    assert re.search(r"<del>张 ·", page), "what it said before stays readable"
    assert "登记有误" in page


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        ({"why": "  "}, 422, "请说明更正原因"),
        ({"valid_from": "soon"}, 422, "请填写起始时间"),
        ({"holder": ""}, 422, "请选择持有方"),
        ({"kind": "NONE"}, 422, "请选择配备方式"),
        ({"valid_to": "2024-01-01T00:00"}, 409, "没有登记"),
        ({"holder": "unit:u"}, 409, "持有方应为人员"),
        ({"replaces": "alloc-v"}, 404, ""),
    ],
)
def test_a_form_that_cannot_be_entered_says_why_and_keeps_what_was_filled_in(
    console: Console,
    keeper: dict[str, str],
    database: Database,
    given: dict[str, str],
    status: int,
    told: str,
) -> None:
    client, _ = console
    form = own({**CORRECTION, "doc_no": "邢配〔2024〕9号"}, **given)
    said = client.post("/devices/cam-u/allocate/preview", data=form, headers=keeper)
    assert said.status_code == status
    assert told in said.text
    assert status == 404 or "邢配〔2024〕9号" in said.text
    assert len(ledger(database)) == 1


def test_a_line_of_another_device_is_not_corrected_here(
    console: Console, keeper: dict[str, str], database: Database
) -> None:
    client, _ = console
    with database.write() as session:
        session.add(Device(id="other-u", type="body_camera", unit_id="u"))
    assert client.get("/devices/other-u/allocate?replaces=alloc-u", headers=keeper).status_code == 404


@pytest.mark.usefixtures("seen_clip")
def test_a_correction_keeps_the_seconds_of_a_time_that_nobody_touched(
    console: Console, keeper: dict[str, str], database: Database
) -> None:
    """A form's field has minutes; a line that began some seconds later would have other clips."""
    client, _ = console
    with database.write() as session:
        began = session.get_one(Allocation, "alloc-u").valid_from + timedelta(seconds=42)
        session.get_one(Allocation, "alloc-u").valid_from = began
    page = client.get("/devices/cam-u/allocate?replaces=alloc-u", headers=keeper).text
    [start] = re.findall(r'name="valid_from" value="([^"]+)"', page)
    form = own(CORRECTION, valid_from=start, holder="officer:li-u")
    shown = digest_shown(client.post("/devices/cam-u/allocate/preview", data=form, headers=keeper).text)
    assert client.post("/devices/cam-u/allocate", data={**form, "shown": shown}, headers=keeper).is_redirect
    assert [one.valid_from for one in ledger(database)] == [began, began]


def test_the_desk_takes_numbers_in_any_order_and_back_by_the_device_alone(
    console: Console, database: Database
) -> None:
    client, keys = console
    key = {"x-api-key": keys["operator"]}
    with database.write() as session:
        session.add(Device(id="pool-u", type="body_camera", unit_id="u", serial_no="SN7", name="公用记录仪"))
        session.get_one(Officer, "zhang-u").number = "130501"
    first = client.post("/equipment/desk", data={"code": " SN7 "}, headers=key).headers["location"]
    assert "device=pool-u" in first
    given = {"code": "130501", "device": "pool-u"}
    out = client.post("/equipment/desk", data=given, headers=key)
    assert "张 已领用 公用记录仪" in client.get(out.headers["location"], headers=key).text
    again = client.post("/equipment/desk", data={"code": "SN7", "condition": "FAULTY"}, headers=key)
    assert "公用记录仪 已归还" in client.get(again.headers["location"], headers=key).text
    with database.read() as session:
        row = session.exec(select(Checkout).where(Checkout.device_id == "pool-u")).one()
    assert (row.officer_id, row.in_condition, row.received_by) == ("zhang-u", "FAULTY", "user-operator")
    for code in ("130599", "cam-v", "zhang-v"):
        said = client.post("/equipment/desk", data={"code": code}, headers=key)
        assert (said.status_code, f"没有找到“{code}”" in said.text) == (404, True)


def test_an_annual_check_is_entered_and_corrected(
    console: Console, keeper: dict[str, str], database: Database
) -> None:
    client, _ = console
    path, days = "/equipment/officers/zhang-u", {"valid_from": "2026-01-01", "valid_to": "2025-12-31"}
    assert client.post(f"{path}/checks", data=days, headers=keeper).status_code == 422
    given = {**days, "valid_to": "2026-12-31", "passed": "false", "replaces": "check-u"}
    assert client.post(f"{path}/checks", data=given, headers=keeper).status_code == 303
    with database.read() as session:
        rows = session.exec(select(AnnualCheck).where(AnnualCheck.officer_id == "zhang-u")).all()
    assert sorted((row.passed, row.superseded_at is None) for row in rows) == [(False, True), (True, False)]
    page = client.get(path, headers=keeper).text
    assert "已更正" in page
    assert "不合格" in page
    assert client.get(f"{path}?replaces=check-u", headers=keeper).status_code == 200
    with database.write() as session:
        session.add(Officer(id="li-u", name="李", unit_id="u"))
    for form in ("/equipment/officers/li-u?replaces=check-u", f"{path}?replaces=check-v"):
        assert client.get(form, headers=keeper).status_code == 404


def test_a_list_finds_what_was_typed_and_nothing_by_accident(
    console: Console, keeper: dict[str, str]
) -> None:
    client, _ = console
    assert "cam-u" in client.get("/equipment?q=CAM", headers=keeper).text
    for text in ("%", "_", "cam-v"):
        assert "没有符合条件的设备" in client.get(f"/equipment?q={text}", headers=keeper).text
    out = client.get("/api/v1/equipment/devices?held=out", headers=keeper).json()["items"]
    assert [(one["id"], one["held"]["kind"]) for one in out] == [("cam-u", "CHECKOUT")]


def test_the_sheet_as_a_file_says_what_the_page_says(console: Console, keeper: dict[str, str]) -> None:
    client, _ = console
    page = client.get("/equipment/sheet?unit=u&on=2024-06-30", headers=keeper).text
    assert "无年检" in page
    made = client.get("/api/v1/equipment/sheet/file?unit=u&on=2024-06-30&format=xlsx", headers=keeper)
    assert made.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(made.content))
    told = {row[0].value: row[1].value for row in book["分项"].iter_rows() if row[0].value}
    [officers] = re.findall(r"<td>执法人员</td><td class=\"number\"><span>(\d+)", page)
    assert told["执法人员"] == int(officers)
    digest = hashlib.sha256(made.content).hexdigest()
    [on_record] = client.get(f"/api/v1/reports/files?sha256={digest}", headers=keeper).json()["items"]
    assert (on_record["kind"], on_record["period"]) == ("equipment", "2024-06-30")


def digest_shown(text: str) -> str:
    [digest] = re.findall(r'name="shown" value="([0-9a-f]{64})"', text)
    return str(digest)


@pytest.mark.usefixtures("seen_clip")
def test_who_took_a_device_out_is_corrected_after_its_effect_was_shown(
    console: Console, keeper: dict[str, str], database: Database
) -> None:
    client, _ = console
    with database.write() as session:
        out = session.get_one(Checkout, "out-u")
        out.out_at, out.in_at = T0.replace(second=27), T0.replace(hour=10)
        out.received_by, out.precheck_battery_pct = "user-operator", 88.0
        shared = session.get_one(Allocation, "alloc-u")
        shared.kind, shared.officer_id, shared.unit_id = AllocationKind.POOL, None, "u"
    path = "/devices/cam-u/checkouts/out-u"
    form = {"officer": "li-u", "out_at": "2024-05-06T09:30", "in_at": "2024-05-06T18:00", "why": "拿错了"}
    assert 'value="2024-05-06T09:30"' in client.get(path, headers=keeper).text
    told = client.post(f"{path}/preview", data=form, headers=keeper).text
    assert "1 段资料的采集人由 张 改为 无人持有" in told, "the case's record says that Li was not there"
    stale = client.post(path, data={**form, "shown": NOTHING}, headers=keeper)
    assert (stale.status_code, "情况有变，没有登记" in stale.text) == (409, True)
    done = client.post(path, data={**form, "shown": digest_shown(told)}, headers=keeper)
    assert done.status_code == 303
    with database.read() as session:
        rows = session.exec(select(Checkout).where(Checkout.device_id == "cam-u")).all()
    [new] = [row for row in rows if row.superseded_at is None]
    assert (new.officer_id, new.why, new.precheck_battery_pct) == ("li-u", "拿错了", 88.0)
    assert new.out_at.second == 27, "a time that nobody touched keeps its seconds"
    assert new.received_by == "user-operator"
    page = client.get(done.headers["location"].partition("#")[0], headers=keeper).text
    assert "已更正" in page
    assert "原因：拿错了" in page
    assert client.get("/devices/cam-u/checkouts/out-v", headers=keeper).status_code == 404


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        ({"officer": ""}, 422, "请选择领用人"),
        ({"out_at": ""}, 422, "请填写领用时间"),
        ({"in_at": "later"}, 422, "归还时间不正确"),
        ({"why": " "}, 422, "请说明更正原因"),
        ({"in_at": "2024-05-05T08:00"}, 409, "没有登记"),
    ],
)
def test_a_checkout_that_cannot_be_says_why(
    console: Console, keeper: dict[str, str], given: dict[str, str], status: int, told: str
) -> None:
    client, _ = console
    said = client.post("/devices/cam-u/checkouts/out-u/preview", data={**own(BACK), **given}, headers=keeper)
    assert (said.status_code, told in said.text) == (status, True)


@pytest.mark.usefixtures("seen_clip")
def test_a_standing_shows_what_it_does_and_is_corrected(
    console: Console, keeper: dict[str, str], database: Database
) -> None:
    client, _ = console
    path = "/devices/cam-u/standing"
    said = client.post(f"{path}/preview", data={**STANDS, "status": "", "why": ""}, headers=keeper)
    assert (said.status_code, "请选择状态" in said.text) == (422, True)
    gone = client.post(f"{path}/preview", data={**STANDS, "status": "RETIRED"}, headers=keeper)
    assert gone.status_code == 409, "without its paper (AL-9)"
    told = client.post(f"{path}/preview", data=STANDS, headers=keeper).text
    done = client.post(path, data={**STANDS, "shown": digest_shown(told)}, headers=keeper)
    with database.read() as session:
        assert session.get_one(Device, "cam-u").status == "REPAIR"
    [entered] = re.findall(r"entered=(\w+)", done.headers["location"])
    form = {**STANDS, "status": "SUSPENDED", "replaces": entered}
    told = client.post(f"{path}/preview", data=form, headers=keeper).text
    assert client.post(path, data={**form, "shown": digest_shown(told)}, headers=keeper).status_code == 303
    page = client.get("/devices/cam-u?part=standings", headers=keeper).text
    assert page.count("镜头损坏") == 2, "what it said before stays readable"
    with database.read() as session:
        assert session.get_one(Device, "cam-u").status == "SUSPENDED"


def test_a_correction_that_corrects_nothing_says_so_and_keeps_what_was_typed(
    console: Console, keeper: dict[str, str], database: Database
) -> None:
    """It would look done, and the reason would be lost."""
    client, _ = console
    standing = "/devices/cam-u/standing"
    told = client.post(f"{standing}/preview", data=STANDS, headers=keeper).text
    done = client.post(standing, data={**STANDS, "shown": digest_shown(told)}, headers=keeper)
    [entered] = re.findall(r"entered=(\w+)", done.headers["location"])
    with database.write() as session:
        session.get_one(Checkout, "out-u").in_at = T0.replace(hour=10)

    def rows() -> int:
        with database.read() as session:
            return sum(len(session.exec(select(model)).all()) for model in (Allocation, Checkout, Standing))

    before = rows()
    for form, path in (
        ("/devices/cam-u/allocate?replaces=alloc-u", "/devices/cam-u/allocate"),
        ("/devices/cam-u/checkouts/out-u", "/devices/cam-u/checkouts/out-u"),
        (f"{standing}?replaces={entered}", standing),
    ):
        as_it_is = filled_in(client.get(form, headers=keeper).text)
        given = as_it_is | {"why": STANDS["why"]}
        for asked in (f"{path}/preview", path):
            said = client.post(asked, data=given | {"shown": NOTHING}, headers=keeper)
            assert (said.status_code, "没有变化，未登记" in said.text) == (409, True), asked
            assert "确认更正" not in said.text
            assert filled_in(said.text) == given, "what was typed stays"
    assert rows() == before
    with database.read() as session:
        assert session.get_one(Standing, entered).superseded_at is None


def filled_in(page: str) -> dict[str, str]:
    """Of the form on a page: its fields and what is chosen in them."""
    form = re.split(r'action="[^"]*/preview">', page)[1].partition("</form>")[0]
    told = dict(re.findall(r'<input[^>]*? name="(\w+)"(?:[^>]*?) value="([^"]*)"', form))
    for name, choices in re.findall(r'<select[^>]*? name="(\w+)".*?>(.*?)</select>', form, re.DOTALL):
        told[name] = next(iter(re.findall(r'value="([^"]*)" selected', choices)), "")
    return told


def test_a_unit_has_the_class_that_its_paper_says(console: Console, keeper: dict[str, str]) -> None:
    client, _ = console
    path = "/equipment/units/u"
    given = {"grade": "B", "doc_no": "邢司〔2030〕1号", "valid_from": "2030-01-01"}
    for wrong in ({"grade": "D"}, {"valid_from": ""}):
        assert client.post(f"{path}/classes", data={**given, **wrong}, headers=keeper).status_code == 422
    assert client.post(f"{path}/classes", data={**given, "doc_no": " "}, headers=keeper).status_code == 409
    assert client.post(f"{path}/classes", data=given, headers=keeper).status_code == 303
    [entered] = re.findall(r"replaces=(\w+)#class", client.get(path, headers=keeper).text)[:1]
    mended = {**given, "grade": "C", "replaces": entered}
    assert client.post(f"{path}/classes", data=mended, headers=keeper).status_code == 303
    page = client.get(path, headers=keeper).text
    assert "B 类" in page
    assert "C 类" in page
    assert "已更正" in page
    assert client.get(f"{path}?replaces=class-v", headers=keeper).status_code == 404
