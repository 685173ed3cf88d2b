"""One decision as a form asks for it, by the functions that the API calls, with their custody."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session, select
from starlette.datastructures import FormData

from api.console.forms import shown_in, touched
from api.console.terms import local
from api.problems import not_found
from gateway import approvals, linking, orders
from gateway.device import Refused
from gateway.law import Law
from gateway.linking import decisions
from gateway.models import CaseRecord, Clip, Link, LinkStatus, Original
from gateway.texts import Why
from gateway.visibility import Right, Viewer, visible
from gateway.wording.console import word
from gateway.worklist.item import standing

REASON = TypeAdapter(Why)
LABELS = ("place", "transcript", "matter")
TYPED = (*LABELS, "captured_at", "why")


async def form_of(request: Request) -> FormData:
    """Of links there may be several: each has a field of its own."""
    return await request.form()


Filled = Annotated[FormData, Depends(form_of)]


def typed_in(form: FormData) -> dict[str, str]:
    """What its reader changed of what a form of labels showed him."""
    known = {name for name in form if name in TYPED or name.startswith("matter.")}
    fields = {name: value for name in known if isinstance(value := form[name], str)}
    return touched(fields, shown_in(form))


def why_of(form: FormData, act: str, language: str) -> str:
    """What was written, or that it was a quick decision of which nobody wrote the reason."""
    try:
        return REASON.validate_python(form.get("why", ""))
    except ValidationError:
        if act == "open":
            return ""  # that it is no secret has to be said why; the label refuses it
        known = act if act in DEFAULTS else "label"
        return word("en" if language == "en" else "zh", f"work.why_{known}")


DEFAULTS = ("confirm", "withdraw", "link", "label", "undo", "secret", "open")


class Decision:
    """On one clip that is locked, by one person, for one reason."""

    def __init__(
        self, session: Session, viewer: Viewer, law: Law, original: Original, form: FormData, why: str
    ) -> None:
        self.session, self.viewer, self.law, self.original = session, viewer, law, original
        self.form, self.why, self.actor = form, why, viewer.name

    def carry_out(self, act: str) -> None:
        kind, _, about = act.partition(":")
        match kind:
            case "confirm":
                self.confirm(self.link(about))
            case "withdraw":
                decisions.withdraw(self.session, self.link(about), self.actor, self.why)
            case "link":
                self.put(about.strip())
            case "label":
                self.label()
            case "secret":
                self.enter({"secrecy": "state_secret"})
            case "open":
                self.enter({"secrecy": "none"})
            case "retry" if self.viewer.may(Right.OPERATE):
                orders.ask(self.session, "retry", self.actor, clip_id=self.original.id)
            case _:
                raise not_found("Decision")

    def link(self, link_id: str) -> Link:
        found = self.session.get(Link, link_id)
        if found is None or found.clip_id != self.original.id:
            raise not_found("Link")
        decisions.must_stand(self.session, found)
        return found

    def given(self, name: str) -> str:
        value = self.form.get(name, "")
        return value.strip()[:500] if isinstance(value, str) else ""

    def confirm(self, link: Link) -> None:
        matter = self.given(f"matter.{link.id}") or None
        decisions.confirm(self.session, link, self.law.packs, self.actor, self.why, matter)

    def put(self, case: str) -> None:
        """Where one case is proposed and another is chosen, that is a correction of the one."""
        seen = select(CaseRecord.uid).where(CaseRecord.uid == case, visible(self.viewer, CaseRecord))
        if self.session.exec(seen).first() is None:
            raise Refused("worklist.no_case", case=case)
        place = decisions.LinkIn(case=case, activity=self.given(f"step.{case}") or None)
        packs, clip = self.law.packs, self.clip()
        proposed = [one for one in self.standing() if one.status is LinkStatus.PROPOSED]
        if len(proposed) == 1:
            decisions.correct(self.session, proposed[0], place, packs, self.actor, self.why)
        else:
            decisions.add(self.session, clip, place, packs, self.actor, self.why)

    def standing(self) -> list[Link]:
        return list(standing(self.session, self.original.id))

    def label(self) -> None:
        """Labels of the clip, and of each link what it proves: who says that stands by the link."""
        typed = typed_in(self.form)
        told: dict[str, object] = {
            name: value for name in LABELS if name in typed and (value := self.given(name))
        }
        if at := self.given("captured_at"):
            try:
                told["captured_at"] = local(at, self.law.zone)
            except ValueError:
                raise Refused("worklist.nothing_given") from None
        proved = [one for one in self.standing() if self.says_anew(one)]
        if not told and not proved:
            raise Refused("worklist.nothing_given")
        if told:
            self.enter(told)
        for link in proved:
            self.confirm(link)

    def says_anew(self, link: Link) -> bool:
        return self.given(f"matter.{link.id}") not in {"", link.matter or ""}

    def enter(self, told: dict[str, object]) -> None:
        given, clip = {**told, "why": self.why}, self.clip()
        may_lift = approvals.may_lift_secrecy(self.session, self.viewer, clip)
        linking.enter_labels(self.session, clip, self.original, given, self.actor, may_lift=may_lift)

    def clip(self) -> Clip:
        found = self.session.get(Clip, self.original.id)
        if found is None:
            raise not_found("Clip")
        return found
