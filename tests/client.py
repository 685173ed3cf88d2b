"""The API in this process: routes are built once, what they serve from is changed under them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app, serve_from
from gateway.database import Database
from gateway.live import LiveFolder
from gateway.store import LocalStore


@contextmanager
def client_of(
    database: Database, store: LocalStore, live: LiveFolder, *more: Any, **rest: Any
) -> Iterator[TestClient]:
    """One at a time: building the routes takes longer than most tests."""
    with TestClient(serve_from(app(), database, store, live, *more, **rest)) as client:
        yield client


@cache
def app() -> FastAPI:
    return create_app()
