"""Cases: the list, the record beside its footage, what people say of it, and its evidence."""

from api.console.cases import deeds, evidence, reading, statements

MODULES = (reading, deeds, statements, evidence)
