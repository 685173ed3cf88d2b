"""Adding a driver touches the files that docs/adding-a-driver.md names; what is forgotten is an error."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

SETTINGS = '''
class PigeonSettings(DeviceSettings):
    """A carrier pigeon (driver `pigeon`)."""

    driver: Literal["pigeon"]
    path: Path


AnyDevice = Annotated[PigeonSettings | '''
DRIVER = '''"""A carrier pigeon."""

from threading import Event

from gateway.config.devices import PigeonSettings
from gateway.device import Emit, FoundFile, Order, OrderResult, Refused, Release


class Pigeon:
    def __init__(self, settings: PigeonSettings) -> None:
        self.settings = settings

    def run(self, emit: Emit, stop: Event) -> None:
        stop.wait()

    def release(self, found: FoundFile, sha256: str) -> Release:
        return Release.KEPT

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for room in ("gateway", "drivers", "ingest", "api"):
        shutil.copytree(PROJECT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy knows of the files that nobody touched, where `make check` ran before: a copy, by digests."""
    cache = tmp_path_factory.mktemp("mypy") / "cache"
    if (PROJECT / ".mypy_cache").exists():
        shutil.copytree(PROJECT / ".mypy_cache", cache)
    return cache


def run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / command[0], *command[1:]], cwd=tree, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tree)},
    )  # fmt: skip


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def add_pigeon(tree: Path, *, arm: bool) -> None:
    edit(
        tree / "gateway/config/devices.py",
        "\nAnyDevice = Annotated[",
        SETTINGS,
    )
    (tree / "drivers/pigeon.py").write_text(DRIVER)
    if arm:
        daemon = tree / "gateway/daemon/drivers.py"
        edit(
            daemon,
            "        case _:\n            assert_never(settings)",
            "        case PigeonSettings():\n            from drivers.pigeon import Pigeon\n\n"
            "            return Pigeon(settings)\n        case _:\n            assert_never(settings)",
        )
        edit(
            daemon,
            "from gateway.config.devices import",
            "from gateway.config.devices import PigeonSettings\nfrom gateway.config.devices import",
        )


def test_the_named_files_are_enough(tree: Path, known: Path) -> None:
    add_pigeon(tree, arm=True)
    checked = run(tree, "mypy", "--cache-dir", str(known))
    assert checked.returncode == 0, checked.stdout
    linted = run(tree, "lint-imports", "--no-cache")
    assert linted.returncode == 0, linted.stdout
    (tree / "devices.yaml").write_text("devices: [{id: p, driver: pigeon, path: loft}]\n")
    said = run(tree, "python", "-m", "gateway.cli", "--config", "devices.yaml", "check")
    assert said.returncode == 0, said.stderr


def test_forgetting_the_match_arm_is_a_type_error(tree: Path, known: Path) -> None:
    add_pigeon(tree, arm=False)
    checked = run(tree, "mypy", "--cache-dir", str(known))
    assert checked.returncode != 0
    assert "assert_never" in checked.stdout
    assert "PigeonSettings" in checked.stdout


def test_a_planted_forbidden_import_fails(tree: Path) -> None:
    with (tree / "drivers/volume.py").open("a") as file:
        file.write("\nimport ingest.pipeline  # noqa\n")
    linted = run(tree, "lint-imports", "--no-cache")
    assert linted.returncode != 0
    assert "drivers.volume -> ingest.pipeline" in linted.stdout


def test_an_unlisted_module_fails(tree: Path) -> None:
    (tree / "gateway/shelf.py").write_text('"""Nobody gave it a place."""\n')
    linted = run(tree, "lint-imports", "--no-cache")
    assert linted.returncode != 0
    assert "gateway.shelf" in linted.stdout
