"""What lists and tables say of a value that may be long; every template has it without loading it.

A name may have 255 characters and an address 254, both without a space.  In a list each is on one line, cut by the
style sheet (``static/css/6-lists.css``) where it is too long.  Nothing is lost by that: the whole value is in the page
for a screen reader, in the tooltip for a pointer, and shown in place when the keyboard or a finger reaches it.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from django import template
from django.core.paginator import Page
from django.http import HttpRequest
from django.template.context import Context
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from protection.selectors.documents import DocumentRow

register = template.Library()

SHORT: Final = 24
"""Characters that fit into a column wherever it is shown: shorter values are never cut, they wrap."""

WORD: Final = 12
"""Characters of a word that fit into the narrowest column: longer ones get places to break."""
LONG_TEXT: Final = 90
"""Characters that fit into three lines of a column of texts."""

_BREAK_AFTER: Final = re.compile(r"([@.]+)(?=[^@.\s])")


@register.filter
def breakable(text: object, longest: int = SHORT) -> SafeString:
    """Let words longer than this break after an @ and after dots, before they break anywhere."""
    # Escaping makes neither an @ nor a dot, so what is put in between stays outside of its entities.
    words = (
        _BREAK_AFTER.sub(r"\1<wbr>", conditional_escape(word)) if len(word) > longest else conditional_escape(word)
        for word in re.split(r"(\s+)", str(text))
    )
    return mark_safe("".join(words))  # noqa: S308 - each word is escaped


@register.filter
def initials(name: str) -> str:
    """Return one or two letters for a name or an address: of the first and the last word."""
    words = [word for word in re.split(r"[\W_]+", name.partition("@")[0]) if word] or ["?"]
    return "".join(word[0] for word in (words if len(words) == 1 else (words[0], words[-1]))).upper()


@register.filter
def shared_titles(documents: Iterable[DocumentRow]) -> frozenset[str]:
    """Return the titles that more than one of the documents have; their rows show a part of the id, too."""
    return frozenset(title for title, number in Counter(one.title for one in documents).items() if number > 1)


@register.simple_tag
def one_line(text: object, link: str = "") -> SafeString:
    """Show a value of a list on one line, perhaps as the link that it is."""
    return _cut(str(text), link, "one-line", SHORT)


@register.simple_tag
def few_lines(text: object, link: str = "") -> SafeString:
    """Show a text of a list, or a name in a row of several lines, on at most three."""
    return _cut(str(text), link, "few-lines", LONG_TEXT)


def _cut(text: str, link: str, kind: str, most: int) -> SafeString:
    """Return a value that the style sheet may cut if it is longer; a link is reached by the keyboard anyway."""
    if link and len(text) > most:
        return format_html('<a class="{}" href="{}" title="{}">{}</a>', kind, link, text, breakable(text))
    if link:
        return format_html('<a href="{}" title="{}">{}</a>', link, text, breakable(text, WORD))
    if len(text) > most:
        return format_html('<span class="{}" tabindex="0" title="{}">{}</span>', kind, text, breakable(text))
    return format_html('<span title="{}">{}</span>', text, breakable(text, WORD))


@register.inclusion_tag("components/pages.html", takes_context=True)
def pages(context: Context, shown: Page[object], parameter: str = "page") -> dict[str, object]:
    """Lead from one page of a list to the others, keeping what else the address says."""
    request: HttpRequest = context["request"]

    def address(number: int) -> str:
        query = request.GET.copy()
        query[parameter] = str(number)
        return f"?{query.urlencode()}"

    return {
        "shown": shown,
        "back": address(shown.previous_page_number()) if shown.has_previous() else "",
        "next": address(shown.next_page_number()) if shown.has_next() else "",
    }
