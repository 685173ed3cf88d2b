"""The work list of evidence staff: what waits, one clip at a time, and a key for each decision."""

from fastapi import APIRouter

from api.console.work import acting, pages

router = APIRouter()
router.include_router(pages.router)
router.include_router(acting.router)
