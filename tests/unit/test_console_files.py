"""What pages load: under names of their content, and a word of what to do where set-up was not run."""

import json
import re
from typing import Literal

import pytest

from api.console.docks import TOOLS
from api.console.files import FOLDER, file_of, files, url_of
from api.console.navigation import ENTRIES
from api.console.pages import Reader, fragment, icon
from gateway.config import ConfigError
from gateway.docks import Seat, Sign
from gateway.models import now
from gateway.offloads import Progress
from gateway.wording import reason

LOCK = FOLDER.parent / "vendor" / "package-lock.json"


def test_a_changed_file_has_another_name() -> None:

    names = [file.url for file in files().values()]
    assert len(set(names)) == len(names)
    assert file_of(FOLDER / "console.css").url == url_of("console.css")
    assert url_of("console.css") != "/static/console.css"


def test_what_was_not_fetched_says_what_to_run() -> None:
    with pytest.raises(ConfigError, match="make setup"):
        url_of("nobody-fetched-this.css")


def test_the_lock_names_no_registry_and_every_digest() -> None:
    packages = json.loads(LOCK.read_text())["packages"]
    assert "http" not in LOCK.read_text()
    for name, told in packages.items():
        assert not name or told["integrity"].startswith("sha512-"), name
    wanted = packages[""]["dependencies"] | packages[""]["devDependencies"]
    assert all(version[0].isdigit() for version in wanted.values()), "exact versions"


def test_nothing_of_ours_names_another_host() -> None:
    """Namespaces of SVG apart: nobody fetches them."""
    for path in [*FOLDER.glob("*.*"), *(FOLDER.parent / "templates").glob("*.html")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name


def test_a_name_with_signs_of_direction_turns_only_itself() -> None:
    """U+202E in a title: what follows in the same cell is isolated from it."""
    [rule] = re.findall(
        r"^(.*) \{ unicode-bidi: isolate; \}$", (FOLDER / "console.css").read_text(), re.MULTILINE
    )
    assert {"a", "span", "small", "strong", "code", "time"} <= set(rule.split(", "))


def test_what_is_hidden_in_a_wide_table_scrolls_with_it() -> None:
    """Else a hidden word in its last head makes the whole page as wide as the table."""
    assert re.search(
        r"^\.wide \{ position: relative; overflow-x: auto;", (FOLDER / "console.css").read_text(), re.M
    )
    assert ".kiosk .side-by-side { flex-wrap: wrap; }" in (FOLDER / "kiosk.css").read_text()


def test_what_is_drawn_is_in_the_sprite() -> None:
    for entry in ENTRIES:
        assert f"#{entry.icon}" in icon(entry.icon)
    with pytest.raises(KeyError):
        icon("nobody-fetched-this")


@pytest.mark.parametrize("sign", list(Sign))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_bay_is_drawn_whatever_it_says(sign: Sign, language: Literal["zh", "en"]) -> None:
    seen = Progress(
        files=1200, ended=1199, bytes=3 * 10**9, done=10**9, waiting=reason("wait.source_gone", done=0), to_release=0,
        set_aside=2, eta_s=95.0,
    )  # fmt: skip
    name = "阿卜杜热合曼·买买提吐尔逊" * 8
    for more in ({}, {"progress": seen, "camera": name, "holder": name, "battery": 5, "alarms": ("forced",)}):
        if not more and sign in {Sign.COPYING, Sign.WAITING, Sign.FINISHING, Sign.DONE, Sign.LOOK}:
            continue  # these are known by their progress alone
        seat = Seat(dock="d", bay="12", sign=sign, since=now(), **more)
        told = fragment(Reader(language, "auto"), "bay.html", seat=seat, **TOOLS)
        assert f'data-sign="{sign}"' in told
        if language == "en":
            assert not re.search(r"[\u4e00-\u9fff]", told.replace(name, ""))
        if more and sign in {Sign.COPYING, Sign.WAITING, Sign.FINISHING}:
            assert "1,199" in told
