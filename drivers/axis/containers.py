"""A container that a controller brought, and the objects in it, as they are on record."""

from dataclasses import dataclass, field

Meta = dict[str, str]
"""Keys in lower case, as HTTP has them; values decoded."""


class Missing(Exception):
    """There is no such container or object."""


class Corrupt(Exception):
    """The bytes are not those that the sender's own digest names."""


@dataclass(slots=True)
class Body:
    """One object of a container, as it was received."""

    name: str
    file: str
    size: int
    md5: str
    sha256: str
    meta: Meta
    offload: str = ""
    """The account it belongs to, written down before it is reported."""
    entered: bool = False
    """Reported, with the events stored."""
    released: bool = False


@dataclass(slots=True)
class Container:
    name: str
    key: str
    offload: str
    meta: Meta = field(default_factory=dict)
    bodies: list[Body] = field(default_factory=list)
    touched: float = 0.0
    """When something was last brought or said (seconds since 1970)."""

    @property
    def is_complete(self) -> bool:
        return self.meta.get("status") == "Complete"

    @property
    def waiting(self) -> list[Body]:
        """Brought and not reported yet."""
        return [body for body in self.bodies if not body.entered]

    @property
    def is_done(self) -> bool:
        return all(body.released for body in self.bodies)

    def body(self, name: str) -> Body:
        """The newest of that name. Raises Missing."""
        for one in reversed(self.bodies):
            if one.name == name:
                return one
        raise Missing(name)


def cleared(meta: Meta) -> Meta:
    return {name: value for name, value in meta.items() if value}
