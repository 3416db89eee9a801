"""Lists: filtered, sorted and paged, by address or by a message (RFC 7644, sections 3.4.2 and 3.4.3)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from scim2_models import Context, SearchRequest

from portal.scim import groups, users
from portal.scim.answers import Reply
from portal.scim.reading import Call, dumped
from portal.scim.resources import MOST_RESULTS, FullUser, Group

_LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_QUERY: Final = ("filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes")
DEFAULT: Final = 100

Page = Callable[[Call, Any, int, int], tuple[list[Any], int]]
KINDS: Final[Mapping[str, tuple[Any, Page]]] = {"Users": (FullUser, users.page), "Groups": (Group, groups.page)}


def listed(call: Call, kind: str) -> Reply:
    """Answer with the resources of a kind that the address asks for."""
    query = call.request.GET
    return _answered(call, (kind,), {name: query[name] for name in _QUERY if name in query})


def searched(call: Call, kinds: tuple[str, ...], payload: Mapping[str, Any]) -> Reply:
    """Answer with the resources of some kinds that a message asks for."""
    return _answered(call, kinds, payload, Context.SEARCH_REQUEST)


def _answered(
    call: Call, kinds: tuple[str, ...], asked: Mapping[str, Any], context: Context = Context.DEFAULT
) -> Reply:
    model = KINDS[kinds[0]][0] if len(kinds) == 1 else FullUser | Group
    form: Any = SearchRequest
    request = form[model].model_validate(asked, scim_ctx=context)
    call = replace(call, parameters=request)
    start, most = request.start_index_0 or 0, MOST_RESULTS
    count = min(DEFAULT if request.count is None else request.count, most)
    found, total = _pages(call, kinds, request, start, count)
    body = {
        "schemas": [_LIST],
        "totalResults": total,
        "startIndex": start + 1,
        "itemsPerPage": len(found),
        "Resources": [dumped(one, request) for one in found],
    }
    return Reply(200, body)


def _pages(
    call: Call, kinds: tuple[str, ...], request: SearchRequest[Any], start: int, count: int
) -> tuple[list[Any], int]:
    """Return one page of several kinds below one another: each kind begins where the one before ends."""
    found: list[Any] = []
    total = 0
    for kind in kinds:
        begin, left = max(start - total, 0), count - len(found)
        rows, number = KINDS[kind][1](call, request, begin, left)
        found += rows
        total += number
    return found, total
