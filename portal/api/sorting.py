"""The order of a list, as a query parameter; the names are the list's own members."""

from collections.abc import Container, Iterable

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions
from rest_framework.request import Request


def sort_parameter(orders: Iterable[str], usual: str = "") -> OpenApiParameter:
    """Return the description of a list's order."""
    names = [name for order in orders for name in (order, f"-{order}")]
    text = "By which member the list is sorted, with - before it downwards."
    return OpenApiParameter("sort", str, enum=names, description=f"{text} {usual} if left out." if usual else text)


def sort_of(request: Request, orders: Container[str], usual: str = "") -> str:
    """Return by what the caller wants a list sorted."""
    asked = request.query_params.get("sort") or usual
    if asked and asked.removeprefix("-") not in orders:
        raise exceptions.ValidationError({"sort": [_("The list cannot be sorted by this.")]})
    return asked
