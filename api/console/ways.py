"""Where a form leads when it is done."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Form

Back = Annotated[str, Form(alias="next", max_length=2000)]


def safe(path: str) -> str:
    """Only a path of ours: a link to our sign-in must not lead elsewhere afterwards."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours and not parts.scheme and not parts.netloc and "\\" not in path else "/"
