"""A list of a page: its columns, the order the reader asked for, what is filtered, and which columns they look at.

All of it is in the address, so that it works without a script and can be sent to somebody: ``?sort=-title`` sorts
downwards by the column that programs know by the same name.  Which columns a reader leaves out is also kept in a cookie
of their browser, for the next visit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict

YEAR: Final = 365 * 24 * 3600
SHOWN: Final = "columns"
"""The parameter that names the columns to be seen."""
PLACES: Final = ("cursor", "page")
"""Parameters that say where in a list the reader is; another order or filter begins at the top."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.  ``kind`` is its class (``static/css/6-lists.css``).

    One that ``stays`` cannot be left out; an ``extra`` one is seen only by readers who ask for it.
    """

    name: str
    words: object
    kind: str
    sorts: bool = False
    stays: bool = False
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column: ``order`` as ``aria-sort`` says it, and the ``address`` of the list sorted by it."""

    words: object
    kind: str
    order: str
    address: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is active, and the address of the list without it."""

    words: str
    address: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of the form for order and columns."""

    value: str
    words: object
    chosen: bool


class Listing:
    """One list as a request asks for it.

    ``order`` is its usual order.  ``filters`` are the parameters that leave rows out, with what each says to the
    reader, "" where it is not active.  ``parameter`` names the order in the address where a page has more than one
    list, and ``places`` the parameters that say where in it the reader is.  ``selects`` says that its first column is
    for choosing rows.
    """

    def __init__(
        self,
        request: HttpRequest,
        name: str,
        columns: Sequence[Column],
        *,
        order: str,
        filters: Mapping[str, str] | None = None,
        parameter: str = "sort",
        places: Sequence[str] = PLACES,
        selects: bool = False,
    ) -> None:
        self.name, self.columns, self.usual, self.parameter, self.selects = name, columns, order, parameter, selects
        self._filters, self._places = filters or {}, places
        self._query = request.GET
        self._cookie = f"{SHOWN}_{name}"
        self.chosen_now = request.GET.get("list") == name
        asked = request.GET.get(parameter, "")
        names = {column.name for column in columns if column.sorts}
        self.sort = asked if asked.removeprefix("-") in names else order
        if self.chosen_now:
            self._left_out = {column.name for column in columns} - set(request.GET.getlist(SHOWN))
        else:
            extra = ".".join(column.name for column in columns if column.extra)
            self._left_out = set(request.COOKIES.get(self._cookie, extra).split("."))

    @property
    def is_usual(self) -> bool:
        """Tell whether the list is in its usual order."""
        return self.sort == self.usual

    @property
    def headings(self) -> list[Heading]:
        """Return the heads of all columns."""
        return [self._heading(column) for column in self.columns]

    def _heading(self, column: Column) -> Heading:
        if not column.sorts:
            return Heading(column.words, column.kind, "", "")
        orders = {column.name: "ascending", f"-{column.name}": "descending"}
        other = f"-{column.name}" if self.sort == column.name else column.name
        return Heading(column.words, column.kind, orders.get(self.sort, ""), self.address(**{self.parameter: other}))

    @property
    def without(self) -> str:
        """Return the classes that leave out what the reader does not want to see, by the numbers of the columns."""
        first = 2 if self.selects else 1
        numbers = (number for number, column in enumerate(self.columns, first) if not self.is_shown(column))
        return " ".join(f"without-{number}" for number in numbers)

    def is_shown(self, column: Column) -> bool:
        """Tell whether the reader sees a column."""
        return column.stays or column.name not in self._left_out

    @property
    def chips(self) -> list[Chip]:
        """Return the active filters."""
        return [Chip(words, self.address(**{name: ""})) for name, words in self._filters.items() if words]

    @property
    def is_filtered(self) -> bool:
        """Tell whether rows are left out."""
        return any(self._filters.values())

    @property
    def shown_choices(self) -> list[Choice]:
        """Return the columns that can be left out."""
        return [Choice(one.name, one.words, self.is_shown(one)) for one in self.columns if not one.stays]

    @property
    def order_choices(self) -> list[tuple[object, Choice, Choice]]:
        """Return for each column that sorts its words and both orders, for readers who see no heads of columns."""
        return [
            (
                one.words,
                Choice(one.name, one.words, self.sort == one.name),
                Choice(f"-{one.name}", one.words, self.sort == f"-{one.name}"),
            )
            for one in self.columns
            if one.sorts
        ]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Return what else the address says, for a form that changes order and columns."""
        return self._others(self.parameter)

    @property
    def kept_by_filters(self) -> list[tuple[str, str]]:
        """Return what else the address says, for the form of the filters."""
        return self._others(*self._filters)

    def _others(self, *names: str) -> list[tuple[str, str]]:
        without = {*names, *self._places, "list", SHOWN}
        return [(name, value) for name, values in self._query.lists() if name not in without for value in values]

    def address(self, **changes: str) -> str:
        """Return the address of the list from its beginning with other parameters; "" takes one away."""
        query = QueryDict(mutable=True)
        for name, value in self._others():
            query.appendlist(name, value)
        for name, value in changes.items():
            query.pop(name, None)
            if value and not (name == self.parameter and value == self.usual):
                query[name] = value
        return f"?{query.urlencode()}"

    def remember(self, response: HttpResponse) -> None:
        """Keep the columns that the reader has just chosen in their browser."""
        if self.chosen_now:
            left_out = ".".join(one.name for one in self.columns if not self.is_shown(one))
            response.set_cookie(
                self._cookie,
                left_out,
                max_age=YEAR,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )


def ids_in(texts: Iterable[str]) -> list[UUID]:
    """Return the ids that were chosen in a list, each once; what is no id was not sent by a page of ours."""
    try:
        return list(dict.fromkeys(UUID(text) for text in texts))
    except ValueError:
        raise Http404 from None
