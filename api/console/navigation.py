"""What stands in the navigation, for whom."""

from dataclasses import dataclass

from gateway.visibility import Right, Viewer


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    """Its word is `nav.<name>`."""
    path: str
    icon: str
    right: Right


ENTRIES = (
    Entry("docks", "/docks", "server-2", Right.READ),
    Entry("clips", "/clips", "video", Right.READ),
    Entry("cases", "/cases", "folder", Right.READ),
    Entry("work", "/work", "list-check", Right.LABEL),
    Entry("retrieval", "/retrieval", "eye-check", Right.REQUEST),
    Entry("wall", "/wall", "layout-grid", Right.VIEW),
    Entry("board", "/board", "clipboard-list", Right.READ),
    Entry("equipment", "/equipment", "device-cctv", Right.READ),
    Entry("reports", "/reports", "chart-bar", Right.READ),
    Entry("administration", "/administration", "settings", Right.ADMIN),
)
"""In the order of the day's work; the first that somebody may see is where he begins."""


def entries(viewer: Viewer) -> tuple[Entry, ...]:
    return tuple(entry for entry in ENTRIES if viewer.may(entry.right))
