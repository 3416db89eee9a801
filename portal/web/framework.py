"""What all pages share: who may see one, how it is rendered, and how errors reach the person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar, cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from chancery.errors import ChanceryError, NotFound
from chancery.policy.permission import Permission
from portal.identity.strength import of_session
from portal.languages import reason_of, with_next_step
from portal.rejected_input import signed_out
from portal.request_facts import client_address
from portal.usecases.approvals import waiting_approvals
from portal.usecases.caller import Caller, caller_at
from portal.usecases.decoys import waiting_alarms
from portal.usecases.effects import Effect
from portal.usecases.personal_data import PersonalData, personal_data_read
from portal.usecases.refused_calls import call_refused
from portal.usecases.super_users.visible import asking
from portal.web.listing import Listing
from portal.words.events import SIGNED_IN_BY
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.naming import NameRefused
from tenants.organizations.selectors import OrganizationFacts

P = ParamSpec("P")
T = TypeVar("T")
PAGE_SIZE: Final = 50
PART: Final = 25
"""Names in a list that is no table, such as those who may never open a document."""


class PageRequest(HttpRequest):
    """A request that has passed ``page``: somebody is signed in at an organization's host."""

    organization: OrganizationFacts
    caller: Caller


PageView = Callable[Concatenate[PageRequest, P], HttpResponse]


def page(
    permission: Permission | None = None, *, reads: PersonalData | None = None
) -> Callable[[PageView[P]], Callable[..., HttpResponse]]:
    """Wrap a page of an organization: sign in first, then the permission; without it the page does not exist.

    ``reads`` is what the page shows of others, which is put on record; whom it is about is in its address.
    """

    def decorate(view: PageView[P]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return signed_out(request, reverse("signin"))
            here = _with_caller(request)
            if not here.caller.active:
                raise Http404
            if permission is not None and not here.caller.may(permission):
                call_refused(
                    caller=here.caller,
                    organization=here.organization,
                    missing=permission,
                    operation=f"{request.method} {request.path}",
                )
                raise Http404
            try:
                if reads is not None and request.method == "GET":
                    record_reading(here, reads, next((one for one in kwargs.values() if isinstance(one, UUID)), None))
                return view(here, *args, **kwargs)
            except (NotFound, NotHere) as error:
                raise Http404 from error

        wrapped.takes, wrapped.reads = permission, reads  # type: ignore[attr-defined]  # tests ask which pages show what
        return wrapped

    return decorate


def record_reading(request: PageRequest, what: PersonalData, about: UUID | None = None) -> None:
    """Put on record that the reader of this page reads others' data."""
    personal_data_read(caller=request.caller, organization=request.organization, what=what, about=about)


def _with_caller(request: HttpRequest) -> PageRequest:
    here = cast(PageRequest, request)
    here.caller = caller_at(
        here.organization,
        cast(Any, request.user),
        ip=client_address(request),
        source="pages",
        strength=of_session(request).strength,
    )
    return here


def show(
    request: PageRequest, template: str, section: str, context: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Render one page in the organization's frame, and remember what the reader chose to see of its lists."""
    shown = {**_frame(request, section), **(context or {})}
    response = render(request, f"pages/{template}.html", shown, status=status)
    for one in shown.values():
        if isinstance(one, Listing):
            one.remember(response)
    return response


def show_to_all(request: HttpRequest, template: str, section: str, context: Mapping[str, Any]) -> HttpResponse:
    """Render a page that needs no sign-in; who is signed in at an organization's host sees it in the frame of that."""
    frame: Mapping[str, Any] = {"section": section}
    if request.user.is_authenticated and getattr(request, "organization", None) is not None:
        here = _with_caller(request)
        frame = _frame(here, section) if here.caller.active else frame
    return render(request, f"pages/{template}.html", {**frame, **context})


def _frame(request: PageRequest, section: str) -> Mapping[str, Any]:
    return {
        "caller": request.caller,
        "permissions": {permission.value for permission in request.caller.permissions},
        "section": section,
        "waiting_alarms": waiting_alarms(caller=request.caller).number,
        "approvals": waiting_approvals(caller=request.caller).rows,
        "asks_for_grants": asking(caller=request.caller).asks,
        "signed_in_by": SIGNED_IN_BY[of_session(request).strength],
    }


def paged(request: HttpRequest, rows: Sequence[T], size: int = PAGE_SIZE) -> Page[T]:
    """Return the part of a list that the address asks for; ``{% pages %}`` leads to the others."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """Some of many rows below one another on a page; ``first`` counts from 0."""

    rows: Sequence[T]
    first: int
    total: int

    @property
    def start(self) -> int:
        """The number of the first row shown."""
        return self.first + 1

    @property
    def end(self) -> int:
        """The number of the last row shown."""
        return self.first + len(self.rows)

    @property
    def is_cut(self) -> bool:
        """Tell whether there are more rows than are shown."""
        return len(self.rows) < self.total

    @property
    def previous(self) -> int | None:
        """The first row of the part before, None on the first."""
        return max(self.first - PART, 0) if self.first else None

    @property
    def next(self) -> int | None:
        """The first row of the part after, None on the last."""
        return self.end if self.end < self.total else None


def part_of(request: HttpRequest, name: str, rows: Sequence[T]) -> Part[T]:
    """Return the part of many rows that the address asks for under this name."""
    asked = request.GET.get(name, "")
    first = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 0
    first = first if first < len(rows) else 0
    return Part(rows[first : first + PART], first, len(rows))


def attempt(
    request: HttpRequest, done: str | Callable[[T], str], action: Callable[[], T], *, here: bool = False
) -> bool:
    """Do something and say how it went; a refusal becomes a sentence with its next step, and nothing was changed.

    ``done`` is what to say, or makes it of what the action returned.  Actions that change what is already there use
    ``carried_out`` instead, which says what they changed.  ``here`` says that the page itself stays even where what it
    asks for is not there, so that nothing that was typed is lost.
    """
    try:
        result = action()
    except (ChanceryError, DirectoryRefused, NameRefused) as error:
        if isinstance(error, NotFound | NotHere) and not here:
            raise
        messages.error(request, words_of(error))
        return False
    messages.success(request, done if isinstance(done, str) else done(result))
    return True


def carried_out(request: HttpRequest, action: Callable[[], Effect]) -> bool:
    """Make a change and show what it changed for whom, with its warnings; tell whether it was not refused."""
    try:
        made = action()
    except (ChanceryError, DirectoryRefused, NameRefused) as error:
        if isinstance(error, NotFound | NotHere):
            raise
        messages.error(request, words_of(error))
        return False
    (messages.success if made.changed else messages.info)(request, made.message)
    for warning in made.warnings:
        messages.warning(request, warning)
    return True


def words_of(error: Exception) -> str:
    """Return an error's message with its next step."""
    return with_next_step(error) if isinstance(error, ChanceryError) else reason_of(error)


def moment_of(seconds: int | None) -> datetime | None:
    """Return a time in seconds since 1970 as pages show it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
