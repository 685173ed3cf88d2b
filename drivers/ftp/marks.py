"""Which uploads are not known to be whole."""

import os
from pathlib import Path


class Marks:
    """Which files are not known to be whole: a mark is set when one is opened and goes with its 226.

    By inode, so that a rename carries it along; on disk, so that a kill does.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def set(self, seen: os.stat_result) -> None:
        (self.folder / str(seen.st_ino)).touch()

    def clear(self, seen: os.stat_result) -> None:
        (self.folder / str(seen.st_ino)).unlink(missing_ok=True)

    def __contains__(self, seen: os.stat_result) -> bool:
        return (self.folder / str(seen.st_ino)).exists()
