"""Which camera is in which bay of a dock."""

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drivers.dock_notes import DockNotes

if TYPE_CHECKING:
    from drivers.bay import Bay


@dataclass
class Docked:
    """The same camera cannot be in two."""

    notes: DockNotes
    lock: threading.Lock = field(default_factory=threading.Lock)
    bays: dict[str, "Bay"] = field(default_factory=dict)

    def take(self, camera: str, bay: "Bay") -> bool:
        with self.lock:
            return self.bays.setdefault(camera, bay) is bay

    def leave(self, bay: "Bay") -> None:
        with self.lock:
            self.bays = {camera: other for camera, other in self.bays.items() if other is not bay}
