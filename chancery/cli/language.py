"""The command line speaks the language of the shell.

LANGUAGE, LC_ALL, LC_MESSAGES and LANG decide, as the standard ``gettext`` reads them; whether the machine knows the
locale that they name makes no difference.  Where there is no translation, everything is English.
"""

import copy
import gettext
import inspect
from pathlib import Path
from typing import Final, TypeVar

import click

from chancery.sealing.file_names import shown
from chancery.texts import Text, translated

_DOMAIN: Final = "django"
"""What all catalogs of the product are called (``manage.py messages``)."""
_CATALOGS: Final = Path(__file__).parents[1] / "locale"

C = TypeVar("C", bound=click.Command)
P = TypeVar("P", bound=click.Parameter)


def begin() -> None:
    """Let this process speak by our catalog, which also holds what click says of itself (“Usage:”)."""
    gettext.bindtextdomain(_DOMAIN, str(_CATALOGS))
    gettext.textdomain(_DOMAIN)


def spoken() -> str:
    """Return the tag of the language that is spoken, like ``de``; the service is asked to answer in it."""
    found = gettext.find(_DOMAIN, str(_CATALOGS))
    return "en" if found is None else Path(found).parents[1].name


def translate(text: str) -> str:
    """Return a text in the language of the shell, in which nothing is hidden that a terminal would act on.

    Names of files and people, and what a service says, come from others.  What is put into a text has no line ends
    either, so that it cannot look like a line of ours.
    """
    return _lines(translated(_shown(text), gettext))


def _shown(text: str) -> str:
    if not isinstance(text, Text) or not text.values:
        return text
    values = {
        name: _shown(value)
        if isinstance(value, Text)
        else shown(str(value))
        if isinstance(value, (str, Path))
        else value
        for name, value in text.values.items()
    }
    return Text(text, text.message, text.plural, values)


def _lines(text: str) -> str:
    """Write hidden characters out, line by line."""
    return "\n".join(shown(line) for line in text.split("\n"))


def explained(command: C) -> C:
    """Return a command with its help, and that of its options and of the commands inside, in that language."""
    told_so = copy.copy(command)
    told_so.help = _help(command.help)
    told_so.params = [_option(param) for param in command.params]
    if isinstance(command, click.Group) and isinstance(told_so, click.Group):
        told_so.commands = {name: explained(inner) for name, inner in command.commands.items()}
    return told_so


def _option(param: P) -> P:
    if not isinstance(param, click.Option):
        return param
    told_so = copy.copy(param)
    told_so.help = _help(param.help)
    return told_so


def _help(text: str | None) -> str | None:
    return gettext.gettext(inspect.cleandoc(text)) if text else text
