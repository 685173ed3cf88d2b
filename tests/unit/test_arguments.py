"""What is typed after `gateway`."""

from pathlib import Path

import pytest

from gateway.arguments import build_parser


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "user reset-code -c x.yaml chen",
            {"action": "reset-code", "name": "chen", "config": Path("x.yaml")},
        ),
        ("-c x.yaml user reset-code chen", {"name": "chen", "config": Path("x.yaml")}),
        ("sample check -c x.yaml ID", {"action": "check", "target": "ID"}),
        ("devices allocate --officer z cam-1", {"action": "allocate", "target": "cam-1", "officer": "z"}),
        ("report behind --unit u ontime", {"action": "behind", "target": "ontime", "unit": "u"}),
        ("report --frozen 2 show", {"action": "show", "frozen": 2}),
        ("disposal propose --why x a b c", {"target": "a", "more": ["b", "c"], "why": "x"}),
        ("devices -v", {"action": "list", "target": None, "verbose": True}),
        ("equipment", {"action": "sheet", "target": None}),
    ],
)
def test_options_stand_before_names_and_after_them(line: str, told: dict[str, object]) -> None:
    asked = vars(build_parser().parse_args(line.split()))
    assert {name: asked[name] for name in told} == told


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ingest --json card", "the following arguments are required: --device"),
        ("user", "the following arguments are required: action"),
        ("user add chen other", "unrecognized arguments: other"),
        ("nothing", "invalid choice: 'nothing'"),
    ],
)
def test_what_is_wrong_is_named(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(line.split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
