"""The long-running processes: the daemon, the API, and both side by side on one PC."""

import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import sdnotify

from gateway.config import Settings

log = logging.getLogger(__name__)

# The two processes load what only they need: the API never loads the job engine or a driver.


def run_daemon(settings: Settings, stop: threading.Event, name: str = "run") -> None:
    from gateway.daemon import Daemon
    from gateway.opening import await_databases

    if not await_databases(settings, stop):
        return
    daemon = Daemon(settings, name)
    daemon.start()
    try:
        attend(stop, lambda: daemon.is_healthy)
    finally:
        has_ended = daemon.stop()
    if not has_ended:  # the interpreter would wait for the jobs' threads; a kill would harm nothing either
        logging.shutdown()
        os._exit(0)


def attend(stop: threading.Event, is_healthy: Callable[[], bool]) -> None:
    """Tell systemd that we are ready, and alive as long as we are, until asked to stop."""
    gc.collect()
    gc.freeze()  # what is loaded by now stays: walking it for cycles would halt every request for as long
    notifier = sdnotify.SystemdNotifier()
    notifier.notify("READY=1")
    while not stop.wait(2.0):
        if is_healthy():
            notifier.notify("WATCHDOG=1")
    notifier.notify("STOPPING=1")


def serve_api(settings: Settings, stop: threading.Event) -> int:
    """Serve until asked to stop; open connections are given a second. 1 if it could not begin."""
    import uvicorn

    from api.app import create_app, serve_from
    from api.console.files import url_of
    from gateway.case_sources.rules import of_site
    from gateway.law import Law
    from gateway.live import LiveFolder
    from gateway.opening import await_databases, open_database, open_stores

    url_of("tabler.min.css")  # says before anything is served that set-up was not run
    if not await_databases(settings, stop):
        return 0
    database = open_database(settings)
    store, _ = open_stores(settings, database)
    config = uvicorn.Config(
        serve_from(
            create_app(),
            database,
            store,
            LiveFolder(settings.data),
            Law.of(settings),
            of_site(settings),
            settings.webhooks.hosts,
            stop,
            timedelta(minutes=settings.api.idle_minutes),
            settings.api.oidc,
        ),
        host=settings.api.host,
        port=settings.api.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="api", daemon=True)
    thread.start()
    while not server.started and thread.is_alive() and not stop.wait(0.02):
        pass
    began = server.started
    if began:
        log.info("serving http://%s:%d (API below /api/v1)", settings.api.host, settings.api.port)
        attend(stop, thread.is_alive)
    server.should_exit = True
    thread.join(3)
    database.close()
    return 0 if began or stop.is_set() else 1


def serve_both(config: Path, stop: threading.Event) -> int:
    """`gateway run` and `gateway serve` as two processes; both end if one does, or if we are killed.

    Half of them is no gateway: whoever began us begins both anew. Then what we end with is never 0.
    """
    python = [sys.executable, "-P", "-m"]  # -P: nothing is imported from the working directory
    begin = ["setpriv", "--pdeathsig", "TERM", *python, "gateway.cli", "--config", str(config)]
    names = ("run", "serve")
    running = [subprocess.Popen([*begin, name]) for name in names]
    while not stop.wait(0.2) and all(process.poll() is None for process in running):
        pass
    for name, process in zip(names, running, strict=True):
        if not stop.is_set() and process.poll() is not None:
            how = how_it_ended(process.returncode)
            log.error("`gateway %s` has ended (%s): `gateway up` ends as well, to be begun anew", name, how)
        process.terminate()
    deadline = time.monotonic() + 5
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
    asked = stop.is_set()
    return 0 if asked else max(abs(process.returncode or 0) for process in running) or 1


def how_it_ended(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
