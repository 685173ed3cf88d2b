"""YAML as people write it: a key written twice is an error, and every place knows its line."""

from collections.abc import Sequence
from typing import Any

import yaml

Place = Sequence[str | int]


class UniqueKeys(yaml.SafeLoader):
    """YAML in which a key written twice is an error: the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """Raises yaml.YAMLError, also for a key written twice; RecursionError for what contains itself."""
    return yaml.load(text, UniqueKeys)  # noqa: S506  (a SafeLoader)


def line_of(text: str, place: Place) -> int:
    """The line, counted from 1, of a place in a YAML text; of the nearest part above it that is there."""
    node = yaml.compose(text, UniqueKeys)
    line = 1
    for part in place:
        found = inside(node, part)
        if found is None:
            break
        line, node = found
    return line


def inside(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item.start_mark.line + 1, item
    return None
