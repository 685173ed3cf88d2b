"""`make bench`: prints each figure beside its target; benchmarks/latest.json keeps each bench's last run."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import psutil
from sqlmodel import select

from benchmarks import board, console, devices, first_frame, linking, live, peers, reports, search
from gateway.config import from_mapping
from gateway.daemon import Daemon
from gateway.models import Original, State

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
GATEWAY = Path(sys.executable).with_name("gateway")
figures: list[dict[str, Any]] = []


def note(name: str, value: float, unit: str, target: float, peer: str, *, at_least: bool = True) -> None:
    ok = value >= target if at_least else value <= target
    figures.append(
        {"name": name, "value": round(value, 2), "unit": unit, "target": target, "ok": ok, "peer": peer}
    )
    print(
        f"{'ok ' if ok else 'LOW'} {name}: {value:.2f} {unit} (target {'≥' if at_least else '≤'} {target}; {peer})",
        flush=True,
    )


def verified_in(folder: Path, sources: Sequence[Path]) -> float:
    """Seconds from the first byte to the last VERIFIED, derive queue off, everything built and running before."""
    peers.emptied(folder)
    card = folder / "card"
    settings = from_mapping(
        {
            "store": {"reserve_mb": 1}, "ingest": {"derive": False},
            "devices": [{"id": "cam", "driver": "volume", "path": "card", "poll_seconds": 0.05}],
        },
        folder, {},
    )  # fmt: skip
    daemon = Daemon(settings)
    first: list[float] = []
    progress = daemon.context.progress
    daemon.context.progress = lambda item, done: (first.append(time.monotonic()), progress(item, done))[1]  # type: ignore[func-returns-value]
    daemon.start()
    try:
        peers.rest()  # meanwhile the engine's queues begin to listen
        card.symlink_to(sources[0].parent)
        began = time.monotonic()
        while True:
            with daemon.database.read() as session:
                states = session.exec(select(Original.state)).all()
            if len(states) == len(sources) and all(
                state in {State.VERIFIED, State.PRESERVED} for state in states
            ):
                return time.monotonic() - (first[0] if first else began)
            time.sleep(0.05)
    finally:
        daemon.stop()


def compare(
    name: str, scratch: Path, sources: list[Path], contests: Sequence[tuple[str, peers.Peer, float]]
) -> None:
    """Medians over runs in which we and every peer take turns."""
    ours: list[float] = []
    theirs: dict[str, list[float]] = {title: [] for title, _, _ in contests}
    for _ in range(RUNS):
        ours.append(verified_in(scratch / "ours", sources))
        for title, peer, _ in contests:
            target = peers.emptied(scratch / "theirs")
            peers.rest()
            began = time.monotonic()
            peer(sources, target)
            theirs[title].append(time.monotonic() - began)
    peers.emptied(scratch / "theirs")
    peers.emptied(scratch / "ours")
    for title, _, target_ratio in contests:
        ratio = statistics.median(theirs[title]) / statistics.median(ours)
        note(
            f"{name} vs {title}",
            ratio,
            "×",
            target_ratio,
            f"{title}: {statistics.median(theirs[title]):.2f} s, ours {statistics.median(ours):.2f} s",
        )


def one_big_clip(scratch: Path) -> None:
    sources = peers.random_files(scratch / "one", 1, 1024)
    compare("1 GiB clip", scratch, sources, [("cp+sync+openssl", peers.copied_and_checked, 1.1)])


def eight_clips(scratch: Path) -> None:
    sources = peers.random_files(scratch / "eight", 8, 256)
    compare(
        "8 × 256 MiB", scratch, sources,
        [
            ("cp+sync+openssl", peers.copied_and_checked, 1.8),
            ("the same, xargs -P 2", peers.two_at_a_time, 1.0),
            ("rclone copy + check --download", peers.rclone, 1.3),
            ("dc3dd hash=sha256 + openssl sm3", peers.dc3dd, 1.8),
        ],
    )  # fmt: skip


def peak_memory(scratch: Path) -> None:
    """Peak resident memory of `gateway ingest` on one clip of 8 GiB."""
    folder = peers.emptied(scratch / "memory")
    (folder / "card").mkdir()
    with (folder / "card" / "huge.mp4").open("wb") as file:
        block = os.urandom(16 << 20)
        for number in range(512):
            file.write(number.to_bytes(8, "big") + block[8:])
    (folder / "devices.yaml").write_text(
        "store: {reserve_mb: 1}\ningest: {derive: false}\ndevices: [{id: cam, driver: volume, path: card}]\n"
    )
    process = subprocess.Popen(
        [GATEWAY, "--config", folder / "devices.yaml", "ingest", folder / "card", "--device", "cam"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0
    note("peak memory, 8 GiB ingest", used.ru_maxrss / 1024, "MB", 250, "gateway ingest", at_least=False)
    peers.emptied(folder)


def readiness_and_idling(scratch: Path) -> None:
    """Time to READY=1 on a warm cache; then memory and CPU of both processes doing nothing."""
    folder = peers.emptied(scratch / "idle")
    (folder / "devices.yaml").write_text(
        "api: {port: 18899}\ndevices: [{id: cam, driver: volume, path: card}, {id: room, driver: drop_folder, path: drop}]\n"
    )
    (folder / "drop").mkdir()
    subprocess.run(
        [GATEWAY, "--config", folder / "devices.yaml", "migrate"], check=True, stdout=subprocess.DEVNULL
    )
    ready: dict[str, list[float]] = {"run": [], "serve": []}
    for _ in range(RUNS):
        for name in ready:
            seconds, process = started(folder, name)
            ready[name].append(seconds)
            process.terminate()
            process.wait()
    for name, seconds_each in ready.items():
        note(
            f"ready: gateway {name}", statistics.median(seconds_each), "s", 2.0, "to READY=1", at_least=False
        )
    idle(folder)


def started(folder: Path, name: str) -> tuple[float, subprocess.Popen[bytes]]:
    """Start one process as systemd would, and wait for its READY=1."""
    import socket

    address = str(folder / f"{name}.notify")
    Path(address).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(20)
        began = time.monotonic()
        process = subprocess.Popen(
            [GATEWAY, "--config", folder / "devices.yaml", name],
            env={**os.environ, "NOTIFY_SOCKET": address}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while b"READY=1" not in listener.recv(1024):
            pass
        return time.monotonic() - began, process


def idle(folder: Path, seconds: float = 20.0) -> None:
    running = [started(folder, name)[1] for name in ("run", "serve")]
    time.sleep(4)
    watched = [psutil.Process(process.pid) for process in running]
    before = sum(sum(process.cpu_times()[:2]) for process in watched)
    time.sleep(seconds)
    used = sum(sum(process.cpu_times()[:2]) for process in watched) - before
    for process, name in zip(watched, ("run", "serve"), strict=True):
        note(
            f"idle memory: gateway {name}",
            process.memory_info().rss / 2**20,
            "MB",
            150,
            "resident",
            at_least=False,
        )
    note(
        "idle CPU, both processes",
        100 * used / seconds,
        "% of a core",
        4,
        f"over {seconds:.0f} s",
        at_least=False,
    )
    for process in running:
        process.terminate()
    for process in running:
        process.wait()


BENCHES: dict[str, Callable[[Path], None]] = {
    "fleet": lambda scratch: devices.fleet(scratch, note),
    "bays": lambda scratch: devices.bays(scratch, note),
    "playable": lambda scratch: devices.playable(scratch, note),
    "linking": lambda scratch: linking.measure(note, scratch),
    "board": lambda scratch: board.town(scratch, note),
    "reports": lambda scratch: reports.quarter(scratch, note),
    "live": lambda scratch: live.glass_to_glass(scratch, note),
    "first_frame": lambda scratch: first_frame.measure(scratch, note),
    "busy": lambda scratch: console.busy(scratch, note),
    "search": lambda scratch: search.million(scratch, note),
    "readiness": readiness_and_idling,
    "memory": peak_memory,
    "one": one_big_clip,
    "eight": eight_clips,
}


def keep(name: str, measured: list[dict[str, Any]]) -> None:
    """What this bench found takes the place of its last run; the others stand as they were."""
    path = Path(__file__).with_name("latest.json")
    runs = json.loads(path.read_text()) if path.exists() else {}
    runs[name] = {"day": f"{date.today()}", "commit": commit(), "figures": measured}
    ordered = {one: runs[one] for one in BENCHES if one in runs}
    path.write_text(json.dumps(ordered, ensure_ascii=False, indent=1) + "\n")


def commit() -> str | None:
    """Of the code that is measured; `+` where it differs from that."""
    of = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = ["git", "diff", "--quiet", "HEAD", "--", ".", ":!benchmarks/latest.json"]
    differs = subprocess.run(changed, check=False).returncode != 0
    return of.stdout.strip() + "+" * differs if of.returncode == 0 else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=", ".join(BENCHES))
    wanted = parser.parse_args().benches or list(BENCHES)
    if unknown := set(wanted) - BENCHES.keys():
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    assert threading.active_count() == 1
    with tempfile.TemporaryDirectory(prefix="gateway-bench-", dir=os.environ.get("BENCH_DIR")) as scratch:
        for name in wanted:
            before = len(figures)
            BENCHES[name](Path(scratch))
            keep(name, figures[before:])
    return 0 if all(figure["ok"] for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
