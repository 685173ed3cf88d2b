"""The work list of evidence staff: what waits, one clip at a time, and a key for each decision."""

from api.console.work import acting, pages
from api.console.work.routes import router

__all__ = ["acting", "pages", "router"]
