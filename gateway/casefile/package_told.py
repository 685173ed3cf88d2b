"""What a package of a case holds, how it went, and what it says of itself."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.casefile.evidence import Item
from gateway.wording import reason, sentence


class Content(StrEnum):
    ORIGINALS = "originals"
    PROXIES = "proxies"


ABOUT = {
    Content.ORIGINALS: "package.about_originals",
    Content.PROXIES: "package.about_proxies",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the package, with the digest on record that it has to have."""

    item: Item
    name: str
    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    id: str
    case: str
    title: str
    content: Content
    purpose: str
    actor: str
    at: datetime
    parts: list[Part]
    left: dict[str, dict[str, object]]
    """By clip: why it does not go out."""
    listing: bytes
    """The evidence list as a workbook."""


@dataclass(slots=True)
class Told:
    """How it went, for the chain and for the package itself."""

    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    sent: dict[str, str] = field(default_factory=dict)
    """By clip: the digest of what was read."""
    wrong: dict[str, str] = field(default_factory=dict)
    """By clip: the code of what is wrong with it."""
    beside: dict[str, str] = field(default_factory=dict)
    """By name: the digest of what goes with the footage."""
    whole: bool = False


def sums(made: Plan, told: Told) -> str:
    """As `sha256sum -c` reads it, of every other file: of footage the digest on record, not what was read."""
    footage = {part.name: part.sha256 for part in made.parts if part.item.clip.id in told.sent}
    return "".join(f"{digest}  {name}\n" for name, digest in (footage | told.beside).items())


def results(made: Plan, told: Told) -> str:
    def line(part: Part) -> dict[str, object]:
        why = told.wrong.get(part.item.clip.id, "package.whole")
        return {
            "number": part.item.number, "clip": part.item.clip.id, "file": part.name, "sha256": part.sha256,
            "sha256_read": told.sent.get(part.item.clip.id), "original_sha256": part.item.original.sha256,
            "result": both(reason(why)),
        }  # fmt: skip

    left = [{"clip": clip, "result": both(why)} for clip, why in made.left.items()]
    files = [line(one) for one in made.parts]
    whole = {"package": made.id, "case": made.case, "files": files, "left_out": left}
    return json.dumps(whole, ensure_ascii=False, indent=1)


def both(why: dict[str, object]) -> dict[str, object]:
    return {"code": why["code"], "zh": sentence(why), "en": sentence(why, "en")}


def about(made: Plan, told: Told, zone: ZoneInfo) -> str:
    """What the package is; originals as they are, proxies for viewing only: neither bears a watermark.

    Written once all is read: before that nobody knows whether what lies in the store is what was taken in.
    """
    what = reason(
        ABOUT[made.content], case=made.title, purpose=made.purpose, actor=made.actor,
        at=made.at.isoformat(timespec="seconds"), package=made.id, clips=len(made.parts),
    )  # fmt: skip
    said = [what, how_whole(made, told), *left_out(made)]
    chinese, english = ("\r\n".join(sentence(one, of, zone) for one in said) for of in ("zh", "en"))
    return "\r\n".join(("\ufeff" + chinese, "", english, ""))


def how_whole(made: Plan, told: Told) -> dict[str, object]:
    wrong = [str(part.item.number) for part in made.parts if part.item.clip.id in told.wrong]
    if wrong:
        return reason("package.not_whole", clips=len(wrong), numbers=", ".join(wrong))
    return reason("package.all_whole")


def left_out(made: Plan) -> Iterator[dict[str, object]]:
    """How many do not go out: the secret ones by themselves."""
    secret = sum(why["code"] == "package.secret" for why in made.left.values())
    if secret:
        yield reason("package.left_secret", clips=secret)
    if others := len(made.left) - secret:
        yield reason("package.left_others", clips=others)
