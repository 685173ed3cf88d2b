"""A sign-in at another site and back: whether a browser brings its cookies along is its own rule, so a real one is asked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, expect

from api.app import create_app, serve_from
from api.signin import add_user
from drivers.ports import free_port
from gateway.database import Database
from gateway.live import LiveFolder
from gateway.models import Role
from gateway.store import LocalStore
from tests.browser.watched import LONGEST_MS, Watched
from tests.integration.oidc_peer import Peer, running


@contextmanager
def gateway(database: Database, store: LocalStore, folder: Path, peer: Peer, port: int) -> Iterator[None]:
    app = serve_from(create_app(), database, store, LiveFolder(folder), oidc=peer.settings())
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            thread.join(0.02)
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("scripts", [True, False])
def test_there_and_back_again(
    browser: Browser, database: Database, store: LocalStore, tmp_path: Path, *, scripts: bool
) -> None:
    """`localhost` and `127.0.0.1` are two sites. The session's cookie is strict, and the page after it has it all the same."""
    with database.write() as session:
        add_user(session, "chen", None, Role.OPERATOR, None)
    port = free_port()
    url = f"http://localhost:{port}"
    with running(f"{url}/sign-in/oidc/back") as peer, gateway(database, store, tmp_path, peer, port):
        context = browser.new_context(base_url=url, locale="zh-CN", java_script_enabled=scripts)
        context.set_default_timeout(LONGEST_MS)
        page = context.new_page()
        seen = Watched(page, f"localhost:{port}")
        page.goto("/account")
        if scripts:
            assert seen.barriers() == []
            assert seen.said == []
        page.get_by_role("link", name="使用统一身份认证登录").click()
        peer.call("4711", "chen")
        page.locator("[name=login]").fill("4711")
        page.locator("[name=password]").fill("any")
        page.get_by_role("button").click()
        page.get_by_role("button").click()  # that its name is told to us
        page.wait_for_url("**/account")
        expect(page.locator(".who")).to_contain_text("chen")
        kept = {one["name"]: one for one in context.cookies()}
        assert kept["gateway_session"]["sameSite"] == "Strict"
        assert "gateway_oidc" not in kept
        context.close()
