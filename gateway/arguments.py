"""What each command of `gateway` takes."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from gateway import __version__, words


class Command(argparse.ArgumentParser):
    """Options may stand anywhere.

    argparse by itself gives up a name that may be left out as soon as an option stands before it.
    """

    is_mixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.is_mixing:
            return super().parse_known_args(args, namespace)
        self.is_mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self.is_mixing = False


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gateway", description="Recording devices to case files 执法全过程记录网关"
    )
    parser.add_argument("--version", action="version", version=f"gateway {__version__}")
    everywhere: dict[tuple[str, str], dict[str, Any]] = {
        ("--config", "-c"): {
            "type": Path, "default": Path(os.environ.get("GATEWAY_CONFIG", "devices.yaml")),
            "help": "configuration file (default: devices.yaml, or $GATEWAY_CONFIG)",
        },
        ("--verbose", "-v"): {"action": "store_true", "help": "tell more in the log"},
    }  # fmt: skip
    for part, options in everywhere.items():
        parser.add_argument(*part, **options)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=Command)

    def add(name: str, run: Callable[[argparse.Namespace], int], help_text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(run=run)
        for part, options in everywhere.items():  # SUPPRESS: or it would unset what stands before the command
            command.add_argument(*part, **{**options, "default": argparse.SUPPRESS})
        return command

    add("check", words.check, "check the configuration; exit 0, 1 (a spool) or 2")
    add("run", words.run, "talk to devices and process footage").add_argument(
        "--name", default="run", help="this worker's name, where several work on one database (default: run)"
    )
    add("serve", words.serve, "serve the API")
    add("up", words.up, "both in one process: for one PC")
    add("migrate", words.migrate, "bring the database to the newest schema")
    add("reindex", words.findable, "make anew by which words each clip is found")
    verify = add("verify", words.verify_all, "compare store, database and custody; exit 1 on any difference")
    verify.add_argument("--quick", action="store_true", help="sizes only, do not read the stored bytes")
    ingest = add("ingest", words.ingest_path, "take in one folder or card by hand and print the receipt")
    ingest.add_argument("path", type=Path)
    ingest.add_argument("--device", required=True, help="which device the footage comes from")
    ingest.add_argument("--json", action="store_true", help="print the receipt as JSON")
    registry_commands(add)
    duty_commands(add)
    report_commands(add)
    demo = add("demo", words.demo, "run the whole way on simulated devices")
    demo.add_argument(
        "--exit", action="store_true", help="stop after the table instead of leaving the API running"
    )
    demo.add_argument(
        "--folder", type=Path, default=Path("var/demo"), help="emptied, then used for everything"
    )
    demo.add_argument("--port", type=int, help="of console and API, instead of 8800")
    return parser


DEVICE_ACTIONS = ("list", "attached", "teach", "allocate", "import", "enrol", "connect")


class Add(Protocol):
    def __call__(
        self, name: str, run: Callable[[argparse.Namespace], int], help_text: str
    ) -> argparse.ArgumentParser: ...


def registry_commands(add: Add) -> None:
    devices = add(
        "devices", words.devices_command, "list devices, see what is plugged in, or say who has one"
    )
    devices.add_argument("action", nargs="?", choices=DEVICE_ACTIONS, default="list")
    devices.add_argument(
        "target", nargs="?", help="a device id (allocate, enrol, connect) or a registry file (import)"
    )
    devices.add_argument(
        "--out", type=Path, help="where certificates lie (enrol; pki), or a new file for the camera (teach)"
    )
    devices.add_argument("--address", nargs="*", default=(), help="enrol a server: its names (enrol)")
    devices.add_argument("--officer", help="officer id who holds the device")
    devices.add_argument("--from", dest="valid_from", help="ISO time, with zone or in the configured one")
    devices.add_argument("--to", dest="valid_to")
    devices.add_argument(
        "--dry-run", action="store_true", help="only show which links it would move (allocate)"
    )
    devices.add_argument("--replaces", help="the id of the allocation that this one corrects (allocate)")
    devices.add_argument("--teach", action="store_true", help="the same as `devices teach`")
    cases = add("cases", words.cases_command, "import textual case records, or list them")
    cases.add_argument("action", choices=("import", "list"))
    cases.add_argument("file", nargs="?", type=Path)
    cases.add_argument("--dry-run", action="store_true", help="only show which links it would move (import)")
    equipment_arguments(add)
    rules_arguments(add)
    disposal_commands(add)
    sample_commands(add)
    user = add("user", words.user_command, "add a user, or a key for a program")
    user.add_argument("action", choices=("add", "key", "disable", "reset-code", "unbind", "list"))
    user.add_argument("name", nargs="?")
    user.add_argument("--role", default="operator")
    user.add_argument("--unit")
    user.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def rules_arguments(add: Add) -> None:
    rules = add(
        "rules",
        words.rules_command,
        "check a rule pack, explain a requirement such as R-31, see what another pack would change",
    )
    rules.add_argument("action", choices=("check", "explain", "compare"))
    rules.add_argument(
        "target", nargs="?", help="a pack's name or file (check, compare), or a requirement (explain)"
    )
    rules.add_argument("--pack", help="whose values to show (explain); default: the configured one")
    rules.add_argument("--unit", help="whose pack it would be (compare); default: the site's")
    rules.add_argument("--limit", type=int, default=50, help="list so many clips (50), 0 for all (compare)")


def equipment_arguments(add: Add) -> None:
    equipment = add(
        "equipment", words.equipment_command, "how units are equipped; where a device stands; classes"
    )
    equipment.add_argument(
        "action",
        choices=("sheet", "status", "holder", "class", "check", "import"),
        nargs="?",
        default="sheet",
    )
    equipment.add_argument(
        "target", nargs="?",
        help="a device (status, holder), a unit (class), an officer (check), a list of devices (import)",
    )  # fmt: skip
    equipment.add_argument(
        "value", nargs="?", help="status: the new one; class: A, B or C; check: passed, failed"
    )
    equipment.add_argument(
        "--unit", help="sheet of this unit and those below; import: whose devices they are"
    )
    equipment.add_argument("--on", help="sheet: as of that day; default: today")
    equipment.add_argument(
        "--since", help="sheet: checkouts from that day on; default: the first of the month"
    )
    equipment.add_argument("--json", action="store_true", help="sheet: with what is behind each number")
    equipment.add_argument("--from", dest="begin", help="status: ISO time; class, check: first day")
    equipment.add_argument("--to", dest="end", help="class, check: last day")
    equipment.add_argument("--at", help="holder: who had it at this time")
    equipment.add_argument("--known", help="holder: by what the ledger told at this time")
    equipment.add_argument("--why", default="", help="status: the reason")
    equipment.add_argument("--doc", help="the number of the paper")
    equipment.add_argument("--replaces", help="the id of the entry that this one corrects")


SCOPE_ACTIONS = ("import", "show", "omit", "gap", "urgent", "away")


def duty_commands(add: Add) -> None:
    scope = add(
        "scope", words.scope_command, "what must be recorded: a unit's list, and what people state of a step"
    )
    scope.add_argument("action", choices=SCOPE_ACTIONS)
    scope.add_argument(
        "target", nargs="?", help="a list's file (import), or a step (omit, gap, urgent, away)"
    )
    scope.add_argument("--unit", help="whose list (import, show)")
    scope.add_argument("--from", dest="since", metavar="DATE", help="from when the list holds (import; show)")
    scope.add_argument(
        "--ground", help="secret, emergency, impossible (omit); fault, weather, battery … (gap)"
    )
    scope.add_argument("--why")
    scope.add_argument("--since", dest="from_at", help="the gap begins; without, the whole step")
    scope.add_argument("--until", dest="to_at", help="the gap ends; when officers came back (away)")
    for name in ("work-record", "reported-to", "approved-by", "approved-at", "replaces"):
        scope.add_argument(f"--{name}")
    board = add(
        "board",
        words.board_command,
        "what had to be recorded and did not come; exit 1 if something is overdue",
    )
    board.add_argument("--by", choices=("unit", "officer", "case", "stage", "kind"), default="unit")
    board.add_argument("--since", help="steps that began from here on; 31 days back by default")
    board.add_argument("--until")
    for name in ("unit", "officer", "case", "stage"):
        board.add_argument(f"--{name}")
    board.add_argument("--failing", action="store_true", help="only where some rule is not kept")
    standings = ("ARRIVED", "PARTIAL", "MISSING", "OVERDUE", "EXEMPT", "UPCOMING")
    board.add_argument("--standing", choices=standings)
    board.add_argument("--rows", action="store_true", help="each step with its reasons, the newest first")
    board.add_argument("--limit", type=int, default=50, help="so many rows (50), 0 for all")


REPORT_ACTIONS = ("show", "behind", "freeze", "list", "compare", "causes", "annual")


def report_commands(add: Add) -> None:
    report = add(
        "report", words.report_command, "the indicators and what stands behind each; quarters frozen"
    )
    report.add_argument("action", choices=REPORT_ACTIONS, nargs="?", default="show")
    report.add_argument(
        "target",
        nargs="?",
        help="a figure's code (behind), or a unit, `-` for the site (freeze, compare, list; annual)",
    )
    report.add_argument(
        "value", nargs="?", metavar="QUARTER", help="such as 2026-Q3 (freeze, compare); 2026 (annual)"
    )
    report.add_argument("--unit", help="with those below it; default: every unit (show, behind)")
    report.add_argument("--quarter", help="such as 2026-Q3; default: the last that has ended (show, behind)")
    report.add_argument("--from", dest="since", metavar="DAY", help="instead of a quarter: the first day")
    report.add_argument("--to", dest="until", metavar="DAY", help="the first day that is no longer of it")
    report.add_argument(
        "--frozen", type=int, nargs="?", const=0, metavar="REVISION",
        help="as it was frozen; without a number the latest (show, behind, compare)",
    )  # fmt: skip
    report.add_argument("--with", dest="other", type=int, metavar="REVISION", help="default: now (compare)")
    breakdowns = ("unit", "stage", "item", "ground", "type", "media", "check")
    report.add_argument("--by", choices=breakdowns, help="broken down (show)")
    report.add_argument(
        "--side", choices=("BOTH", "DENOMINATOR", "NUMERATOR", "EXCLUDED"), help="only (behind)"
    )
    report.add_argument("--key", metavar="BY=KEY", help="only these, such as stage=调查取证 (behind)")
    report.add_argument("--why", help="only those with this reason (behind); why again (freeze)")
    report.add_argument("--json", action="store_true", help="as the API answers (show, behind, causes)")
    report.add_argument("--out", type=Path, metavar="FILE", help="FILE.xlsx or FILE.pdf (annual)")
    report.add_argument("--as-of", metavar="TIME", help="deadlines as of then; default: now (annual)")


def disposal_commands(add: Add) -> None:
    actions = ("due", "review", "propose", "list", "show", "approve", "cancel", "records")
    disposal = add("disposal", words.disposal_command, "what may go, who proposed it, who agreed; 销毁")
    disposal.add_argument("action", choices=actions)
    disposal.add_argument(
        "target", nargs="?", help="a run (show, approve, cancel) or the first clip (propose)"
    )
    disposal.add_argument("more", nargs="*", help="further clips; without any, the oldest that are due")
    disposal.add_argument("--why", help="the reason, kept for good (propose, cancel)")
    disposal.add_argument("--authority", help="the paper that allows it; needed for footage of case files")
    disposal.add_argument("--limit", type=int, default=100, help="at most so many clips (default: 100)")
    disposal.add_argument(
        "--count", type=int, help="how many clips will go; asked for where absent (approve)"
    )
    disposal.add_argument("--user", help="who you are; the password is asked for")
    disposal.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )


def sample_commands(add: Add) -> None:
    sample = add("sample", words.sample_command, "draw cases to be checked, their recording sheets; 案卷抽查")
    sample.add_argument("action", choices=("draw", "list", "show", "check", "sheets", "remark"))
    sample.add_argument("target", nargs="?", help="a unit (draw), or a sample")
    sample.add_argument("--period", help="2026-H1: check of files; 2026-Q3: online patrol")
    sample.add_argument("--count", type=int, help="how many cases")
    sample.add_argument("--per-unit", action="store_true", help="so many of each unit, not of all together")
    sample.add_argument("--basis", choices=("CLOSED", "ACTIVE"), help="closed or worked on in the period")
    sample.add_argument("--why", help="why it is drawn again")
    sample.add_argument("--out", type=Path, help="sheets: FILE.xlsx or FILE.pdf")
    sample.add_argument("--case", help="sheets: of this case alone; remark: of which case")
    sample.add_argument("--result", choices=("sound", "faulty", "followed", "settled"))
    sample.add_argument("--remark", help="what is wrong, or what was done about it")
    sample.add_argument("--due", metavar="DATE", help="by when a fault has to be mended")
    sample.add_argument("--answers", metavar="REMARK", help="the fault that is followed up or settled")
    sample.add_argument("--replaces", metavar="REMARK", help="the remark that this one corrects")
