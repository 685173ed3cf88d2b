"""`gateway disposal`: the dry-run, a proposal, the second person's word, what became of it."""

import argparse
import getpass
import sys
from typing import Any

from rich.table import Table
from sqlmodel import Session, col, select

from api import second_factor
from api.signin import known, viewing_as
from gateway import disposal
from gateway.config import ConfigError, Settings
from gateway.database import Database
from gateway.device import Refused
from gateway.models import DestructionRecord, DisposalItem, DisposalRun, LinkStatus, now
from gateway.opening import open_database, packs_of
from gateway.rulepacks import RulePacks
from gateway.terminal import plain_console
from gateway.visibility import Right, Viewer
from gateway.wording import sentence

console = plain_console(None if sys.stdout.isatty() else 200)


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Raises ConfigError for what is not asked for rightly; 1 where a person is refused."""
    database, packs = open_database(settings), packs_of(settings)
    try:
        match asked.action:
            case "due":
                show_due(database, packs, asked.limit)
            case "review":
                show_review(database, packs, asked.limit)
            case "propose":
                propose(database, packs, asked)
            case "approve":
                approve(database, packs, asked)
            case "cancel":
                cancel(database, asked)
            case "show":
                show(database, asked.target)
            case "records":
                show_records(database)
            case _:
                show_runs(database)
    except Refused as no:
        console.print(sentence(no.reason, "zh"), soft_wrap=True)
        console.print(sentence(no.reason, "en"), soft_wrap=True)
        return 1
    finally:
        database.close()
    return 0


def person(session: Session, asked: argparse.Namespace, *rights: Right) -> Viewer:
    """Who is there, by name and password: the shell's own account says nothing of who holds which right."""
    if not asked.user:
        raise ConfigError(f"who? usage: gateway disposal {asked.action} … --user NAME")
    typed = secret(asked, f"{asked.user}: ")
    user = known(session, asked.user, typed)
    if user is None:
        raise ConfigError(f"no user {asked.user!r} with this password")
    if second_factor.is_on(session, user):
        code = secret(asked, "code / 动态口令: ")
        if not second_factor.accept(session, user, code):
            raise ConfigError("this is no code of now; wait for the next one")
    viewer = viewing_as(session, user)
    if not any(viewer.may(right) for right in rights):
        raise ConfigError(f"the role {user.role.value!r} may not {rights[0].value}")
    return viewer


def secret(asked: argparse.Namespace, prompt: str) -> str:
    """From the terminal, or from standard input where that is asked for."""
    if asked.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise ConfigError(
            "nobody is there to type the password; give it on standard input with --password-stdin"
        ) from None


def propose(database: Database, packs: RulePacks, asked: argparse.Namespace) -> None:
    if not asked.why:
        raise ConfigError("why? usage: gateway disposal propose [CLIP …] --why TEXT --user NAME")
    with database.write() as session:
        viewer = person(session, asked, Right.DISPOSE)
        made = disposal.propose(
            session, packs, viewer, asked.why, authority=asked.authority, limit=asked.limit,
            clips=[one for one in (asked.target, *asked.more) if one] or None,
        )  # fmt: skip
        run_id = made.id
    show(database, run_id)


def approve(database: Database, packs: RulePacks, asked: argparse.Namespace) -> None:
    """Shows the list, then asks how many clips will go."""
    with database.write() as session:
        viewer = person(session, asked, Right.APPROVE)
        found = find(session, asked.target)
        if viewer.units is not None and found.unit_id not in viewer.units:
            raise ConfigError(f"no disposal {asked.target!r}")
        run_id = found.id
    show(database, run_id)
    disposal.approve(database, packs, run_id, viewer, typed_count(asked.count))
    console.print(f"{run_id}: 已批准，由网关执行 approved; the daemon carries it out")


def typed_count(given: int | None) -> int:
    if given is not None:
        return given
    try:
        written = input("将销毁多少件？请填写件数 How many clips will go? ")
    except EOFError:
        raise ConfigError("nobody is there to type how many clips will go; give it with --count") from None
    if not written.strip().isdecimal():
        raise ConfigError(f"{written!r} is no number; nothing was approved")
    return int(written)


def cancel(database: Database, asked: argparse.Namespace) -> None:
    if not asked.why:
        raise ConfigError("why? usage: gateway disposal cancel RUN --why TEXT --user NAME")
    with database.write() as session:
        viewer = person(session, asked, Right.DISPOSE, Right.APPROVE)
        found = find(session, asked.target)
        if viewer.units is not None and found.unit_id not in viewer.units:
            raise ConfigError(f"no disposal {asked.target!r}")
        disposal.cancel(session, found.id, asked.why, viewer.name)


def find(session: Session, run_id: str | None) -> DisposalRun:
    found = session.get(DisposalRun, run_id) if run_id else None
    if found is None:
        raise ConfigError(f"no disposal {run_id!r}; `gateway disposal list` shows them")
    return found


def lines() -> Table:
    table = Table("资料", "文件", "期满", "依据", "关联", "最后调阅", "字节", "SHA-256", "状态")
    for column in table.columns:
        column.overflow = "fold"
    return table


def link_told(link: dict[str, Any]) -> str:
    """Only a person withdraws a link; others end because facts changed or a later one took their place."""
    if link["stands"]:
        return str(link["case"])
    return f"{link['case']}（{'人工撤回' if link['status'] == LinkStatus.WITHDRAWN.value else '已不成立'}）"


def add_line(table: Table, clip: str, told: dict[str, Any], state: str) -> None:
    viewed = told["last_viewed"]
    links = "、".join(map(link_told, told["links"]))
    table.add_row(
        clip, told["name"], told["on"] or "", sentence(told["rule"]), links or "无",
        f"{viewed['by']} {viewed['at'][:10]}" if viewed else "从未",
        f"{told['size']:,}", told["sha256"][:16], state,
    )  # fmt: skip


def show_due(database: Database, packs: RulePacks, limit: int) -> None:
    with database.read() as session:
        found = disposal.preview(session, packs, None, now(), limit)
    table = lines()
    for told in found:
        add_line(table, told["clip"], told, "")
    console.print(table)
    console.print(f"{len(found)} 件可提请销毁（仅预览，未作任何改动） due; nothing was written")


def show_review(database: Database, packs: RulePacks, limit: int) -> None:
    with database.read() as session:
        found = disposal.for_review(session, packs, None, now(), limit=limit)
    for one in found:
        why = sentence(one.deadline.decides.stored())
        console.print(f"{one.clip.id}\t{one.original.name}\t{one.review_on}\t{why}", soft_wrap=True)
    console.print(f"{len(found)} 件未关联资料超过期限，待人工审查 unlinked, to be reviewed")


def show(database: Database, run_id: str | None) -> None:
    with database.read() as session:
        found = find(session, run_id)
        items = disposal.items_of(session, found)
    table = lines()
    for item in items:
        add_line(table, item.clip_id, item.shown, state_of(item))
    console.print(table)
    left = sum(item.state.value == "LISTED" for item in items)
    console.print(f"{found.id} {found.state.value} · 提出 {found.proposed_by} · {found.why}", soft_wrap=True)
    console.print(
        f"清单 {found.count} 件，待销毁 {left} 件 · {found.bytes:,} 字节 · 清单摘要 {found.listing}"
    )


def state_of(item: DisposalItem) -> str:
    return f"{item.state.value} {sentence(item.why)}".rstrip()


def show_runs(database: Database) -> None:
    with database.read() as session:
        for found in session.exec(select(DisposalRun).order_by(col(DisposalRun.id))):
            agreed = found.approved_by or "—"
            console.print(
                f"{found.id}\t{found.state.value}\t{found.count}\t{found.proposed_by}\t{agreed}\t{found.why}",
                soft_wrap=True,
            )


def show_records(database: Database) -> None:
    with database.read() as session:
        for one in session.exec(select(DestructionRecord).order_by(col(DestructionRecord.id))):
            gone = one.gone_at.isoformat(timespec="seconds") if one.gone_at else "…"
            told = (one.original_id, one.name, one.sha256, gone, one.proposed_by, one.approved_by)
            console.print("\t".join(told), soft_wrap=True)
