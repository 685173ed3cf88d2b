"""Reports: the indicators with what stands behind each, frozen quarters and how they moved, files."""

from api.console.reports import figures, files, overview, snapshots
from api.console.reports.words import BUILT

__all__ = ["BUILT", "MODULES"]

MODULES = (overview, figures, snapshots, files)
