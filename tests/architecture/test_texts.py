"""What errors say can be said in every language, whichever package raises them."""

import ast
import gettext
import importlib
import itertools
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import chancery
import protection
from chancery.errors import ChanceryError
from chancery.policy.programs import MEANINGS
from chancery.policy.reasons import WORDS, Reason
from chancery.policy.rights import Right
from chancery.policy.words import right_in_words
from chancery.texts import Text, translated
from portal.development.catalogs import LANGUAGES
from portal.runtime.bootstrap.environment import ROOT
from tenants.directory import errors as directory

MARKED = {"message", "plural_message", "joined"}
AGAIN = {"with_next_step", "reason_of"}
"""What says an error anew that was marked where it was raised."""
GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext"}
"""Marks of interfaces and directory: their texts may be filled in, since they are translated as a whole."""


def errors(kind: type[ChanceryError] = ChanceryError) -> Iterator[type[ChanceryError]]:
    """Yield every error of the package; others that tests make are none of them."""
    if kind.__module__.startswith("protection."):
        yield kind
    for inner in kind.__subclasses__():
        yield from errors(inner)


for module in itertools.chain(
    pkgutil.walk_packages(chancery.__path__, "chancery."), pkgutil.walk_packages(protection.__path__, "protection.")
):
    importlib.import_module(module.name)  # noqa: TID251  # an error is known once its module is, and no list forgets one
ERRORS = tuple(dict.fromkeys(errors()))
DIRECTORY = {name for name, one in vars(directory).items() if isinstance(one, type)}
CATALOGS = ("portal", "protection", "tenants", "chancery")


@pytest.fixture(params=LANGUAGES)
def catalog(request: pytest.FixtureRequest) -> gettext.NullTranslations:
    """Return what the library and the service say in a language."""
    catalog = gettext.translation("django", ROOT / "chancery/locale", [request.param])
    catalog.add_fallback(gettext.translation("django", ROOT / "protection/locale", [request.param]))
    return catalog


def is_said(text: str, catalog: gettext.NullTranslations) -> bool:
    return isinstance(text, Text) and translated(text, catalog) != text


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason, catalog: gettext.NullTranslations) -> None:
    for audience in fields(WORDS[reason]):
        words = getattr(WORDS[reason], audience.name)
        assert is_said(words, catalog) or words == audience.default, audience.name


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_a_next_step(error: type[ChanceryError], catalog: gettext.NullTranslations) -> None:
    assert is_said(error.remedy, catalog)


@pytest.mark.parametrize("right", Right)
def test_every_right_has_a_name_and_a_meaning(right: Right, catalog: gettext.NullTranslations) -> None:
    assert is_said(right_in_words(right), catalog)
    assert is_said(MEANINGS[right].allows, catalog)


def unmarked(said: ast.expr) -> bool:
    """Tell whether an expression can be a plain text of ours."""
    match said:
        case ast.Constant(value=str(text)):
            return bool(text)
        case ast.JoinedStr() | ast.BinOp():
            return True
        case ast.IfExp(body=body, orelse=other):
            return unmarked(body) or unmarked(other)
        case ast.BoolOp(values=values):
            return any(map(unmarked, values))
        case ast.Call(func=ast.Name(id=name)):
            return name not in MARKED | AGAIN | GETTEXT
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id=name)), attr="format")) if name in GETTEXT:
            return False
        case ast.Call(func=ast.Attribute(attr="join" | "format" | "strip" | "rstrip")):
            return True
    return False


def texts_of(tree: ast.AST, names: set[str]) -> Iterator[ast.expr]:
    """Yield what errors of these names say: messages and remedies."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name in names:
                yield from node.args[:1]
                yield from (keyword.value for keyword in node.keywords if keyword.arg in {"message", "remedy"})
        if isinstance(node, ast.ClassDef) and node.name in names:
            yield from texts_of_class(node)


def texts_of_class(node: ast.ClassDef) -> Iterator[ast.expr]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name | ast.Attribute):
            made = inner.func.id == "cls" if isinstance(inner.func, ast.Name) else inner.func.attr == "__init__"
            yield from inner.args[:1] if made else ()


def paths() -> list[Path]:
    found = (path for floor in CATALOGS for path in sorted((ROOT / floor).rglob("*.py")))
    return [path for path in found if "migrations" not in path.parts]


def with_children(names: set[str], trees: Iterable[ast.AST]) -> set[str]:
    """Return names of errors with those of classes that interfaces derive from them."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return names | {one.name for one in classes if names & {getattr(base, "id", "") for base in one.bases}}


def test_no_error_is_raised_with_words_that_nobody_can_translate() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths()}
    names = with_children({error.__name__ for error in ERRORS} | DIRECTORY, trees.values()) | {"ValidationError"}
    found = [
        f"{path.relative_to(ROOT)}:{said.lineno}"
        for path, tree in trees.items()
        for said in texts_of(tree, names)
        if unmarked(said)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        'raise NotFound("There is none.")',
        'raise NotFound(f"There is no {name}.")',
        'raise NotFound(message("There is no {name}.").format(name=name))',
        'raise NotFound(message("There is none."), remedy="Make one.")',
        'raise NotFound(detail or "There is none.")',
        'raise NotFound(message("There is one.") if one else "There is none.")',
        'raise errors.NotFound("There is no %s." % name)',
        'class NotFound(Error):\n    def __init__(self):\n        super().__init__("There is none.")',
    ],
)
def test_such_words_are_found(source: str) -> None:
    assert any(unmarked(said) for said in texts_of(ast.parse(source), {"NotFound"}))


@pytest.mark.parametrize(
    "source",
    [
        'raise NotFound(message("There is none."), remedy=message("Make one."))',
        "raise NotFound(error.message)",
        'raise NotFound(_("There is no {name}.").format(name=name))',
    ],
)
def test_marked_words_are_let_pass(source: str) -> None:
    assert not any(unmarked(said) for said in texts_of(ast.parse(source), {"NotFound"}))
