"""What taking in a case needs to know of the site: number words, stages, the key of identity numbers."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlmodel import Session

from gateway import rulepacks
from gateway.config import Settings
from gateway.law import is_form, parents_of, stages_of
from gateway.rulepacks import RulePacks
from gateway.rules import case_number
from gateway.rules.stages import Stage
from gateway.store.durable import own_partial, publish

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class CaseRules:
    packs: RulePacks
    identity_key: bytes | None = None

    def number_kinds(self, session: Session, unit: str | None) -> case_number.Kinds:
        """The words in the numbers of that unit's cases."""
        return self.packs.of(unit, parents_of(session)).forms.number_kinds.value

    def is_form(self, session: Session, unit: str | None, written: str) -> bool:
        return is_form(self.packs.of(unit, parents_of(session)), written)

    def stages(self, session: Session, unit: str | None) -> tuple[Stage, ...]:
        return stages_of(self.packs.of(unit, parents_of(session)))


def of_site(settings: Settings) -> CaseRules:
    packs = rulepacks.packs(settings.rule_pack, settings.unit_rule_packs)
    return CaseRules(packs, identity_key(settings))


@cache
def usual() -> CaseRules:
    """Of the pack that comes with us, without a key: a citizen's number is refused."""
    return CaseRules(rulepacks.packs("hebei-xingtai-2019"))


def identity_key(settings: Settings) -> bytes | None:
    """The configured one; else, on one PC, one of our own beside the data. Many hosts must share one."""
    if settings.identity_key is not None:
        return settings.identity_key.get_secret_value().encode()
    if not settings.database_url.startswith("sqlite"):
        return None
    path = settings.data / "identity.key"
    if not path.exists():
        make_key(path)
    return bytes.fromhex(path.read_text().strip())


def make_key(path: Path) -> None:
    """Daemon and API may begin together: the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = own_partial(path)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(os.urandom(KEY_BYTES).hex())
        file.flush()
        os.fsync(file.fileno())
    try:
        publish(partial, path)
    except FileExistsError:
        partial.unlink()
