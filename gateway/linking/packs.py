"""Which rule packs are in force, and what a new one reaches."""

from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway import custody, outbox
from gateway.law import parents_of
from gateway.linking.due import due
from gateway.linking.numbered import renumbered_due
from gateway.models import CaseAlias, CaseRecord, Clip, Device, Link, RulePackUse
from gateway.rulepacks import RulePack, RulePacks, lineage_of
from gateway.rules import case_number

SITE = ""


def put_in_force(session: Session, packs: RulePacks, actor: str) -> list[RulePackUse]:
    """Note every pack that says something else than what was in force, and have its clips decided anew.

    The first pack of all reaches nothing: there is nothing yet that an earlier one decided.
    """
    begun = []
    for unit, pack in {SITE: packs.default, **packs.of_units}.items():
        last = in_force(session, unit)
        if last is None or last.digest != pack.digest:
            use = begin(session, unit, pack, actor)
            begun.append(use)
            read_again(session, packs, use, actor)
            if last is not None or unit != SITE:
                reach(session, unit)
    for unit in units_with_own(session) - packs.of_units.keys():
        use = begin(session, unit, packs.of(unit, parents_of(session)), actor)
        begun.append(use)
        read_again(session, packs, use, actor)
        reach(session, unit)
    if begun:
        outbox.every_duty_moved(session)
    return begun


def in_force(session: Session, unit: str) -> RulePackUse | None:
    latest = select(RulePackUse).where(RulePackUse.unit == unit).order_by(col(RulePackUse.id).desc())
    return session.exec(latest.limit(1)).first()


def units_with_own(session: Session) -> set[str]:
    """Units whose last pack differs from the site's: they had one of their own."""
    units = set(session.exec(select(RulePackUse.unit).distinct())) - {SITE}
    site = in_force(session, SITE)
    return {
        unit for unit in units if (last := in_force(session, unit)) and site and last.digest != site.digest
    }


def begin(session: Session, unit: str, pack: RulePack, actor: str) -> RulePackUse:
    use = RulePackUse(
        unit=unit, pack=pack.id, version=pack.version, digest=pack.digest, body=pack.model_dump(mode="json")
    )
    session.add(use)
    custody.append(session, custody.SITE, "RULE_PACK", actor, use.id, (use,), {"edition": pack.edition})
    return use


def read_again(session: Session, packs: RulePacks, use: RulePackUse, actor: str) -> None:
    """The numbers of cases by the words of the new pack: two spellings of one number have the same parts."""
    changed = []
    for alias, key in read_otherwise(session, packs, use.unit):
        alias.key = key
        changed.append(alias)
    if changed:
        session.add_all(changed)
        session.flush()
        told = {"edition": f"{use.pack}@{use.version}", "numbers": len(changed)}
        custody.append(session, custody.SITE, "NUMBERS_READ", actor, use.id, changed, told)
        due(session, "rule pack", numbers=[alias.norm for alias in changed])
    if use.unit != SITE:  # the site's reaches everything
        renumbered_due(session, packs)


def read_otherwise(session: Session, packs: RulePacks, unit: str) -> list[tuple[CaseAlias, str | None]]:
    """The numbers of a unit's cases that these packs read otherwise than they stand, and how."""
    parents = parents_of(session)
    numbers = select(CaseAlias, CaseRecord.unit_id).join(
        CaseRecord, col(CaseRecord.uid) == CaseAlias.case_uid
    )
    found = []
    for alias, owner in session.exec(numbers.order_by(col(CaseAlias.id))):
        if unit not in (SITE, *lineage_of(owner, parents)):
            continue
        key = case_number.key_text(alias.raw, packs.of(owner, parents).forms.number_kinds.value)
        if key != alias.key:
            found.append((alias, key))
    return found


def reach(session: Session, unit: str) -> None:
    """The site's pack reaches everything; a unit's own the devices of the unit and of those below it, and
    what others' devices brought to its cases: their steps are what its pack says of them."""
    if unit == SITE:
        due(session, "rule pack", span=(None, None))
        return
    for device in devices_under(session, unit):
        due(session, "rule pack", device_id=device, span=(None, None))
    for clip in session.exec(guests(session, unit)).all():
        due(session, "rule pack", clip_id=clip)


def guests(session: Session, unit: str) -> SelectOfScalar[str]:
    """Clips of other units' devices that are linked to cases of a unit and of those below it."""
    parents = parents_of(session)
    under = [one for one in parents if unit in lineage_of(one, parents)]
    return (
        select(Link.clip_id)
        .join(CaseRecord, col(CaseRecord.uid) == Link.case_uid)
        .join(Clip, col(Clip.id) == Link.clip_id)
        .join(Device, col(Device.id) == Clip.device_id)
        .where(
            col(Link.ended_at).is_(None),
            col(CaseRecord.unit_id).in_(under),
            or_(col(Device.unit_id).is_(None), col(Device.unit_id).not_in(under)),
        )
        .distinct()
    )


def devices_under(session: Session, unit: str) -> list[str]:
    parents = parents_of(session)
    devices = session.exec(select(Device.id, Device.unit_id).order_by(col(Device.id)))
    return [device for device, owner in devices if unit in lineage_of(owner, parents)]
