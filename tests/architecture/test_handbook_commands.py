"""Every command that the handbook or the README names exists, with the options that they give it."""

import re
import shlex
from pathlib import Path

import click
import pytest

from chancery.cli.main import main
from portal.command_overview import overview
from portal.web.handbook import FOLDER

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`((?:\S*/)?(?:chancery|python3 manage\.py) [^`\n]+)`")
CLIENT = re.compile(r"(?:\S*/)?chancery (.+)")
OPERATOR = re.compile(r"python3 manage\.py (\w+)")


def lines() -> list[str]:
    """Return all command lines, of the English texts: the German ones have the same code, which another test holds."""
    found = []
    for path in (*sorted(FOLDER.glob("*.md")), ROOT / "README.md"):
        text = path.read_text(encoding="utf-8")
        found += [line for block in FENCE.findall(text) for line in block.splitlines()]
        found += INLINE.findall(FENCE.sub("", text))
    return sorted({line.strip() for line in found})


CLIENT_LINES = [found[1] for line in lines() if (found := CLIENT.fullmatch(line))]
OPERATOR_NAMES = sorted({name for line in lines() for name in OPERATOR.findall(line)})


def test_there_are_some_to_look_at() -> None:
    assert len(CLIENT_LINES) > 40
    assert len(OPERATOR_NAMES) > 4


@pytest.mark.parametrize("line", CLIENT_LINES)
def test_a_command_and_its_options_exist(line: str) -> None:
    words = shlex.split(line, comments=True)
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(context, words[0])
        assert inner is not None, f"chancery {line}"
        command, words = inner, words[1:]
    known = {name for parameter in command.get_params(context) for name in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert given <= known, f"chancery {line}"


@pytest.mark.parametrize("name", OPERATOR_NAMES)
def test_a_command_for_operators_exists(name: str) -> None:
    assert re.search(rf"(^  |manage\.py ){name} ", overview(), re.MULTILINE)
