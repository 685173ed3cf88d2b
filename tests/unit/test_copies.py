"""A second copy on the store's own disk is none where it counts: said by `check`, and nothing is erased by it."""

from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config import Settings, copies, from_mapping

CAMERA = {"id": "cam", "driver": "volume", "path": "card", "release": "erase"}
OTHER_DISK = Path("/dev/shm")  # a file system of its own on every Linux


def settings_of(folder: Path, second: Path | None, **more: object) -> Settings:
    store = {"second_copy": str(second)} if second else {}
    return from_mapping({"store": store, "devices": [{**CAMERA, **more}]}, folder, {})


def test_on_one_disk_nothing_is_safe_to_erase(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, tmp_path / "second")
    assert not copies.are_apart(settings)
    assert len(list(copies.on_one_disk(settings))) == 1
    [said] = copies.unsafe_erasing(settings)
    assert said.startswith("cam: release: 'erase' needs store.second_copy on a disk of its own")


@pytest.mark.skipif(not OTHER_DISK.is_dir(), reason="no second file system")
def test_on_another_disk_it_is(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, OTHER_DISK / "second-of-tests")
    assert copies.are_apart(settings)
    assert [*copies.on_one_disk(settings), *copies.unsafe_erasing(settings)] == []


def test_what_is_said_in_words_is_heard(tmp_path: Path) -> None:
    for settings in (
        settings_of(tmp_path, tmp_path / "second", erase_without_second_copy=True),
        settings_of(tmp_path, tmp_path / "second", release="check"),
        settings_of(tmp_path, None, erase_without_second_copy=True),
    ):
        assert list(copies.unsafe_erasing(settings)) == []


def test_check_says_so_and_is_not_content(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "devices.yaml"
    for second, release, ended in (("second", "erase", 1), ("second", "keep", 0)):
        config.write_text(
            f"store: {{second_copy: {second}}}\n"
            f"devices: [{{id: cam, driver: volume, path: card, release: {release}}}]\n"
        )
        assert main(["--config", str(config), "check"]) == ended
        said = capsys.readouterr().out
        assert "store.second_copy: lies on one file system with store.path" in said
        assert ("nothing is erased" in said) == bool(ended)
        assert ("good" in said) == (not ended)
