"""How faults are given to a twin: words on its command line, or a script.

`--fault unplug@1MB`, or `--fault 1-1.3:unplug@1MB` for one of a fleet; `--faults FILE` (YAML): a list of
words, or lists by whom they befall, `"*"` being everybody.
"""

import argparse
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from drivers.simulators import card_faults
from drivers.simulators.fault_forms import Fault, form_of, usage
from drivers.simulators.faults import Twice

EVERYBODY = "*"
EVERY: tuple[type[Fault], ...] = (*card_faults.KINDS, *Fault.__subclasses__())
KINDS = {kind.word: kind for kind in EVERY}


@dataclass(frozen=True, slots=True)
class Script:
    """Which faults befall whom."""

    by_whom: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)

    def of(self, who: str) -> tuple[Fault, ...]:
        return (*self.everybody, *self.by_whom.get(who, ()))

    @property
    def everybody(self) -> tuple[Fault, ...]:
        return self.by_whom.get(EVERYBODY, ())


def add_to(parser: argparse.ArgumentParser, *kinds: type[Fault], whom: str = "") -> None:
    """Give a command `--fault` and `--faults`, and tell in its help what they may say."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    width = max(len(usage(kind)) for kind in kinds)
    lines = [f"  {usage(kind):{width}}  {kind.__doc__}" for kind in kinds]
    told = [parser.epilog, "faults:", *lines] if parser.epilog else ["faults:", *lines]
    parser.epilog = "\n".join(told)
    befalls = f"; with `{whom}:` before it, only that one" if whom else ""
    parser.add_argument(
        "--fault", action="append", default=[], metavar="FAULT", help=f"may be given again{befalls}"
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a script (YAML): a list of faults")
    parser.set_defaults(kinds=kinds)


def given(parser: argparse.ArgumentParser, asked: argparse.Namespace, fleet: Collection[str] = ()) -> Script:
    """What `--fault` and `--faults` said; anything wrong with it ends the command with a sentence."""
    by_whom: dict[str, tuple[Fault, ...]] = {}
    try:
        for who, text in (*in_script(asked.faults), *map(split, asked.fault)):
            fault = read(text)
            if type(fault) not in asked.kinds:
                raise ValueError(f"this twin knows no {fault.word}: {' '.join(map(usage, asked.kinds))}")
            if who != EVERYBODY and who not in fleet:
                raise ValueError(f"{who}: who is that? {' '.join(fleet) or 'there is only one here'}")
            by_whom[who] = (*by_whom.get(who, ()), fault)
    except (OSError, ValueError, yaml.YAMLError) as wrong:
        parser.error(str(wrong))
    return Script(by_whom)


def read(text: str) -> Fault:
    """One word. Raises ValueError, saying how it is written."""
    found = re.fullmatch(r"([a-z]+)(?:([@=])(.*))?", text)
    kind = KINDS.get(found[1]) if found else None
    if found is None or kind is None:
        raise ValueError(f"{text} is no fault that any twin knows")
    form = form_of(kind)
    if found[2] is None:
        if form is None or kind is Twice:
            return kind()
        raise ValueError(f"{text} is written {usage(kind)}")
    if form is None or form.mark != found[2]:
        raise ValueError(f"{text} is written {usage(kind)}")
    build: Callable[[Any], Fault] = kind
    return build(form.read(found[3]))


def split(text: str) -> tuple[str, str]:
    who, mark, word = text.rpartition(":")
    return (who if mark else EVERYBODY), word


def in_script(path: Path | None) -> Iterator[tuple[str, str]]:
    """(whom, word). Raises ValueError where the file is another thing."""
    told = yaml.safe_load(path.read_text(encoding="utf-8")) if path else []
    by_whom = told if isinstance(told, dict) else {EVERYBODY: told}
    for who, words in by_whom.items():
        if not isinstance(words, list):
            raise ValueError(f"{path}: a list of faults is wanted, not {words!r}")
        for word in words:
            yield str(who), str(word)
