"""Who signs in to the demo, and what the evidence room has done before: labels, confirmed links, a statement."""

import secrets
from datetime import timedelta

from sqlmodel import Session, col, select

from api.signin import add_user
from gateway import approvals, custody, linking
from gateway.demo import past
from gateway.demo.town import UNIT
from gateway.law import Law
from gateway.linking import decisions
from gateway.models import Activity, CaseRecord, Clip, Link, LinkStatus, Original, Role, StatementKind, User
from gateway.rulepacks import RulePacks
from gateway.scope.statements import StatementIn, state
from gateway.visibility import Viewer, units_below
from gateway.wording import CHINA

ACTOR = "demo"
PEOPLE: dict[str, tuple[Role, str | None]] = {
    "demo": (Role.ADMIN, None),
    "operator": (Role.OPERATOR, UNIT),
    "evidence": (Role.EVIDENCE, UNIT),
    "supervisor": (Role.SUPERVISOR, UNIT),
}
DONE_DAYS = 10
"""What is older the evidence room has looked at; the rest is its work list."""
MATTERS = {
    "现场检查": "检查现场的状况和当事人在场情况",
    "询问当事人": "询问经过、权利告知和被询问人的陈述",
    "查封扣押": "查封扣押的物品及其清点经过",
    "抽样取证": "抽样的经过和样品的封存",
    "先行登记保存证据": "登记保存的物品和现场告知",
    "送达": "文书当场送达及签收",
}


def enter(session: Session) -> dict[str, str]:
    """Passwords by name."""
    passwords = {name: secrets.token_urlsafe(9) for name in PEOPLE}
    for name, (role, unit) in PEOPLE.items():
        user = add_user(session, name, passwords[name], role, unit)
        custody.append(session, custody.SITE, "USER_ADD", ACTOR, user.id, (user,))
    for head in ("supervisor", "demo"):
        approvals.appoint(session, head, UNIT, ACTOR)
    return passwords


def work(session: Session, packs: RulePacks) -> int:
    """The evidence room's work of the weeks before, through the functions that the API uses; links confirmed."""
    found = session.exec(
        select(Link, Clip, Original, Activity)
        .join(Clip, col(Clip.id) == Link.clip_id)
        .join(Original, col(Original.id) == Clip.id)
        .join(Activity, col(Activity.id) == Link.activity_id)
        .where(col(Link.case_uid).startswith("past-"), col(Link.ended_at).is_(None))
        .order_by(col(Clip.started_at))
    ).all()
    newest = max((step.started_at for *_, step in found), default=None)
    done = 0
    for link, clip, original, step in found:
        if newest is None or step.started_at > newest - timedelta(days=DONE_DAYS):
            continue
        number = session.get_one(CaseRecord, link.case_uid).uid
        linking.enter_labels(session, clip, original, {"place": step.place}, "evidence")
        session.flush()
        standing = select(Link).where(Link.clip_id == clip.id, col(Link.ended_at).is_(None))
        for one in session.exec(standing):
            if one.case_uid == number and one.status is LinkStatus.PROPOSED:
                decisions.confirm(session, one, packs, "evidence", "与笔录核对一致", MATTERS.get(step.kind))
                done += 1
    explain(session)
    ask(session, packs)
    return done


def ask(session: Session, packs: RulePacks) -> None:
    """An officer at the dock wants to see what he recorded; his head has not decided yet."""
    user = session.exec(select(User).where(User.name == "operator")).one()
    newest = select(Clip.id).where(Clip.kind == "VIDEO", col(Clip.officer_id).is_not(None))
    clips = session.exec(newest.order_by(col(Clip.started_at).desc()).limit(2)).all()
    if not clips:
        return
    asked = approvals.Asked(unit=UNIT, purpose="核对本人的现场检查过程", days=3, clips=list(clips))
    viewer = Viewer(user.id, user.name, user.role, units_below(session, UNIT))
    approvals.ask(session, Law(packs, CHINA), viewer, asked)


def explain(session: Session) -> None:
    """Why one recording was broken off: the battery; the others are still to be explained."""
    broken = next(
        f"past-{place:02}-{number}"
        for place, case in enumerate(past.PAST, 1)
        for number, step in enumerate(case.steps, 1)
        if step.shown is past.Shown.BROKEN
    )
    given = StatementIn(kind=StatementKind.GAP, ground="battery", why="记录仪电量耗尽，更换电池后继续记录")
    state(session, broken, given, "evidence")
