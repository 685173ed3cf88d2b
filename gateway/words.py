"""What each word of the `gateway` command does; imports what it needs when it runs.

`gateway check` must not load the job engine, `gateway --help` nothing at all.
"""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config import Settings

log = logging.getLogger(__name__)


def load(path: Path) -> "Settings":
    from gateway import config

    return config.load(path)


def check(asked: argparse.Namespace) -> int:
    settings = load(asked.config)
    from gateway import rulepacks

    rulepacks.packs(settings.rule_pack, settings.unit_rule_packs)
    check_keys(settings)
    from gateway.config import copies, spools

    wrong = [*spools.unwritable(settings), *left_behind(settings, asked.config)]
    wrong += copies.unsafe_erasing(settings)
    for line in (*wrong, *spools.elsewhere(settings), *copies.on_one_disk(settings)):
        print(line)
    print(f"{asked.config}: {'see above' if wrong else 'good'}, {len(settings.devices)} devices")
    return 1 if wrong else 0


def left_behind(settings: "Settings", config: Path) -> list[str]:
    from gateway.config import spools

    return list(spools.left_behind(settings, config.resolve().parent))


def check_keys(settings: "Settings") -> None:
    """Raises ConfigError for a key of a case source that cannot be read."""
    from gateway.case_sources.signatures import Checker
    from gateway.config.sources import FolderSource

    for source in settings.case_sources:
        if isinstance(source, FolderSource):
            Checker(source.signature)


def run(asked: argparse.Namespace) -> int:
    from gateway.serving import run_daemon

    settings = load(asked.config)
    from gateway.config import copies

    said = (*copies.on_one_disk(settings), *copies.unsafe_erasing(settings))
    for line in (*left_behind(settings, asked.config), *said):
        log.warning("%s", line)
    run_daemon(settings, stop_on_signal(), asked.name)
    return 0


def stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def serve(asked: argparse.Namespace) -> int:
    from gateway.serving import serve_api

    return serve_api(load(asked.config), stop_on_signal())


def up(asked: argparse.Namespace) -> int:
    from gateway.serving import serve_both

    load(asked.config)
    return serve_both(asked.config, stop_on_signal())


def migrate(asked: argparse.Namespace) -> int:
    from gateway.opening import open_database

    open_database(load(asked.config)).close()
    print("the database has the newest schema")
    return 0


def findable(asked: argparse.Namespace) -> int:
    from gateway.opening import open_database
    from gateway.search import upkeep

    database = open_database(load(asked.config))
    print(f"{upkeep.rebuild(database)} clips are found anew")
    database.close()
    return 0


def verify_all(asked: argparse.Namespace) -> int:
    from gateway.audit import lasting
    from gateway.opening import open_database, open_stores

    settings = load(asked.config)
    database = open_database(settings)
    store, second = open_stores(settings, database)
    found = lasting(database, store, second, read_bytes=not asked.quick)
    for difference in found:
        print(difference)
    print(f"{len(found)} difference{'s'[: len(found) > 1]}" if found else "store, database and custody agree")
    return 1 if found else 0


def ingest_path(asked: argparse.Namespace) -> int:
    from gateway.manual import ingest_by_hand

    return ingest_by_hand(load(asked.config), asked.path, asked.device, as_json=asked.json)


def devices_command(asked: argparse.Namespace) -> int:
    if asked.teach:
        asked.action = taught(asked.action)
    if asked.action == "enrol":
        return enrol(asked)
    if asked.action == "connect":
        return connect(asked)
    settings = load(asked.config)
    if asked.action in {"attached", "teach"}:
        from gateway import attached

        if asked.action == "teach":
            return attached.teach(settings, out=asked.out)
        return attached.show_attached(settings)
    from gateway import commands

    ended = commands.devices(settings, asked)
    if asked.action == "list":
        from gateway import attached

        attached.show_attached(settings, unasked=True)
    return ended


def taught(action: str) -> str:
    from gateway.config import ConfigError

    if action not in {"list", "teach"}:
        raise ConfigError(
            f"--teach goes with no other action: `gateway devices teach`, or `{action}` without it"
        )
    return "teach"


def enrol(asked: argparse.Namespace) -> int:
    """A certificate for a camera, or with --address for the broker and the upload listener."""
    from gateway import identities
    from gateway.config import ConfigError

    if not asked.target:
        raise ConfigError("whom? usage: gateway devices enrol NAME [--address HOST …] [--out FOLDER]")
    folder = asked.out or Path("pki")
    certificate, key = identities.enrol(folder, asked.target, tuple(asked.address))
    print(f"{certificate}\n{key}\n{folder / 'ca.crt'}")
    return 0


def connect(asked: argparse.Namespace) -> int:
    """The connection file for AXIS Body Worn Manager, on standard output; it holds the key."""
    from drivers.axis.connection import connection_file
    from gateway.config import ConfigError
    from gateway.config.connected import AxisBodyWornSettings

    device = load(asked.config).device(asked.target or "")
    if not isinstance(device, AxisBodyWornSettings):
        raise ConfigError(f"{device.id} is no axis_body_worn device; only those have a connection file")
    sys.stdout.buffer.write(connection_file(device) + b"\n")
    return 0


def cases_command(asked: argparse.Namespace) -> int:
    from gateway import commands

    return commands.cases(load(asked.config), asked)


def equipment_command(asked: argparse.Namespace) -> int:
    from gateway.equipment_command import equipment

    return equipment(load(asked.config), asked)


def rules_command(asked: argparse.Namespace) -> int:
    if asked.action == "compare":
        from gateway.packs_command import compare

        return compare(load(asked.config), asked)
    from gateway.rules_command import rules

    named = asked.target if asked.action == "check" else asked.pack
    return rules(asked, named or configured_pack(asked.config))


def configured_pack(path: Path) -> str:
    """The pack of the configuration; where there is none yet, the one that comes with us."""
    from gateway.config import Settings

    return load(path).rule_pack if path.exists() else Settings().rule_pack


def scope_command(asked: argparse.Namespace) -> int:
    from gateway import scope_command

    return scope_command.scope(load(asked.config), asked)


def board_command(asked: argparse.Namespace) -> int:
    from gateway import scope_command

    return scope_command.obligation_board(load(asked.config), asked)


def report_command(asked: argparse.Namespace) -> int:
    from gateway import annual_command, report_command

    if asked.action in {"causes", "annual"}:
        return annual_command.run(load(asked.config), asked)
    return report_command.run(load(asked.config), asked)


def disposal_command(asked: argparse.Namespace) -> int:
    from gateway import disposal_command

    return disposal_command.run(load(asked.config), asked)


def sample_command(asked: argparse.Namespace) -> int:
    from gateway import sample_command

    return sample_command.run(load(asked.config), asked)


def user_command(asked: argparse.Namespace) -> int:
    from gateway import commands

    return commands.users(load(asked.config), asked)


def demo(asked: argparse.Namespace) -> int:
    from gateway.demo import run_demo

    return run_demo(asked.folder, asked.port, exit_after_table=asked.exit, stop=stop_on_signal())
