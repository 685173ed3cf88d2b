"""Reports: the indicators with what stands behind each, frozen quarters and how they moved, files."""

from fastapi import APIRouter

from api.console.reports import figures, files, overview, snapshots
from api.console.reports.words import BUILT

__all__ = ["BUILT", "router"]

router = APIRouter()
for module in (overview, figures, snapshots, files):
    router.include_router(module.router)
