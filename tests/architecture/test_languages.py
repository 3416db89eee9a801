"""No page and no mail holds a text that only English readers understand."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from django.template.base import Lexer, TokenType

from portal.runtime.bootstrap.environment import ROOT

FOR_DEVELOPERS: Final = {ROOT / "templates/pages/components.html"}
"""Pages that nobody sees in production."""

TEMPLATES: Final = sorted(
    path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"} and path not in FOR_DEVELOPERS
)

READ: Final = {"alt", "aria-label", "data-label", "placeholder", "title"}
"""The attributes that are shown or read aloud."""

READ_OF_COMPONENTS: Final = {"about", "act", "cancel", "label", "title", "words"}
"""The parameters of components (templates/components) that are."""

NOT_READ: Final = {"c-code", "code", "pre", "script", "style", "svg"}
"""What holds commands, codes and drawings, which are the same in every language."""

NOT_TEXT: Final = {"main_class", "extra_tags"}
"""Blocks that hold classes and names for programs."""

PRODUCT_WORDS: Final = {"API"}

WORD: Final = re.compile(r"[^\W\d_]{2,}")
OWN_WORDS: Final = re.compile(r"\|(?:default|default_if_none|pluralize|yesno):([\"'])(.*?)\1")
"""Filters that bring in words of their own."""


class Words(HTMLParser):
    """Collects what a page says."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        read = READ | READ_OF_COMPONENTS if tag.startswith("c-") else READ
        self.found += [value or "" for name, value in attrs if name in read]
        if tag == "meta" and known.get("name") == "description":
            self.found.append(known.get("content") or "")
        if tag in NOT_READ and not self.within:
            self.within = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self.within:
            self.within = ""

    def handle_data(self, data: str) -> None:
        if not self.within:
            self.found.append(data)


def untranslated(source: str) -> list[str]:
    """Return the words of a template that no catalog can translate."""
    words = Words()
    words.feed("".join(_text(source)))
    words.close()
    return [word for text in words.found for word in WORD.findall(text) if word not in PRODUCT_WORDS]


def _text(source: str) -> Iterator[str]:
    """Yield what is outside of tags, of translated passages, and of blocks that say nothing."""
    end = ""
    for token in Lexer(source).tokenize():
        if token.token_type is TokenType.TEXT and not end:
            yield token.contents
        elif token.token_type is TokenType.VAR and not end:
            yield " ".join(words for _, words in OWN_WORDS.findall(token.contents))
        elif token.token_type is TokenType.BLOCK:
            name, *more = token.contents.split()
            if end:
                end = "" if name == end else end
            elif name in {"blocktranslate", "comment"} or (name == "block" and more[0] in NOT_TEXT):
                end = f"end{name}"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_word_can_be_translated(path: Path) -> None:
    assert untranslated(path.read_text(encoding="utf-8")) == []


def test_there_are_templates_to_look_at() -> None:
    assert len(TEMPLATES) > 100


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Sign in</p>", ["Sign", "in"]),
        ("{% if user %}Yes{% else %}{% translate 'No' %}{% endif %}", ["Yes"]),
        ('<nav aria-label="Main"></nav>', ["Main"]),
        ('<input placeholder="Name" name="name" class="wide">', ["Name"]),
        ('<c-page-head about="Everybody" class="wide" />', ["Everybody"]),
        ('<meta name="description" content="Protect"><meta name="viewport" content="width=device-width">', ["Protect"]),
        ('<p>{{ title|default:"Untitled" }}</p>', ["Untitled"]),
        ('{{ number|pluralize:"person,people" }}', ["person", "people"]),
    ],
)
def test_a_plain_word_is_found(source: str, words: list[str]) -> None:
    assert untranslated(source) == words


def test_what_is_marked_or_no_language_is_left_alone() -> None:
    source = """
        {# Variables: title. #}{% block main_class %}narrow{% endblock main_class %}
        <h1 aria-label="{% translate 'Title' %}">{% translate "Documents" %} · {{ title|default:_("Untitled") }}</h1>
        {% blocktranslate trimmed count number=n %}<b>One</b> file{% plural %}{{ number }} files{% endblocktranslate %}
        <a href="/api/">API</a><pre id="{{ id|default:'command' }}">chancery login</pre>
        <svg><title>Seal</title></svg>
    """
    assert untranslated(source) == []
