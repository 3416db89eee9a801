"""The texts of the product in other languages than English, as ``manage.py messages`` keeps them.

Each package has a catalog of its own, ``<package>/locale/<language>/LC_MESSAGES/django.po``, which people edit, and the
compiled ``.mo`` beside it, which programs read; the one of ``chancery`` is the library's and the command's.  Without
arguments the command finds what is to be translated, keeps the translations that there are, marks what is missing and
compiles.
``--check`` changes nothing and fails where this is left to do.
"""

import argparse
import inspect
import io
import re
import string
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import click
from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from django.utils.translation.template import templatize

from chancery.cli.main import main as main_command
from portal.runtime.bootstrap.environment import ROOT

LANGUAGES: Final = ("de",)
CATALOGS: Final[Mapping[str, tuple[str, ...]]] = {
    "portal": ("portal", "templates"),
    "protection": ("protection",),
    "tenants": ("tenants",),
    "chancery": ("chancery",),
}
"""Which folders each catalog speaks for."""

UNTRANSLATED: Final = (
    "portal/runtime/bootstrap",
    "portal/development",
    "portal/runtime/supervisor",
    "portal/management",
)
"""What speaks to operators and developers, in English like the logs."""

KEYWORDS: Final[Mapping[str, Any]] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "message": None,
    "plural_message": (1, 2),
    "NameRefused": None,
}
"""The functions whose arguments are messages, as Babel expects them."""

CLICK: Final = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")
"""The modules of click that speak to people.  It has no catalogs of its own and asks the program's."""

_Messages: TypeAlias = list[tuple[Any, list[str], str | None]]
"""Messages with the comments for translators and the context."""
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)  # A date would make each run a change.
_DATES = re.compile(r'^"(?:POT-Creation|PO-Revision)-Date: .*\n', re.MULTILINE)
_PERCENT = re.compile(r"%\((\w+)\)s")


def main(arguments: Sequence[str]) -> int:
    """Bring the catalogs up to date, or tell whether they are; return the exit status."""
    parser = argparse.ArgumentParser(prog="manage.py messages", description="Find and compile translated texts.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where something is left to do")
    given = parser.parse_args(arguments)
    if not given.check:
        for path, content in _expected():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    found = problems()
    print("\n".join(found) if found else "Every text is translated.", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


def problems() -> list[str]:
    """Return what is not as it should be: stale files, missing translations, placeholders that do not fit."""
    stale = [
        f"{path.relative_to(ROOT)} is out of date: python3 manage.py messages"
        for path, content in _expected()
        if not path.is_file() or path.read_bytes() != content
    ]
    return stale + [
        f"{floor}, {language}: {problem}"
        for floor in CATALOGS
        for language in LANGUAGES
        for message in _catalog(floor, language)
        if message.id
        for problem in _problems_of(message)
    ]


def _expected() -> Iterator[tuple[Path, bytes]]:
    """Yield the files as they should be: what the code says now, with the translations on disk."""
    for floor in CATALOGS:
        for language in LANGUAGES:
            catalog = _catalog(floor, language)
            written, compiled = io.BytesIO(), io.BytesIO()
            pofile.write_po(written, catalog, width=120, include_lineno=False, ignore_obsolete=True, sort_output=True)
            mofile.write_mo(compiled, catalog)
            place = _place(floor, language)
            yield place, _DATES.sub("", written.getvalue().decode()).encode()
            yield place.with_suffix(".mo"), compiled.getvalue()


def _catalog(floor: str, language: str) -> Any:
    found = Catalog(project="Chancery", domain="django", creation_date=_UNDATED)
    for path, messages in _extracted(floor):
        for message, comments, context in messages:
            found.add(message, None, [(path, 0)], auto_comments=comments, context=context)
    place = _place(floor, language)
    with place.open("rb") if place.is_file() else io.BytesIO() as stream:
        known = pofile.read_po(stream, locale=language, domain="django")
    # Nearly the same message is another message: a guess would be shown to people as a translation.
    known.update(found, no_fuzzy_matching=True)
    known.header_comment = (
        f"# Texts of {' and '.join(f'{folder}/' for folder in CATALOGS[floor])}; made by `manage.py messages`."
    )
    known.creation_date = known.revision_date = _UNDATED
    known.project, known.version, known.fuzzy = "Chancery", "", False
    known.msgid_bugs_address = known.last_translator = known.language_team = ""
    return known


def _place(floor: str, language: str) -> Path:
    return ROOT / floor / "locale" / language / "LC_MESSAGES" / "django.po"


def _extracted(floor: str) -> Iterator[tuple[str, _Messages]]:
    for folder in CATALOGS[floor]:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix not in {".py", ".html", ".txt"} or name.startswith(UNTRANSLATED):
                continue
            source = path.read_text(encoding="utf-8")
            if path.suffix != ".py":
                source = _templatized(source)
            yield name, _found(source)
    if floor == "chancery":
        yield from _command_line()


def _command_line() -> Iterator[tuple[str, _Messages]]:
    """Yield what is said by way of click: the help of all commands and options, and click's own words."""
    yield "chancery/cli", [(text, [], None) for text in dict.fromkeys(_help(main_command))]
    for name in CLICK:
        source = Path(click.__file__).with_name(f"{name}.py")
        yield f"click/{source.name}", _found(source.read_text(encoding="utf-8"))


def _help(command: click.Command) -> Iterator[str]:
    texts = [command.help, *(option.help for option in command.params if isinstance(option, click.Option))]
    yield from (inspect.cleandoc(text) for text in texts if text)
    if isinstance(command, click.Group):
        context = click.Context(command)
        inner = (command.get_command(context, name) for name in command.list_commands(context))
        yield from (text for one in inner if one is not None for text in _help(one))


def _found(source: str) -> _Messages:
    messages = extract("python", io.BytesIO(source.encode()), KEYWORDS, ["Translators:"])
    return [(message, comments, context) for _, message, comments, context in messages]


def _templatized(source: str) -> str:
    """Return a template as Python: Django turns all but the messages into X; indentation would mean something."""
    return "\n".join(line.strip() for line in templatize(source).splitlines())


def _problems_of(message: Any) -> Iterator[str]:
    """Yield what is wrong with one translation."""
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    texts = [message.string] if isinstance(message.string, str) else list(message.string or ("",))
    # A translation is marked fuzzy when its message became another kind of message; it is not compiled then.
    if not all(texts) or message.fuzzy:
        yield f"{ids[0]!r} is not translated"
        return
    allowed = set().union(*(_placeholders(text) for text in ids))
    for text in texts:
        if _placeholders(text) != allowed and not (len(texts) > 1 and _placeholders(text) < allowed):
            yield f"{ids[0]!r} has other placeholders than its translation {text!r}"


def _placeholders(text: str) -> set[str]:
    """Return the names in braces, and those that ``blocktranslate`` writes with a percent sign."""
    try:
        braces = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    except ValueError:
        braces = set()  # A text with a brace of its own is not formatted.
    return braces | set(_PERCENT.findall(text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
