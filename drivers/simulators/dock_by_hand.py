"""A docking station by hand: make cards, plug cameras and recorders, break them, pull them.

    python -m drivers.simulators.dock usb make cards --count 4          # four cards with recordings
    python -m drivers.simulators.dock usb fill cards --fault 1-1.2:unplug@1MB --fault hub=8MB/s
    python -m drivers.simulators.dock usb plug 1-1.1 cards/0001 --serial 0001
    python -m drivers.simulators.dock usb plug 1-1.5 cards/0001 --recorder dv16 --fault battery=5
    python -m drivers.simulators.dock usb fault 1-1.3 slow=1MB/s   # from now on; without a word: well again
    python -m drivers.simulators.dock usb show
    python -m drivers.simulators.dock usb pull 1-1.2

`usb` is the folder that stands for the dock: `simulated: usb` in devices.yaml.
"""

import argparse
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

from drivers.simulators import card_faults, cards, dock, faulty_card
from drivers.simulators.fault_forms import Fault, only
from drivers.simulators.fault_script import add_to, given, read
from drivers.simulators.faults import Battery, Clock, Deaf, NoCard, Records, Stuck, WrongPassword
from drivers.simulators.timetable import tell

RECORDER = (WrongPassword, Battery, Clock, NoCard, Deaf, Stuck, Records)
LINKS = ("dv16", "bcplus", "zzx", "e12")
IDENTITY = "H8-0042,130501,张伟,130500,邢台市市场监督管理局"
STATE = ".cards"
"""Below the dock's folder: what makes cards fail."""


Actions: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m drivers.simulators.dock", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("folder", type=Path, help="the folder that stands for the dock")
    actions = parser.add_subparsers(required=True, metavar="ACTION", prog=f"{parser.prog} FOLDER")
    for add in (add_make, add_fill, add_plug, add_fault, add_pull, add_show):
        add(actions)
    asked = parser.parse_args(arguments)
    asked.folder = asked.folder.absolute()
    try:
        asked.work(asked.parser, asked)
    except (OSError, ValueError, faulty_card.NoFuse) as no:
        asked.parser.error(str(no))
    return 0


def add_make(actions: Actions) -> None:
    parser = actions.add_parser("make", help="the dock's folder, and cards with recordings")
    parser.add_argument("cards", type=Path, help="the folder in which each card gets a folder")
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--recordings", type=int, default=3, help="on each card")
    parser.add_argument("--seconds", type=int, default=4, help="of each recording")
    add_to(parser, *cards.KINDS, whom="CARD")
    parser.set_defaults(work=make, parser=parser)


def make(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    names = cards.names(asked.count)
    script = given(parser, asked, names)
    asked.folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names, 1):
        root = asked.cards / name
        cards.record(root, number, asked.recordings, asked.seconds, script.of(name))
        tell(f"{root}: {sum(1 for path in root.rglob('*') if path.is_file())} files")


def add_fill(actions: Actions) -> None:
    parser = actions.add_parser("fill", help="every card of a folder into a bay, all at once")
    parser.add_argument("cards", type=Path, help="a folder of cards, as `make` makes it")
    parser.add_argument("--hub", default="1-1", help="their ports are HUB.1, HUB.2 … (1-1)")
    parser.add_argument("--name", default="H8", help="what each says that it is (H8)")
    add_to(parser, *card_faults.KINDS, whom="PORT")
    parser.set_defaults(work=fill, parser=parser)


def fill(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    found = sorted(path for path in asked.cards.iterdir() if path.is_dir())
    places = {f"{asked.hub}.{number}": card for number, card in enumerate(found, 1)}
    script = given(parser, asked, places)

    def ready(port: str) -> Path:
        return inserted(asked.folder, port, places[port], script.of(port))

    with ThreadPoolExecutor() as pool:
        plugged = list(pool.map(ready, places))  # mounted, before the first of them is seen
    for port, card in zip(places, plugged, strict=True):
        dock.plug(asked.folder, port, card, name=asked.name, serial=card.name)
        tell(shown(asked.folder, port))


def add_plug(actions: Actions) -> None:
    parser = actions.add_parser("plug", help="a camera or recorder into a port")
    parser.add_argument("port", help="as in `bays`: 1-1.2")
    parser.add_argument("card", type=Path, help="the folder that is its card")
    parser.add_argument("--serial", default="")
    parser.add_argument("--name", help="what it says that it is (twin camera; recorders: DV16)")
    parser.add_argument("--mtp", action="store_true", help="it speaks MTP instead of showing its card")
    parser.add_argument("--recorder", choices=LINKS, help="it hides its card until it is asked so")
    parser.add_argument("--password", default="774411", help="a recorder's (774411)")
    parser.add_argument("--identity", default=IDENTITY, help=f"a recorder's five texts ({IDENTITY})")
    add_to(parser, *card_faults.KINDS, *RECORDER)
    parser.set_defaults(work=plug, parser=parser)


def plug(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    faults = given(parser, asked).of(asked.port)
    if not asked.card.is_dir():
        parser.error(f"{asked.card}: which folder is the card?")
    state = recorder(asked, faults) if asked.recorder else None
    if strange := [fault for fault in faults if state is None and isinstance(fault, RECORDER)]:
        parser.error(f"{strange[0]} is for recorders: --recorder {'|'.join(LINKS)}")
    card = inserted(
        asked.folder, asked.port, asked.card, [fault for fault in faults if not isinstance(fault, RECORDER)]
    )
    name = asked.name or ("DV16" if state else "twin camera")
    interfaces = ("06",) if asked.mtp else ("08",)
    dock.plug(
        asked.folder, asked.port, card, recorder=state, serial=asked.serial, name=name, interfaces=interfaces
    )
    tell(shown(asked.folder, asked.port))


def recorder(asked: argparse.Namespace, faults: Sequence[Fault]) -> dict[str, object]:
    """`recorder.json` as the recorders' twins read it."""
    battery, clock = only(faults, Battery), only(faults, Clock)
    if clock and asked.recorder == "dv16":
        raise ValueError("a DV16 cannot tell its clock: --recorder bcplus, zzx or e12")
    another = "".join(reversed(asked.password)) + "?"
    return {
        "speaks": asked.recorder, "id_code": "HACH8", "identity": asked.identity.split(","),
        "password": another if only(faults, WrongPassword) else asked.password,
        "battery": battery.percent if battery else 80,
        "clock_ahead_s": clock.seconds if clock else 0.0,
        "sd": 0 if only(faults, NoCard) else 1,
        "deaf": only(faults, Deaf) is not None,
        "stuck": only(faults, Stuck) is not None,
        "recording": only(faults, Records) is not None,
    }  # fmt: skip


def add_fault(actions: Actions) -> None:
    parser = actions.add_parser(
        "fault", help="what is wrong with a plugged card from now on",
        description="Without a word it is well again. It must have been plugged with --fault (`well` does).",
    )  # fmt: skip
    parser.add_argument("port")
    parser.add_argument("fault", nargs="*", help="as --fault of `plug`")
    parser.set_defaults(work=change, parser=parser)


def change(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    card = card_in(asked.folder, asked.port)
    if card is None:
        parser.error(f"{asked.port}: plug a card with --fault first (`--fault well`: nothing is wrong yet)")
    for word in asked.fault:
        if not isinstance(read(word), card_faults.KINDS):
            parser.error(f"a card knows no {word}: see `plug --help`")
    card.set(*asked.fault)
    tell(shown(asked.folder, asked.port))


def add_pull(actions: Actions) -> None:
    parser = actions.add_parser("pull", help="tear out what is in a port")
    parser.add_argument("port")
    parser.set_defaults(work=pull, parser=parser)


def pull(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    card, is_there = card_in(asked.folder, asked.port), (asked.folder / asked.port).is_dir()
    if not is_there and card is None:
        parser.error(f"nothing is in {asked.port}")
    if card is not None:
        card.set(str(card_faults.Gone()))  # who reads from it now must not go on
    if is_there:
        dock.pull(asked.folder, asked.port)
    take_apart(asked.folder, asked.port)


def add_show(actions: Actions) -> None:
    parser = actions.add_parser("show", help="what is plugged, and what is wrong with it")
    parser.set_defaults(work=show, parser=parser)


def show(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    del parser
    for place in sorted(asked.folder.glob("[0-9]*")):
        tell(shown(asked.folder, place.name))


def inserted(folder: Path, port: str, card: Path, faults: Sequence[Fault]) -> Path:
    """The folder that is plugged: the card itself, or where one that can fail is mounted."""
    take_apart(folder, port)
    if not faults:
        return card
    state = folder / STATE / port
    state.mkdir(parents=True)
    # under its own name: that is the serial of its file system
    failing = faulty_card.Card(card.absolute(), state / card.absolute().name, state / "faults")
    failing.set(*map(str, faults))
    hub, place = folder / STATE / "hub", folder / port
    faulty_card.leave_mounted(failing, "--hub", hub, "--leaves", place)
    return failing.mount


def card_in(folder: Path, port: str) -> faulty_card.Card | None:
    state = folder / STATE / port
    mounts = [path for path in state.glob("*") if path.is_mount()]
    return faulty_card.Card(state, mounts[0], state / "faults") if mounts else None


def take_apart(folder: Path, port: str) -> None:
    """A card that could fail has left: its process ends with its mount."""
    if card := card_in(folder, port):
        faulty_card.end(card.mount)
        if card.mount.is_mount():
            raise ValueError(f"{card.mount} cannot be unmounted")
    for left in (folder / STATE / port).glob("*"):
        left.rmdir() if left.is_dir() else left.unlink()
    if (folder / STATE / port).exists():
        (folder / STATE / port).rmdir()


def shown(folder: Path, port: str) -> str:
    try:
        told = json.loads((folder / port / "device.json").read_text())
    except OSError:
        return f"{port}  on its way"
    card = card_in(folder, port)
    words = card.faults.read_text().split() if card else []
    return "  ".join([port, f"{told['name']} {told['serial']}".strip(), *words])
