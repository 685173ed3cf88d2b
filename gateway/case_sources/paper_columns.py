"""The columns in which a table tells what a 询问笔录 or an approval form says."""

from collections.abc import Mapping
from typing import Any

ASKED = ("name", "sex", "age", "id_no", "employer", "post", "phone", "address")
INTERVIEW = ("started_at", "ended_at", "place", "recorder", "certificates_shown", "rights_told")
OPINIONS = ("handler", "section", "head")
PATHS: dict[str, tuple[str, ...]] = {
    **{f"interview_{name}": ("interview", name) for name in INTERVIEW},
    "interview_askers": ("interview", "askers"),
    "interview_asker_certs": ("interview", "askers"),
    **{f"interview_asked_{name}": ("interview", "asked", name) for name in ASKED},
    **{
        f"approval_{whose}_{name}": ("approval", whose, name)
        for whose in OPINIONS
        for name in ("opinion", "by", "on")
    },
}
"""Column, without `document_` → where it stands in the paper."""
ASKERS = ("interview_askers", "interview_asker_certs")
"""Lists that belong together."""


def nested(flat: Mapping[str, Any], askers: list[Any] | None) -> dict[str, Any]:
    """A paper as a case system would tell it; `askers` is what the two columns of them come to."""
    whole: dict[str, Any] = {}
    for name, value in flat.items():
        *above, last = PATHS.get(name, (name,))
        inner = whole
        for one in above:
            inner = inner.setdefault(one, {})
        inner[last] = (askers or []) if name in ASKERS else value
    return whole
