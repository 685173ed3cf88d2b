"""The console that shows what came from outside: nothing in a name or title is taken for mark-up."""

from rich.console import Console


def plain_console(width: int | None = None, *, stderr: bool = False) -> Console:
    return Console(width=width, stderr=stderr, markup=False, emoji=False, highlight=False)
