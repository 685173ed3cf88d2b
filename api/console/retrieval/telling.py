"""What a request is called in a list: by what its clips were named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.models import RequestState, ViewRequest, now

TONES = {
    "ASKED": "work",
    "GRANTED": "done",
    "OVER": "neutral",
    "DECLINED": "stop",
    "WITHDRAWN": "neutral",
    "REVOKED": "stop",
}
OVER = "OVER"


def standing(request: ViewRequest, at: datetime | None = None) -> str:
    """Its state; a grant whose time is over opens nothing more."""
    if request.state is RequestState.GRANTED and request.valid_until and request.valid_until <= (at or now()):
        return OVER
    return request.state.value


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a list."""

    request: ViewRequest
    unit: str
    asker_unit: str
    state: str
    may_decide: bool = False

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def scope(self) -> str:
        return self.request.scope.value

    @property
    def what(self) -> str:
        """What was written; of clips and spans there is a word instead."""
        subject: Mapping[str, object] = self.request.subject
        return str(subject.get("case") or subject.get("party") or "")

    @property
    def count(self) -> int:
        named = self.request.subject.get("clips")
        return len(named) if isinstance(named, list) else 0

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        read = [self.request.subject.get(name) for name in ("since", "until")]
        since, until = (datetime.fromisoformat(str(one)) if one else None for one in read)
        return since, until


def told(request: ViewRequest, names: Mapping[str, str], *, may_decide: bool = False) -> Told:
    return Told(
        request=request, unit=names.get(request.unit_id, request.unit_id),
        asker_unit=names.get(request.asker_unit_id or "", ""), state=standing(request),
        may_decide=may_decide,
    )  # fmt: skip
