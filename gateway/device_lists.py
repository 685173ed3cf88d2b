"""Lists of devices as offices keep them: a table (CSV, XLSX) with a header; wrong cells are named."""

import contextlib
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any, get_args
from zipfile import BadZipFile

from pydantic import ValidationError

from gateway.case_sources.files import decoded
from gateway.config import ConfigError
from gateway.device_facts import DeviceFacts
from gateway.models import DeviceState
from gateway.rulepacks.equipping import DeviceType
from gateway.wording import TERMS

SUFFIXES = (".csv", ".xlsx")
Row = tuple[int, Sequence[str]]
"""The number of a row, as the table shows it, and its cells."""

HEADERS = {
    "设备编号": "id",
    "编号": "id",
    "设备类型": "type",
    "类型": "type",
    "设备名称": "name",
    "名称": "name",
    "所属单位": "unit",
    "单位": "unit",
    "房间": "room",
    "序列号": "serial_no",
    "型号": "model",
    "生产厂家": "vendor",
    "厂家": "vendor",
    "资产编号": "asset_no",
    "国标编码": "gb_code",
    "保管人": "keeper",
    "配置审批文号": "procurement_doc_no",
    "购置日期": "acquired_on",
    "验收日期": "accepted_on",
    "启用日期": "in_service_from",
    "停用日期": "in_service_to",
    "状态": "status",
    "图像宽度": "spec.width",
    "图像高度": "spec.height",
    "照片像素": "spec.still_mp",
    "电池容量（mAh）": "spec.battery_mah",
    "续航（小时）": "spec.record_hours",
    "存储（GB）": "spec.storage_gb",
    "防护等级": "spec.ip",
    "红外": "spec.infrared",
    "定位": "spec.gps",
    "实时上传": "spec.realtime_upload",
}
"""What a column is called; the names of the registry file are known as well."""
TYPES = {TERMS[kind][0]: kind for kind in get_args(DeviceType)}
STATES = {TERMS[state][0]: state.value for state in DeviceState}
YES_NO = {"是": True, "有": True, "否": False, "无": False}
TENS_OF_THOUSANDS = re.compile(r"(\d+(?:\.\d+)?)万(?:像素)?")
"""As photo cameras are described: 3000万像素."""
WORDS: dict[str, dict[str, Any]] = {
    "type": TYPES, "status": STATES, "spec.infrared": YES_NO, "spec.gps": YES_NO,
    "spec.realtime_upload": YES_NO,
}  # fmt: skip


def read(path: Path, unit: str | None = None) -> list[DeviceFacts]:
    """Every device of a list; `unit` is whose they are where the list does not say.

    Raises ConfigError naming each wrong cell, by row and column.
    """
    rows = list(rows_of(path))
    if not rows:
        raise ConfigError(f"{path}: is empty; the first row names the columns, such as 设备编号, 设备类型")
    fields = header(path, rows[0][1])
    wrong: list[str] = []
    found = [device(path, fields, row, unit, wrong) for row in rows[1:] if any(row[1])]
    wrong += twice(path, rows[1:], fields)
    if wrong:
        raise ConfigError("\n".join(wrong))
    return [one for one in found if one is not None]


def rows_of(path: Path) -> Iterator[Row]:
    if path.suffix.lower() == ".xlsx":
        yield from sheet_rows(path)
        return
    try:
        lines = csv.reader(decoded(path, path.read_bytes()).splitlines(keepends=True), strict=True)
        for cells in lines:
            yield lines.line_num, [cell.strip() for cell in cells]
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except csv.Error as error:
        raise ConfigError(f"{path}: is no CSV ({error})") from error


def sheet_rows(path: Path) -> Iterator[Row]:
    """The first sheet of a workbook; formulas count by what they last showed."""
    import openpyxl  # here, since mostly nobody brings a workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (OSError, ValueError, KeyError, BadZipFile, InvalidFileException) as error:
        raise ConfigError(f"{path}: cannot be read as a workbook ({error})") from error
    with contextlib.closing(book):
        for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            yield number, [shown(cell) for cell in cells]


def shown(cell: object) -> str:
    """As the table shows it: a day without its hour, a whole number without a point."""
    if cell is None:
        return ""
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def header(path: Path, cells: Sequence[str]) -> list[str]:
    known = set(HEADERS.values())
    fields = [HEADERS.get(cell, cell if cell in known else "") for cell in cells]
    strange = [cell or "(empty)" for cell, field in zip(cells, fields, strict=True) if not field]
    if strange:
        raise ConfigError(f"{path}: unknown columns: {', '.join(strange)}; known: {', '.join(HEADERS)}")
    double = sorted({field for field in fields if fields.count(field) > 1})
    if double:
        raise ConfigError(f"{path}: columns that mean the same: {', '.join(double)}")
    if "id" not in fields:
        raise ConfigError(f"{path}: has no column 设备编号")
    return fields


def device(
    path: Path, fields: Sequence[str], row: Row, unit: str | None, wrong: list[str]
) -> DeviceFacts | None:
    """One device; what is wrong with it is added to `wrong`."""
    number, cells = row
    if len(cells) != len(fields):
        wrong.append(f"{path}: row {number}: has {len(cells)} cells, the header has {len(fields)}")
        return None
    told: dict[str, Any] = {"unit": unit} if unit else {}
    for field, cell in zip(fields, cells, strict=True):
        if cell:
            put(told, field, value_of(field, cell))
    try:
        return DeviceFacts.model_validate(told)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            field = ".".join(str(part) for part in one["loc"])
            wrong.append(f"{path}: row {number}, column {field}: {one.get('input')!r}: {one['msg']}")
        return None


def put(told: dict[str, Any], field: str, value: Any) -> None:
    group, _, name = field.rpartition(".")
    (told.setdefault(group, {}) if group else told)[name] = value


def value_of(field: str, cell: str) -> Any:
    if field == "spec.ip":
        return cell.upper().removeprefix("IP")
    if field == "spec.still_mp" and (tens := TENS_OF_THOUSANDS.fullmatch(cell)):
        return float(tens[1]) / 100
    return WORDS.get(field, {}).get(cell, cell)


def twice(path: Path, rows: Iterable[Row], fields: Sequence[str]) -> list[str]:
    place, wrong = fields.index("id"), []
    seen: dict[str, int] = {}
    for number, cells in rows:
        if place < len(cells) and (name := cells[place]):
            if name in seen:
                wrong.append(f"{path}: row {number}: {name} stands in row {seen[name]} already")
            seen.setdefault(name, number)
    return wrong
