"""What a line of the books would change is shown first; only what was shown is entered."""

from typing import Protocol

from fastapi import Response
from fastapi.responses import RedirectResponse

from api.console.equipment.effects import Shown, shown
from api.console.forms import Wrong
from api.v1 import links
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.visibility import Viewer
from gateway.wording import Reason


class Line(Protocol):
    """A line as it was filled in."""

    @property
    def database(self) -> Database: ...
    @property
    def law(self) -> Law: ...
    @property
    def viewer(self) -> Viewer: ...

    def given(self) -> links.Correction:
        """Raises Wrong."""

    def enter(self, given: links.Correction) -> str:
        """Where it shows then."""

    def form(
        self, status: int = 200, wrong: frozenset[str] = frozenset(), refused: Reason | None = None
    ) -> Response: ...

    def preview(self, given: links.Correction, found: Shown, *, anew: bool = False) -> Response:
        """`anew`: it is not what was shown before, and was therefore not entered."""


def preview(line: Line) -> Response:
    try:
        given = line.given()
        return line.preview(given, tried(line, given))
    except Wrong as wrong:
        return line.form(422, wrong=wrong.names)
    except Refused as no:
        return line.form(409, refused=no.reason)


def enter(line: Line, shown_then: str) -> Response:
    try:
        given = line.given()
        found = tried(line, given)
        if found.digest != shown_then:
            return line.preview(given, found, anew=True)
        return RedirectResponse(line.enter(given), 303)
    except Wrong as wrong:
        return line.form(422, wrong=wrong.names)
    except Refused as no:
        return line.form(409, refused=no.reason)


def tried(line: Line, given: links.Correction) -> Shown:
    """Raises Refused for what cannot be entered, and for a correction that corrects nothing: its reason
    would be lost."""
    stands, found = links.tried(given, line.viewer, line.database, line.law)
    if stands == given.replaces:
        raise Refused("ledger.unchanged")
    return shown(line.database, found)
