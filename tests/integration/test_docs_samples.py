"""The samples in docs/ are taken by the commands they stand beside."""

import re
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from drivers.names import read_name
from gateway.cli import main
from gateway.config import from_mapping

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, kind: str, after: str = "") -> list[str]:
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{kind}\n(.*?)^```", text[text.index(after) :], re.MULTILINE | re.DOTALL)


def test_the_files_to_begin_with_are_taken_without_complaint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "devices.yaml"
    cameras = [{"id": f"cam-0{n}", "driver": "volume", "path": f"card-{n}", "unit": "xt"} for n in (1, 2)]
    config.write_text(yaml.safe_dump({"devices": cameras}))
    (registry,) = blocks("operations.md", "yaml", "## Files to begin with")
    (cases,) = blocks("operations.md", "json", "## Files to begin with")
    (tmp_path / "registry.yaml").write_text(registry)
    (tmp_path / "cases.json").write_text(cases)
    for word, name in (("devices", "registry.yaml"), ("cases", "cases.json")):
        assert main(["--config", str(config), word, "import", str(tmp_path / name)]) == 0
    said = capsys.readouterr().out
    assert "1 new" in said
    for complaint in ("none of the forms", "misspelt"):
        assert complaint not in said


SETTINGS = [
    (page.name, place)
    for page in sorted(DOCS.glob("*.md"))
    for place, text in enumerate(blocks(page.name, "yaml"))
    if re.search(r"^(devices|case_sources):", text, re.MULTILINE)
    and not re.search(r"^(officers|allocations):", text, re.MULTILINE)
]


@pytest.mark.parametrize(("page", "place"), SETTINGS)
def test_each_sample_of_settings_is_taken(page: str, place: int) -> None:
    text = blocks(page, "yaml")[place]
    secrets = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "s" * 40)
    assert from_mapping(yaml.safe_load(text), Path("/x"), secrets, page)


def test_the_template_of_names_reads_the_name_beside_it() -> None:
    text = (DOCS / "drivers.md").read_text()
    template = re.findall(r"^ +- '(\^.*)'$", text, re.MULTILINE)
    (name,) = re.findall(r"^reads `(.*?)`", text, re.MULTILINE)
    read = read_name(name, template)
    assert (read.case_no, read.officer, read.device) == ("冀邢市监罚〔2024〕27号", "130501", "CAM001")
    assert (read.started, read.important) == (datetime(2024, 5, 6, 9, 30), True)
    assert read_name(name).officer is None
