"""What all of these pages need: who may open them, and what was refused."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from api.console import pages
from api.signin import NeedsWholeSite
from gateway.visibility import Right, Viewer
from gateway.wording import Reason

Admin = Annotated[Viewer, Depends(NeedsWholeSite(Right.ADMIN))]
TABS = ("state", "people", "systems", "rules", "orders")
PATHS = {"state": "/administration"} | {name: f"/administration/{name}" for name in TABS[1:]}


def shown(
    request: Request, viewer: Viewer, tab: str, problem: Reason | None = None, **facts: Any
) -> Response:
    """`problem`: why what was asked was not done; the page says so and shows how it stands."""
    return pages.page(
        request, f"administration_{tab}.html", viewer, tab=tab, tabs=PATHS, problem=problem,
        headers={"cache-control": "no-store"}, **facts,
    )  # fmt: skip
