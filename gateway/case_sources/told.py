"""What every part of a case that comes in is made of."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from gateway.rules import identity


def addressable(ref: str) -> str:
    """Ids stand in addresses, where a slash would part them and a dot would mean the folder."""
    if "/" in ref or not ref.strip("."):
        raise ValueError("an id holds no slash and is more than dots")
    return ref


Text = Annotated[str, Field(min_length=1, max_length=500)]
Id = Annotated[Text, AfterValidator(addressable)]
Long = Annotated[str, Field(max_length=20_000)]


class Misplaced(ValueError):
    """What is wrong between two parts, and which of them a person has to look at."""

    def __init__(self, place: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.place = place


class Incoming(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    @field_validator("*")
    @classmethod
    def storable(cls, value: object) -> object:
        """No database column holds a NUL."""
        if isinstance(value, str) and "\0" in value:
            raise ValueError("contains a NUL character")
        return value


class HandlerIn(Incoming):
    """承办人 as the form names them."""

    officer: Text | None = Field(default=None, description="id, number or certificate number")
    name: Text | None = None
    cert_no: Text | None = Field(default=None, description="执法证编号")

    @model_validator(mode="after")
    def somebody(self) -> "HandlerIn":
        if not (self.officer or self.cert_no or self.name):
            raise ValueError("name a handler by officer, cert_no or name")
        return self

    @property
    def ref(self) -> str:
        return self.officer or self.cert_no or self.name or ""


def identity_no(written: str, id_type: str) -> str:
    """In one spelling. Raises ValueError for a resident's that cannot be one."""
    folded = written.upper()
    if id_type == "resident" and not identity.is_resident_number(folded):
        raise ValueError("id_no: is no 公民身份号码: its last character does not check the others")
    return folded
