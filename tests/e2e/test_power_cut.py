"""Power cuts: a user-mode-linux guest with the store on ext4 is killed; what was acknowledged must be whole.

Killing a process never finds a missing fsync. `tests/powercut_writer.py` says which original it just
had acknowledged (state ACQUIRED committed); afterwards the image is checked as the next boot finds it.
"""

import hashlib
import os
import random
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.powercut import STORE, Guest, make_image, recovered

pytestmark = [
    pytest.mark.skipif(
        shutil.which("linux.uml") is None, reason="user-mode-linux is missing: run `bash .ci/setup --tests`"
    ),
    pytest.mark.skipif(os.getuid() != 0, reason="the guest's root is the host's: needs root"),
]

PROJECT = Path(__file__).parents[2]


def cut(image: Path, after: int, rng: random.Random, *arguments: str) -> list[str]:
    """Run the writer until it has acknowledged some files, then cut the power; returns what it said."""
    make_image(image, 96)
    command = [sys.executable, "-m", "tests.powercut_writer", STORE, *arguments]
    with Guest(image, command, cwd=str(PROJECT), env={"PYTHONPATH": str(PROJECT)}, memory="320M") as guest:
        guest.wait_until(lambda lines: sum(line.startswith("ACK ") for line in lines) >= after, timeout=90)
        time.sleep(rng.uniform(0, 0.6))
        said = guest.kill()
    return [line for line in said if line.startswith("ACK ")]


def lost(image: Path, acknowledged: list[str]) -> list[str]:
    """Which acknowledged originals are not whole, by database row and by bytes."""
    wrong = []
    with recovered(image) as found, closing(sqlite3.connect(found / "gateway.sqlite")) as database:
        try:
            rows = dict(
                database.execute(
                    "SELECT id, stored_as || '|' || sha256 FROM original WHERE stored_as IS NOT NULL"
                )
            )
        except sqlite3.DatabaseError:
            rows = {}
        for line in acknowledged:
            _, item_id, sha256 = line.split()
            key, _, digest = rows.get(item_id, "|").partition("|")
            path = found / "store" / key
            whole = bool(key) and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
            if not whole or digest != sha256:
                wrong.append(line)
    return wrong


def test_ten_power_cuts_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    rng = random.Random()
    acknowledged = 0
    for number in range(10):
        said = cut(tmp_path / "image", 1 + number % 3, rng)
        acknowledged += len(said)
        assert lost(tmp_path / "image", said) == []
    assert acknowledged >= 10


@pytest.mark.parametrize("without", ["file", "database"])
def test_a_missing_fsync_is_found(tmp_path: Path, without: str) -> None:
    """The same campaign with one fsync taken out must fail, or it proves nothing.

    The fsync of the folder is not seen this way: on ext4 the database's own fsync, which follows,
    commits every earlier change of metadata with it.
    """
    rng = random.Random(7)
    for _ in range(6):
        said = cut(tmp_path / "image", 2, rng, "--without", without)
        if lost(tmp_path / "image", said):
            return
    pytest.fail(f"six cuts without the {without} fsync and nothing was lost: the campaign is blind")
