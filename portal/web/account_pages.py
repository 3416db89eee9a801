"""Pages at the base domain that are about the person who looks at them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from portal.rejected_input import signed_out
from portal.request_facts import client_address
from tenants.actor import Actor
from tenants.directory.errors import NotHere

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def signed_in(view: View[P]) -> Callable[..., HttpResponse]:
    """Wrap a page that needs somebody signed in; what is not theirs does not exist."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        try:
            return view(request, *args, **kwargs)
        except NotHere as error:
            raise Http404 from error

    return wrapped


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in page and back here."""
    return signed_out(request, reverse("account_login"))


def person_of(request: HttpRequest) -> UUID:
    """Return who is signed in."""
    return cast(UUID, request.user.pk)


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts, as the record keeps it; nobody is signed in when the first organization is made."""
    user = cast(Any, request.user)
    known = user.is_authenticated
    return Actor(
        person_id=user.pk if known else None,
        name=(user.name or user.email) if known else "somebody at this machine",
        source="pages",
        ip=client_address(request),
        address=user.email if known else "",
    )
