"""Lists of devices as offices keep them: every column known, every wrong cell named, none guessed."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from gateway import device_lists
from gateway.config import ConfigError

LIST = """\
设备编号,设备类型,设备名称,单位,购置日期,照片像素,防护等级,定位,状态,国标编码
cam-1,执法记录仪,记录仪 1,xt,2023-03-01,3000万,IP68,是,在用,13050200001320000001
cam-2,照相机,,,,24,,,维修,

"""


def written(tmp_path: Path, text: str, suffix: str = ".csv") -> Path:
    path = tmp_path / f"list{suffix}"
    if suffix == ".csv":
        path.write_text(text, encoding="utf-8-sig")
        return path
    book = openpyxl.Workbook()
    for line in text.splitlines():
        cells: list[object] = [cell or None for cell in line.split(",")]
        cells = [date.fromisoformat(str(cell)) if cell == "2023-03-01" else cell for cell in cells]
        book.active.append([24.0 if cell == "24" else cell for cell in cells])
    book.save(path)
    return path


@pytest.mark.parametrize("kind", [".csv", ".xlsx", "of a Chinese PC"])
def test_a_list_in_chinese_comes_in(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, LIST, ".xlsx" if kind == ".xlsx" else ".csv")
    if kind == "of a Chinese PC":
        path.write_bytes(LIST.encode("gb18030"))
    first, second = device_lists.read(path, unit="xt-1")
    assert (first.type, first.unit, first.status, first.acquired_on) == (
        "body_camera",
        "xt",
        "IN_SERVICE",
        date(2023, 3, 1),
    )
    assert first.spec is not None
    assert (first.spec.still_mp, first.spec.ip, first.spec.gps) == (30, 68, True)
    assert first.gb_code == "13050200001320000001"
    assert (second.type, second.unit, second.name, second.status) == ("camera", "xt-1", None, "REPAIR")
    assert second.spec is not None
    assert second.spec.still_mp == 24


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("设备名称", "颜色", "unknown columns: 颜色"),
        ("设备名称", "编号", "columns that mean the same: id"),
        ("设备编号", "序列号", "has no column 设备编号"),
        ("cam-2,照相机,", "cam-2,照相机,,", "row 3: has 11 cells, the header has 10"),
        ("cam-2,照相机", "cam-2,xt", "row 3, column type: 'xt'"),
        ("2023-03-01,3000万", "3000万,2023-03-01", "row 2, column acquired_on: '3000万'"),
        ("IP68", "防水", "row 2, column spec.ip: '防水'"),
        ("cam-2", "cam-1", "row 3: cam-1 stands in row 2 already"),
        ("cam-2", "", "row 3, column id"),
        ("13050200001320000001", "130502", "GB/T 28181"),
    ],
)
def test_shifted_and_wrong_cells_are_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        device_lists.read(written(tmp_path, LIST.replace(old, new)))
    assert says in str(wrong.value)


def test_what_is_no_table_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xff\xff")
    (tmp_path / "a.xlsx").write_text("no workbook")
    (tmp_path / "b.csv").write_text("")
    for name in ("a.csv", "a.xlsx", "b.csv", "none.csv", "none.xlsx"):
        with pytest.raises(ConfigError) as wrong:
            device_lists.read(tmp_path / name)
        assert name in str(wrong.value)
