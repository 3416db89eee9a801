"""One request: who sends it, what it asks for, and its answer in the form of SCIM, whatever happens."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from scim2_models import ResponseParameters

from portal import problems
from portal.request_facts import client_address
from portal.scim import bulk, discovery, groups, queries, users
from portal.scim.answers import EXPECTED, Refusal, Reply, refused
from portal.scim.reading import Call
from portal.scim.resources import MOST_BYTES, PROVIDER
from portal.throttle import retry_after
from portal.usecases.permissions import PermissionMissing
from portal.usecases.provisioning import dry_runs, guard
from portal.usecases.provisioning.provisioner import NotAuthenticated, provisioner_of
from portal.usecases.refused_calls import call_refused
from portal.wellformed import check_json

_TYPES: Final = ("application/scim+json", "application/json")
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KINDS: Final[Mapping[str, Any]] = {"Users": users, "Groups": groups}
_ROUTES: Final = {"users": "Users", "user": "Users", "groups": "Groups", "group": "Groups"}
_SEARCHES: Final = {"users_search": ("Users",), "groups_search": ("Groups",), "search": ("Users", "Groups")}
_DISCOVERY: Final[Mapping[str, Callable[[Call, str], Reply]]] = {
    "config": discovery.config,
    "resource_types": discovery.resource_types,
    "resource_type": discovery.resource_type,
    "schemas": discovery.schemas,
    "schema": discovery.schema,
}


def answer(request: HttpRequest, route: str, name: str) -> HttpResponse:
    """Answer a request."""
    call: Call | None = None
    try:
        call = _call(request)
        wait = retry_after(f"scim:{call.provisioner.connection.id}")
        if wait:
            return _too_many(wait)
        with PROVIDER:
            return _carried_out(call, route, name).response()
    except EXPECTED as error:
        if call is not None and isinstance(error, PermissionMissing):
            here = call.provisioner
            operation = f"{request.method} {request.path}"
            call_refused(
                caller=here.caller, organization=here.organization, missing=error.permission, operation=operation
            )
        return refused(error).response()


def _call(request: HttpRequest) -> Call:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("Send the token of a provisioning connection: Authorization: Bearer …")
    provisioner = provisioner_of(
        organization=request.organization,  # type: ignore[attr-defined]  # by middleware
        token=token.strip(),
        ip=client_address(request),
    )
    asked = {name: request.GET[name] for name in ("attributes", "excludedAttributes") if request.GET.get(name)}
    parameters: ResponseParameters[Any] = ResponseParameters.model_validate(asked)
    return Call(request, provisioner, parameters, request.headers.get("If-Match", ""))


def _carried_out(call: Call, route: str, name: str) -> Reply:
    method = call.request.method or ""
    if route == "me":
        raise Refusal(HTTPStatus.NOT_IMPLEMENTED, "A connection is nobody: there is no /Me.")
    if route == "nothing":
        raise Refusal(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    if route in _DISCOVERY and method == "GET":
        return _DISCOVERY[route](call, name)
    if route in _SEARCHES and method == "POST":
        return queries.searched(call, _SEARCHES[route], _payload(call.request))
    if route in _ROUTES and method == "GET":
        kind = _ROUTES[route]
        return queries.listed(call, kind) if route.endswith("s") else _KINDS[kind].get(call, name)
    if route == "bulk" and method == "POST":
        payload = _payload(call.request)
        return _written(call, lambda: bulk.answered(call, payload, _one))
    if route in _ROUTES and method in _WRITES and (method == "POST") == route.endswith("s"):
        payload = {} if method == "DELETE" else _payload(call.request)
        return _written(call, lambda: _one(call, method, _ROUTES[route], name, payload))
    raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is not possible here.")


def _one(call: Call, method: str, kind: str, name: str, payload: Mapping[str, Any]) -> Reply:
    """Carry out one write."""
    found = _KINDS.get(kind)
    if found is None or bool(name) == (method == "POST") or method not in _WRITES:
        raise Refusal(HTTPStatus.NOT_FOUND, f"{method} is not possible at /{kind}.", "invalidPath")
    if method == "POST":
        reply: Reply = found.post(call, payload)
    elif method == "DELETE":
        reply = found.delete(call, name)
    else:
        reply = (found.put if method == "PUT" else found.patch)(call, name, payload)
    return reply


def _written(call: Call, write: Callable[[], Reply]) -> Reply:
    """Carry out a write in one transaction; a connection that only tries gets to know that nothing was changed."""
    if call.provisioner.connection.dry_run:
        return _tried(call, write)
    try:
        with transaction.atomic():
            return write()
    except guard.TooManyShutOut as error:
        guard.stop(call.provisioner, error)
        raise


def _tried(call: Call, write: Callable[[], Reply]) -> Reply:
    with transaction.atomic():
        try:
            with transaction.atomic():
                reply = write()
        except EXPECTED as error:
            reply = refused(error)
        transaction.set_rollback(True)
    what = reply.what or call.request.path.rpartition("/scim/v2")[2]
    dry_runs.keep(
        provisioner=call.provisioner,
        method=call.request.method or "",
        what=what,
        status=reply.status,
        changes=reply.changes,
    )
    raise Refusal(HTTPStatus.FORBIDDEN, "Dry run: the request was judged and recorded. Nothing was changed.")


def _payload(request: HttpRequest) -> Mapping[str, Any]:
    """Return the body, which is one JSON object of bounded size and depth.  Raises Refusal and ParseError."""
    if request.content_type not in _TYPES:
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {_TYPES[0]}.")
    if len(request.body) > MOST_BYTES:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request has at most {MOST_BYTES} bytes.", "tooMany")
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refusal(HTTPStatus.BAD_REQUEST, "The body is no JSON.", "invalidSyntax") from None
    check_json(found)
    if not isinstance(found, Mapping):
        raise Refusal(HTTPStatus.BAD_REQUEST, "The body is a JSON object.", "invalidSyntax")
    return found


def _too_many(wait: int) -> HttpResponse:
    told = problems.too_many_requests(wait)
    reply = refused(Refusal(HTTPStatus.TOO_MANY_REQUESTS, told.detail))
    return Reply(reply.status, reply.body, told.headers).response()
