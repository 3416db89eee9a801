"""Many operations in one request (RFC 7644, section 3.7): each succeeds or fails by itself, in the order given."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from django.db import transaction

from portal.scim.answers import EXPECTED, Refusal, Reply, refused
from portal.scim.reading import Call
from portal.scim.resources import MOST_OPERATIONS
from portal.usecases.provisioning.guard import TooManyShutOut

_REQUEST: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_REFERENCE: Final = re.compile(r"bulkId:(.+)")
Carry = Callable[[Call, str, str, str, Mapping[str, Any]], Reply]


def answered(call: Call, payload: Mapping[str, Any], carry_out: Carry) -> Reply:
    """Carry out the operations until as many have failed as ``failOnErrors`` says.

    ``carry_out`` takes the call, the method, the kind, the id and the data of one.
    """
    operations, most = _read(payload)
    results: list[Mapping[str, Any]] = []
    changes: list[str] = []
    failed = 0
    for one in operations:
        if most and failed >= most:
            break
        reply, result = _result(call, one, carry_out)
        failed += reply.status >= 400
        results.append(result)
        changes += [f"{one.get('method')} {reply.what or one.get('path')}", *reply.changes]
    body = {"schemas": [_RESPONSE], "Operations": results}
    return Reply(200, body, what=f"{len(operations)}", changes=tuple(changes))


def _read(payload: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], int]:
    given = {name.lower(): value for name, value in payload.items()}
    if _REQUEST not in (given.get("schemas") or ()):
        raise Refusal(400, f"The message has the schema {_REQUEST}.", "invalidSyntax")
    operations, most = given.get("operations"), given.get("failonerrors") or 0
    if not isinstance(operations, list) or not all(isinstance(one, Mapping) for one in operations):
        raise Refusal(400, "Operations is a list of objects.", "invalidSyntax")
    if not isinstance(most, int) or most < 0:
        raise Refusal(400, "failOnErrors is a number.", "invalidValue")
    if len(operations) > MOST_OPERATIONS:
        raise Refusal(413, f"One request has at most {MOST_OPERATIONS} operations.", "tooMany")
    return operations, most


def _result(call: Call, one: Mapping[str, Any], carry_out: Carry) -> tuple[Reply, Mapping[str, Any]]:
    method, bulk_id = str(one.get("method", "")).upper(), one.get("bulkId")
    try:
        with transaction.atomic():
            reply = _carried_out(call, method, one, carry_out)
    except TooManyShutOut:
        raise
    except EXPECTED as error:
        reply = refused(error)
    made = reply.body.get("id") if reply.status == 201 and reply.body else None
    if bulk_id and made:
        call.known[str(bulk_id)] = str(made)
    location = reply.headers.get("Location") or (f"{call.base}{_filled(call, one.get('path'))}" if not made else "")
    result: dict[str, Any] = {"method": method, "status": str(reply.status)}
    result |= {"bulkId": bulk_id} if bulk_id else {}
    result |= {"location": location} if not (method == "POST" and reply.status >= 400) else {}
    result |= {"version": reply.headers["ETag"]} if reply.headers.get("ETag") else {}
    return reply, result | ({"response": reply.body} if reply.status >= 400 else {})


def _carried_out(call: Call, method: str, one: Mapping[str, Any], carry_out: Carry) -> Reply:
    if method == "POST" and not one.get("bulkId"):
        raise Refusal(400, "A POST has a bulkId.", "invalidValue")
    path = str(_filled(call, one.get("path")))
    kind, _slash, name = path.strip("/").partition("/")
    data = _filled(call, one.get("data") or {})
    if not isinstance(data, Mapping):
        raise Refusal(400, "data is an object.", "invalidSyntax")
    return carry_out(replace(call, if_match=str(one.get("version") or "")), method, kind, name, data)


def _filled(call: Call, value: Any) -> Any:
    """Return a value with the ids in place of references to what this request has made.  Raises Refusal."""
    if isinstance(value, Mapping):
        return {name: _filled(call, part) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(call, part) for part in value]
    if not isinstance(value, str):
        return value
    if "/" in value and "bulkId:" in value:
        return "/".join(str(_filled(call, part)) for part in value.split("/"))
    reference = _REFERENCE.fullmatch(value)
    if reference is None:
        return value
    if reference[1] not in call.known:
        raise Refusal(400, f"No operation before this one made {value}.", "invalidValue")
    return call.known[reference[1]]
