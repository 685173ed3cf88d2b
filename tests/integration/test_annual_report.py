"""The annual report: it opens, is in Chinese, and every figure in it is what its query answers (issue 4, 8)."""

import io
import json
import re
import shlex
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pypdf
import pytest
import typst
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from sqlmodel import col, select

from api.signin import add_key, add_user
from gateway.casefile.evidence_paper import COLUMNS
from gateway.cli import main
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.live import LiveFolder
from gateway.models import Activity, Clip, CustodyEvent, Link, Original, ReportMade, Role, State
from gateway.reports import Code, making, one_moment, report, snapshots
from gateway.reports.annual import gather
from gateway.reports.causes import causes
from gateway.reports.chapters import annual_paper
from gateway.reports.figures import Period
from gateway.reports.paper import Column, Fields, Paper, Prose, Section, Share, Table
from gateway.reports.printing import pdf
from gateway.reports.workbook import workbook
from gateway.rulepacks import packs
from gateway.store import LocalStore
from gateway.visibility import Viewer
from tests.client import client_of
from tests.integration.year_of_records import HOSTILE, build

ZONE = ZoneInfo("Asia/Shanghai")
LAW = Law(packs("hebei-xingtai-2019"), ZONE)
ALL = Viewer("x", "x", Role.ADMIN, None)
AT = datetime(2026, 11, 20, tzinfo=UTC)
REF = re.compile(r"Q-\d+")


@dataclass
class Site:
    """A site with a year of records, two of its quarters frozen, a configuration file and an API."""

    folder: Path
    database: Database
    client: TestClient
    key: str
    answers: dict[str, Any] = field(default_factory=dict)

    def command(self, line: str, capsys: pytest.CaptureFixture[str]) -> Any:
        program, *arguments = shlex.split(line)
        assert program == "gateway"
        assert main([*arguments, "--config", str(self.folder / "devices.yaml")]) == 0
        return json.loads(capsys.readouterr().out)

    def get(self, path: str) -> Any:
        answer = self.client.get(path, headers={"x-api-key": self.key})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def site(either: Database, tmp_path: Path, store: LocalStore) -> Iterator[Site]:
    url = either.engine.url.render_as_string(hide_password=False)
    (tmp_path / "devices.yaml").write_text(f"database: {url}\nrule_pack: hebei-xingtai-2019\ndevices: []\n")
    with either.write() as session:
        build(session)
        _, key = add_key(session, add_user(session, "admin", None, Role.ADMIN, None), "test")
    for quarter in ("2026-Q1", "2026-Q2"):
        snapshots.freeze(either, LAW, ALL, "city", snapshots.quarter(quarter, ZONE), "x", at=AT)
    with either.write() as session:  # after freezing: the frozen figures must not move
        session.get_one(Activity, "s003").withdrawn_at = AT
    with client_of(either, store, LiveFolder(tmp_path), law=LAW) as client:
        yield Site(tmp_path, either, client, key)


def made(site: Site, suffix: str) -> bytes:
    out = site.folder / f"report.{suffix}"
    assert main(["report", "annual", "city", "2026", "--out", str(out), "--as-of", "2026-11-20T08:00+08:00",
                 "--config", str(site.folder / "devices.yaml")]) == 0  # fmt: skip
    return out.read_bytes()


def opened(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


@dataclass(frozen=True)
class Printed:
    """One number of the workbook, and where it says that it comes from."""

    sheet: str
    cell: str
    value: float
    is_share: bool
    ref: str
    place: str


def lines(book: Workbook, sheet: str, first: str) -> tuple[list[str], list[list[Any]]]:
    """Headings and rows of the table whose first heading is `first`."""
    found = [list(row) for row in book[sheet].iter_rows()]
    [top] = [number for number, row in enumerate(found) if row[0].value == first][:1]
    headings = [str(cell.value or "") for cell in found[top]]
    body = []
    for row in found[top + 1 :]:
        if row[-1].value is None and row[1].value is None:
            break
        body.append(row)
    return headings, body


def figures(book: Workbook) -> Iterator[Printed]:
    codes = {row[0].value: row[1].value for row in lines(book, "口径", "指标")[1]}
    for sheet, first in (("指标", "指标"), ("原因", "指标"), ("分单位", "单位"), ("分环节", "指标"), ("薄弱环节", "序号"), ("配备", "单位")):  # fmt: skip
        headings, body = lines(book, sheet, first)
        for row in body:
            place = str(row[-1].value)
            for heading, cell in zip(headings, row, strict=True):
                if isinstance(cell.value, (int, float)) and heading != "序号":
                    ref, where = placed(sheet, heading, place, codes)
                    yield Printed(sheet, cell.coordinate, cell.value, "%" in cell.number_format, ref, where)


def placed(sheet: str, heading: str, place: str, codes: dict[str, str]) -> tuple[str, str]:
    """Which query, and where in its answer, by what stands in heading and row."""
    if sheet == "指标":
        [ref] = REF.findall(heading)
        return ref, place
    ref, _, where = place.partition(": ")
    if sheet == "分单位":
        return ref, f"{codes[heading]}.{where}"
    if sheet == "配备":
        return ref, f"{where}.{heading}"
    names = {"全年数量": "", "分子": ".numerator", "数量": ".numerator", "分母": ".denominator", "总数": ".denominator",
             "比率": ".rate", "不计入": ".excluded"}  # fmt: skip
    return ref, f"{where}{names[heading]}"


EQUIPMENT = {"执法人员": "officers", "应配": "required", "现有": "held", "在用": "in_service", "缺配": "missing",
             "超配": "over_quota", "达标": "to_spec", "未达标": "below_spec", "参数不明": "spec_unknown",
             "无保管人": "keeper_missing", "日终未归还": "open_checkouts"}  # fmt: skip


def looked_up(answer: Any, place: str) -> float:
    """The number at a place of an answer, as docs/report-files.md tells a reader to find it."""
    if "units" in answer:
        unit, _, line = place.rpartition(".")
        line = EQUIPMENT.get(line, {"numerator": "missing", "denominator": "required"}.get(line, line))
        whole = (
            [answer["whole"]] if unit == "whole" else [one for one in answer["units"] if one["unit"] == unit]
        )
        return next(one["value"] for one in whole[0]["lines"] if one["name"] == line)
    if "gaps" in answer:
        kind, _, rest = place.partition(".")
        code, _, which = rest.rpartition(".")
        return sum(answer[kind].values()) if which == "denominator" else answer[kind][code]
    code, _, rest = place.partition(".")
    [figure] = [one for one in answer["figures"] if one["code"] == code]
    if rest.startswith("parts."):
        by, _, key = rest.removeprefix("parts.").partition("=")
        key, _, which = key.rpartition(".")
        [part] = [one for one in figure["parts"] if (one["by"], one["key"]) == (by, key)]
        return part["numerator"] / part["denominator"] if which == "rate" else part[which]
    if rest.startswith(("failing.", "excluded.")):
        kind, _, why = rest.partition(".")
        why, _, which = (
            why.rpartition(".") if why.endswith((".numerator", ".denominator")) else (why, "", "numerator")
        )
        if which == "denominator":
            return figure["denominator"]
        return next(one["count"] for one in figure[kind] if one["code"] == why)
    return sum(one["count"] for one in figure["excluded"]) if rest == "excluded" else figure[rest]


def without_moment(answer: Any) -> Any:
    return {key: value for key, value in answer.items() if key not in {"as_of", "digest"}}


def test_every_figure_is_what_its_query_answers(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    content = made(site, "xlsx")
    capsys.readouterr()
    book = opened(content)
    answers = {}
    for row in lines(book, "查询目录", "编号")[1]:
        ref, _, command, path, snapshot, digest = (cell.value for cell in row)
        answers[ref] = site.command(command, capsys)
        assert without_moment(site.get(path)) == without_moment(answers[ref]), (command, path)
        if ref in {"Q-1", "Q-2"}:
            assert (answers[ref]["digest"], path.rpartition("/")[2]) == (digest, snapshot), (
                "frozen: the very same"
            )
        else:
            assert (snapshot, digest) == (None, None)
    found = list(figures(book))
    for one in found:
        answered = looked_up(answers[one.ref], one.place)
        assert answered == pytest.approx(one.value, abs=1e-9), one
        assert one.is_share is (one.place.endswith("rate")), one
    numbers = {
        (sheet.title, cell.coordinate)
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, (int, float))
    }
    traced = {(one.sheet, one.cell) for one in found}
    assert {place for place in numbers - traced if book[place[0]][place[1]].column_letter != "A"} == set(), (
        "a number that says nowhere what it is"
    )
    assert falls_told(book, answers) >= 1
    assert len(found) > 300
    assert Counter(one.sheet for one in found).keys() == {
        "指标",
        "原因",
        "分单位",
        "分环节",
        "薄弱环节",
        "配备",
    }


FALL = re.compile(r"(\S+?)由 \S+（(Q-\d)）的 (\S+) 降至 \S+ 的 (\S+)")


def falls_told(book: Workbook, answers: dict[str, Any]) -> int:
    """Rates that stand in a sentence; how many sentences."""
    names = {row[0].value: row[1].value for row in lines(book, "口径", "指标")[1]}
    count = 0
    for row in lines(book, "薄弱环节", "序号")[1]:
        for name, before, old, new in FALL.findall(str(row[1].value)):
            after = str(row[-1].value).partition(":")[0]
            assert old == f"{looked_up(answers[before], names[name] + '.rate'):.2%}"
            assert new == f"{looked_up(answers[after], names[name] + '.rate'):.2%}"
            count += 1
    return count


def printed(value: float, *, is_share: bool) -> str:
    return f"{value:.2%}" if is_share else str(value)


def test_every_figure_of_the_workbook_stands_in_the_pdf(site: Site) -> None:
    book = opened(made(site, "xlsx"))
    content = made(site, "pdf")
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    there = Counter(re.findall(r"(?<![\w.-])\d+(?:\.\d+)?%?(?![\w.-])", text))
    wanted = Counter(printed(one.value, is_share=one.is_share) for one in figures(book))
    assert wanted - there == Counter()
    for words in (
        "行政执法数据分析报告",
        "邢台市市场监督管理局",
        "薄弱环节和改进建议",
        "第 1 页，共",
        "gateway report show",
    ):
        assert words in text
    assert text.count("出处（在各列查询结果中的位置）") >= 2, "the heading of a table is on each of its pages"


def test_its_font_is_embedded_and_it_is_an_archive_pdf(site: Site) -> None:
    reader = pypdf.PdfReader(io.BytesIO(made(site, "pdf")))
    assert b"<pdfaid:part>2</pdfaid:part>" in reader.trailer["/Root"]["/Metadata"].get_data()  # type: ignore[index]
    fonts = {}
    for page in reader.pages:
        for one in page["/Resources"]["/Font"].values():  # type: ignore[index]
            [inner] = one.get_object()["/DescendantFonts"]
            told = inner.get_object()["/FontDescriptor"].get_object()
            fonts[told["/FontName"]] = {"/FontFile", "/FontFile2", "/FontFile3"} & set(told)
    assert fonts
    assert all(embedded and "NotoSansCJKsc" in name for name, embedded in fonts.items()), fonts


def test_the_same_records_give_the_same_bytes_and_each_file_is_on_record(site: Site) -> None:
    for suffix in ("xlsx", "pdf"):
        assert made(site, suffix) == made(site, suffix)
    content = site.client.get(
        "/api/v1/reports/annual?unit=city&year=2026&format=xlsx&as_of=2026-11-20T00:00:00Z",
        headers={"x-api-key": site.key},
    )
    assert content.content == made(site, "xlsx")
    with site.database.read() as session:
        rows = session.exec(select(ReportMade)).all()
        events = session.exec(select(CustodyEvent).where(CustodyEvent.event == "REPORT_MADE")).all()
    assert len(rows) == len(events) == 6
    assert len({row.sha256 for row in rows}) == 2
    assert len({row.content for row in rows}) == 1, "both formats say the same"
    assert {row.sha256 for row in rows} == {event.detail["sha256"] for event in events}
    assert content.headers["x-sha256"] in {row.sha256 for row in rows}
    assert {row.made_by for row in rows} == {
        "admin",
        next(row.made_by for row in rows if row.made_by != "admin"),
    }


def test_no_name_is_a_formula_and_sheets_are_ready_to_print(site: Site) -> None:
    content = made(site, "xlsx")
    book = opened(content)
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type in {"s", "n"} for cell in cells)
    texts = {cell.value: cell for cell in cells}
    for name in HOSTILE.values():
        assert texts[name].quotePrefix, "nor does it become one when somebody edits the cell"
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert not any(b"<f>" in packed.read(name) for name in packed.namelist())
        assert {one.date_time[0] for one in packed.infolist()} == {1980}
    for sheet in book.worksheets:
        setup = sheet.page_setup
        assert (setup.paperSize, setup.orientation, setup.fitToWidth) == (9, "landscape", 1)
    for name in ("原因", "分单位", "分环节", "配备", "口径", "明细"):
        assert book[name].freeze_panes
        assert book[name].print_title_rows


def test_weak_points_follow_by_rule_from_what_is_counted(site: Site) -> None:
    with one_moment(site.database) as session:
        annual = gather(session, LAW, ALL, "city", 2026, AT)
        period = Period.year(2026, ZONE)
        found = causes(session, LAW, ALL, "city", period, AT)
        gaps = {row.duty.recorded.gaps for row in partial_rows(session)}
    book = workbook_rows(annual_paper(annual))
    assert [row[1] for row in book[:1]] == ["全程记录率偏低"]
    assert sum(found.gaps.values()) == sum(map(len, gaps))
    assert found.unlinked == {"unlinked.no_activity": 4}
    assert found.doubts == {"labels.missing": 46}


def test_reasons_of_clips_without_a_case_are_of_those_that_the_rate_misses(site: Site) -> None:
    """Two clips have a link again, by hand, while what the machine said of them still stands there."""
    with site.database.write() as session:
        linked = session.exec(
            select(Clip).join(Link, col(Link.clip_id) == Clip.id).where(col(Link.ended_at).is_(None))
        )
        for clip in linked.fetchmany(2):
            clip.unlinked = {"code": "unlinked.no_activity", "facts": {}}
    period = Period.year(2026, ZONE)
    with one_moment(site.database) as session:
        told = causes(session, LAW, ALL, "city", period, AT)
        figure = report(session, LAW, ALL, "city", period, AT).figure(Code.LINKED)
    assert sum(told.unlinked.values()) == dict(figure.failing)["figure.unlinked"] == 4


def test_places_that_are_filled_are_no_reason_why_some_are_not(site: Site) -> None:
    with one_moment(site.database) as session:
        annual = gather(session, LAW, ALL, "city", 2026, AT)
    assert annual.report.figure(Code.EQUIPPED).failing
    [section] = [one for one in annual_paper(annual).sections if one.sheet == "原因"]
    [table] = section.blocks
    assert isinstance(table, Table)
    assert table.rows
    assert not [row for row in table.rows if "应配名额" in row]


def partial_rows(session: Any) -> list[Any]:
    from gateway.rules.duty import Standing
    from gateway.scope.board import board
    from gateway.scope.facts import Wanted

    wanted = Wanted(since=datetime(2026, 1, 1, tzinfo=ZONE), until=datetime(2027, 1, 1, tzinfo=ZONE))
    return [row for row in board(session, ALL, LAW, wanted, AT) if row.duty.standing is Standing.PARTIAL]


def workbook_rows(paper: Paper) -> list[Any]:
    [section] = [one for one in paper.sections if one.sheet == "薄弱环节"]
    table = section.blocks[0]
    assert isinstance(table, Table)
    return list(table.rows)


def test_a_year_that_has_not_begun_and_a_unit_that_is_not_there_are_refused(site: Site) -> None:
    with one_moment(site.database) as session:
        for unit, year, code in (("city", 2027, "annual.not_begun"), ("nobody", 2026, "report.unknown_unit")):
            with pytest.raises(Refused) as no:
                gather(session, LAW, ALL, unit, year, AT)
            assert no.value.reason["code"] == code


def test_long_drill_downs_are_cut_and_it_says_so(database: Database) -> None:
    with database.write() as session:
        build(session, steps=6)
        start = datetime(2026, 2, 1, tzinfo=UTC)
        for number in range(300):
            session.add(
                Original(id=f"x{number}", device_id="cam-east", state=State.PRESERVED, name="a", suffix=".mp4", size=1,
                         sha256=f"{number:x}x".rjust(64, "0"), acquired_at=start, verified_at=start)
            )  # fmt: skip
        session.flush()
        session.add_all(
            Clip(id=f"x{number}", device_id="cam-east", kind="VIDEO", described="READY", started_at=start,  # type: ignore[arg-type]
                 ended_at=start + timedelta(minutes=1), uncertainty_s=1, unlinked={"code": "unlinked.no_activity", "facts": {}})
            for number in range(300)
        )  # fmt: skip
        assert session.exec(select(Link)).all()
    with one_moment(database) as session:
        paper = annual_paper(gather(session, LAW, ALL, "city", 2026, AT))
    [section] = [one for one in paper.sections if one.sheet == "明细"]
    table, prose = section.blocks
    assert isinstance(table, Table)
    assert isinstance(prose, Prose)
    assert Counter(row[0] for row in table.rows)["关联率"] == 200
    assert any(
        "关联率" in line and "共 300 件" in line and "report behind linked" in line for line in prose.lines
    )


def test_what_cannot_be_printed_is_named() -> None:
    odd = "张\U000323af\x07\u202e三\ud800👮"
    table = Table([Column("名", 5)], [[odd], [Share(0.125)]])
    paper = Paper("题", "副题", Fields([("单位", odd)]), [Section("节", "页", [table])], AT, "脚")
    text = pypdf.PdfReader(io.BytesIO(pdf(paper))).pages[0].extract_text()
    assert "张〔U+323AF〕〔U+0007〕〔U+202E〕三〔U+D800〕〔U+1F46E〕" in text.replace("\n", "").replace(
        " ", ""
    )
    assert "12.50%" in text
    sheet = load_workbook(io.BytesIO(workbook(paper)))["页"]
    assert sheet["A3"].value == "张\U000323af〔U+0007〕〔U+202E〕三〔U+D800〕👮"
    assert (sheet["A4"].value, sheet["A4"].number_format) == (0.125, "0.00%")


def test_marks_of_a_typesetter_are_text() -> None:
    hostile = '#eval("1+1") *x* $x$ `x` [x] <x> @x \\ // /* = 题 #pagebreak() "'
    paper = Paper("题", hostile, Fields([]), [Section(hostile, "页", [Prose([hostile])])], AT, hostile)
    text = pypdf.PdfReader(io.BytesIO(pdf(paper))).pages[0].extract_text()
    assert text.replace("\n", " ").count("*x* $x$ `x` [x] <x> @x") == 4


def test_a_name_longer_than_a_page_is_printed_to_its_end() -> None:
    long = "长" * 1990 + "到此为止"
    for cells in ([[long, "甲"], [long, "乙"]], [["甲", long], ["乙", long]]):
        table = Table(
            [Column("名", 4), Column("值", 4), Column("其余", 60)],
            [[*row, ""] for row in cells],
            grouped=True,
        )
        paper = Paper("题", "", Fields([]), [Section("节", "页", [table])], AT, "脚")
        pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf(paper))).pages]
        assert len(pages) > 1
        assert "".join(pages).replace("\n", "").count("到此为止") == (1 if cells[0][0] == long else 2)


def test_no_line_of_a_list_breaks_over_two_pages_unless_it_is_longer_than_one() -> None:
    digests = [f"{number:064x}" for number in range(16**63, 16**63 + 40)]
    rows = [
        (
            number,
            f"第{number}号",
            "长" * (number % 7 * 9),
            "",
            "",
            "",
            "",
            "",
            1,
            1,
            f"{one}\n{one[::-1]}",
            "",
            "",
        )
        for number, one in enumerate(digests)
    ]
    for tall in ("长" * 1990, "行\n" * 120):
        rows.insert(20, (*("" for _ in range(7)), tall + "到此为止", 1, 1, "", "", ""))
    table = Table(COLUMNS, rows)
    paper = Paper("题", "", Fields([]), [Section("节", "页", [table])], AT, "脚", landscape=True)
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf(paper))).pages]
    pages = ["".join(page.split()) for page in pages]
    for number, one in enumerate(digests):
        assert len([page for page in pages if f"第{number}号" in page and one + one[::-1] in page]) == 1, (
            number
        )
    assert "".join(pages).count("到此为止") == 2


def test_no_page_ends_with_a_heading_or_title_alone() -> None:
    """Wherever on the page they come to lie; a table's own header counts as nothing below them, too."""
    table = Table([Column("名称", 20)], [["内容"]] * 3, title="薄弱环节")
    for before in range(33, 42):
        filler = Section("甲", "甲", [Prose([f"行{line}" for line in range(before)])])
        paper = Paper("题", "", Fields([]), [filler, Section("五、之后", "乙", [table])], AT, "脚")
        pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf(paper))).pages]
        (with_title,) = (page for page in pages if "薄弱环节" in page)
        assert "五、之后" in with_title, before
        assert "内容" in with_title, before


def test_without_font_or_library_it_says_what_to_install() -> None:
    paper = Paper("题", "", Fields([]), [], AT, "")
    with pytest.raises(Refused) as no:
        pdf(paper, typst.Fonts(include_system_fonts=False, include_embedded_fonts=False))
    assert no.value.reason["facts"]["package"] == "fonts-noto-cjk"
    code = (
        "import sys; sys.modules['typst'] = None\n"
        "from gateway.reports.making import Format, file_of\n"
        "from gateway.reports.paper import *\n"
        "from gateway.device import Refused\n"
        "from datetime import datetime, UTC\n"
        "paper = Paper('t', '', Fields([]), [], datetime.now(UTC), '')\n"
        "file_of(paper, Format.XLSX)\n"
        "try: file_of(paper, Format.PDF)\n"
        "except Refused as no: print(no.reason['code'])\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "paper.no_typesetter\n"


def test_a_file_that_cannot_be_put_anywhere_is_not_put_on_record(site: Site) -> None:
    for out in (site.folder / "nowhere" / "r.pdf", site.folder / "r.doc"):
        asked = ["report", "annual", "city", "2026", "--out", str(out)]
        assert main([*asked, "--config", str(site.folder / "devices.yaml")]) == 2
    with site.database.read() as session:
        assert session.exec(select(ReportMade)).all() == []


def test_the_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "r.pdf"
    out.write_bytes(b"old")
    making.put_down(out, b"new")
    assert (out.read_bytes(), [one.name for one in tmp_path.iterdir()]) == (b"new", ["r.pdf"])


def test_the_cover_says_by_when_it_is_due(site: Site) -> None:
    """`reports.annual_report_by` of the unit's pack."""
    cells = [[cell.value for cell in row] for row in opened(made(site, "xlsx")).worksheets[0].iter_rows()]
    [line] = [row for row in cells if "应于此日前报送" in row]
    assert "2027-01-31" in line
