"""What a start loads: libraries that few commands need are not waited for by every one."""

import subprocess
import sys

import pytest

HEAVY = {
    "alembic",
    "mako",
    "openpyxl",
    "typst",
    "pypdf",
    "httpx2",
    "fastapi",
    "uvicorn",
    "paho",
    "rich",
    "authlib",
}


def loaded(statement: str) -> set[str]:
    """The top-level packages that are there after a statement, in a process of its own."""
    code = f"import sys\ntry:\n    {statement}\nexcept SystemExit:\n    pass\nprint(*{{name.partition('.')[0] for name in sys.modules}}, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("statement", "beside"),
    [
        ("import gateway.cli; gateway.cli.main(['--help'])", {"sqlalchemy", "pydantic", "yaml", "dbos"}),
        ("import gateway.cli; gateway.cli.main(['rules', 'explain', 'R-31', '--pack', 'hebei-xingtai-2019'])",
         {"sqlalchemy", "dbos"}),
        ("import gateway.config", {"sqlalchemy", "dbos"}),
        ("import gateway.daemon", {"fastapi"}),
        ("import gateway.commands", {"dbos"}),
        ("import api.app", {"dbos"}),
    ],
)  # fmt: skip
def test_a_start_loads_only_what_it_needs(statement: str, beside: set[str]) -> None:
    needs = {"api.app": {"fastapi"}, "gateway.commands": {"rich"}, "'rules'": {"rich"}}
    allowed = next((some for part, some in needs.items() if part in statement), set())
    assert loaded(statement) & (HEAVY | beside) - allowed == set()
