"""Pages: templates with every value escaped, in the reader's language and colours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.routing import Match

from api.console import telling
from api.console.files import files, url_of
from api.console.navigation import entries
from api.console.ways import safe
from gateway.visibility import Viewer
from gateway.wording import ACCESS, sentence
from gateway.wording.console import word

FOLDER = Path(__file__).parent / "templates"
LANGUAGE, THEME = "gateway_language", "gateway_theme"
LANGUAGES, THEMES = ("zh", "en"), ("auto", "light", "dark")


@dataclass(frozen=True)
class Reader:
    """How somebody reads: Chinese and as the system is, until chosen otherwise."""

    language: Literal["zh", "en"]
    theme: str

    @cached_property
    def words(self) -> dict[str, Any]:
        """What templates say things with."""
        language = self.language
        return {
            "t": partial(word, language),
            "sentence": partial(sentence, language=language),
            "role": lambda role: ACCESS[role][LANGUAGES.index(language)],
            **{
                name: partial(getattr(telling, name), language=language)
                for name in (
                    "clock",
                    "dated",
                    "foreseen",
                    "instant",
                    "lateness",
                    "span",
                    "size",
                    "whole",
                )
            },
        }


def reader_of(request: Request) -> Reader:
    language, theme = request.cookies.get(LANGUAGE), request.cookies.get(THEME)
    return Reader("en" if language == "en" else "zh", theme if theme in THEMES else "auto")


@cache
def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"url_of": url_of, "icon": icon}
    return made


@cache
def icons() -> frozenset[str]:
    drawn = files().get("icons.svg")
    return frozenset(re.findall(r'<symbol id="([^"]+)"', drawn.content.decode()) if drawn else ())


def icon(name: str) -> Markup:
    """Beside words, never instead of them. Raises KeyError for one that `.ci/vendor` does not fetch."""
    if name not in icons():
        raise KeyError(name)
    return Markup(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>'
    ).format(url_of("icons.svg"), name)


def fragment(reader: Reader, template: str, **facts: Any) -> str:
    """A part of a page, as it is sent when only that part changed."""
    return environment().get_template(template).render(**reader.words, reader=reader, **facts)


def here(request: Request) -> str:
    """Where a change of language or colours leads back: what answers a form has no address of its own."""
    if request.method in {"GET", "HEAD"}:
        return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return came_from(request) or "/"


def came_from(request: Request) -> str | None:
    """The page of ours whose form was sent, where it can be opened again."""
    came = urlsplit(request.headers.get("referer", ""))
    scope = {"type": "http", "method": "GET", "path": came.path}
    is_page = any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    if not is_page or came.netloc != request.headers.get("host"):
        return None
    return safe(f"{came.path}?{came.query}" if came.query else came.path)


def page(
    request: Request,
    template: str,
    viewer: Viewer | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **facts: Any,
) -> HTMLResponse:
    reader, path = reader_of(request), request.url.path
    usual = {"here": here(request), "path": path, "entries": entries(viewer) if viewer else ()}
    told = fragment(reader, template, viewer=viewer, **usual | facts)
    return HTMLResponse(told, status_code=status, headers={"vary": "cookie", **(headers or {})})
