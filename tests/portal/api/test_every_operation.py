"""Whatever is sent to any call of the API, as its description allows it or nearly so: no failure of ours answers.

Schemathesis makes the requests from the description, whole ones and ones with a fault; half of them name what exists,
so that they get behind the search for it, and half carry a value that breaks careless programs.  What a request
changes is taken back before the next one.
"""

import io
import json
import time
import uuid
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core import NotSet

from chancery.objects.proof import Request, sign_proof
from chancery.sdk.options import ProtectOptions
from portal import throttle
from portal.fastpath.middleware import BATCH, ONE
from tests.cast import BASE, Cast, Player
from tests.contract import check_exchange, description

ORIGIN: Final = BASE.replace("localhost", "contoso.localhost")
OPERATIONS: Final = {
    f"{operation.method.upper()} {operation.path}": operation
    for found in schemathesis.openapi.from_dict(description()).get_all_operations()
    if (operation := found.ok())  # type: ignore[union-attr]  # what is no operation raises here
}
POISON: Final[dict[str, Any]] = {
    "NUL": "\x00",
    "escape sequence": "\x1b[2J",
    "text turned round": "\u202ename",
    "line separator": "\u2028",
    "half of a letter": "\ud800",
    "dotted capital i": "\u0130",
    "long text": "a" * 70_000,
    "many digits": "9" * 5_000,
    "broken address": "http://[",
    "way up": "../..",
    "empty text": "",
    "null": None,
    "true": True,
    "beyond 64 bits": 2**63,
    "below 64 bits": -(2**63) - 1,
    "greatest whole number of a double": 2**53 - 1,
    "no double": 10**400,
    "negative": -1,
    "half": 0.5,
    "not a number": float("nan"),
    "empty list": [],
    "empty object": {},
    "long list": [[]] * 3_000,
    "bad names": {"a": {"\x00": "\udfff"}},
}
REQUESTS_EACH: Final = 5
LONGEST_PROVEN: Final = 8_000
"""No client proves a longer address, so that of a longer one only the beginning is proven."""


@pytest.fixture(scope="module")
def ada(cast: Cast) -> Player:
    """Return an administrator whose organization has one of everything."""
    ada, olga = cast.ada, cast.olga
    place = ada.session.own_organization()
    policy = {"grants": [{"who": "address:olga@contoso.example", "rights": ["VIEW"]}]}
    template = place.call("POST", "/api/v1/templates", {"names": {"en": "Partners"}, "policy": policy})
    place.call("POST", f"/api/v1/templates/{template['id']}/publish", {})
    place.call(
        "POST",
        "/api/v1/labels",
        {"names": {"en": "Internal"}, "sensitivity": 10, "effect": "protect", "template": template["id"]},
    )
    place.call("POST", "/api/v1/groups", {"name": "Board", "address": "board@contoso.example"})
    place.call("POST", "/api/v1/applications", {"name": "scanner", "roles": ["connector"]})
    plan = Path(cast.folder, "plan.txt")
    plan.write_text("the plan")
    ada.session.protect(plan, ProtectOptions(grants=("olga@contoso.example:VIEW",)), target=plan.with_suffix(".sealed"))
    olga.session.open_stream(plan.with_suffix(".sealed"), io.BytesIO())
    return ada


@pytest.fixture(autouse=True)
def _whole_limits() -> None:
    """Let each call begin with whole limits: all requests come from one address."""
    throttle.forget()


def token(ada: Player, origin: str) -> str:
    value: str = ada.session.service._tokens.for_origin(ada.session.account, origin)
    return value


def send(ada: Player, method: str, url: str, body: bytes = b"", kind: str = "application/json") -> Any:
    """Send one request as Ada on her device, to the host that has the call."""
    path = url.partition("?")[0]
    origin = BASE if _is_base(path) else ORIGIN
    bearer = token(ada, origin)
    stated = Request(method=method, url=origin + path[:LONGEST_PROVEN], token=bearer, body=body)
    proof = sign_proof(stated, signer=ada.session.account.signing, jti=uuid.uuid4(), iat=int(time.time()))
    answer = Client(raise_request_exception=False).generic(
        method,
        url,
        body,
        content_type=kind,
        headers={
            "Host": origin.partition("//")[2],
            "Accept": "application/json",
            "Authorization": f"Bearer {bearer}",
            "Chancery-Proof": proof,
        },
    )
    check_exchange(method, path, body, answer)
    return answer


@cache
def _is_base(path: str) -> bool:
    if path in {ONE, BATCH}:
        return False
    try:
        resolve(path, django_settings.ROOT_URLCONF)
    except Resolver404:
        return True
    return False


@pytest.fixture(scope="module")
def existing(ada: Player) -> dict[str, str]:
    """Return for each parameter of a path what exists under that name."""
    found: dict[str, str] = {"level": "0", "index": "0", "number": "1"}
    for operation in OPERATIONS.values():
        collection, _, rest = operation.path.partition("/{")
        name = rest.partition("}")[0]
        if not name or name in found:
            continue
        members = json.loads(send(ada, "GET", collection).content or b"{}")
        rows = members.get("results") if isinstance(members, dict) else None
        if rows:
            found[name] = str(rows[0].get("id") or rows[0].get("cid") or rows[0].get("domain"))
    return found


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_is_answered_with_a_failure_of_ours(name: str, ada: Player, existing: dict[str, str]) -> None:
    operation = OPERATIONS[name]
    made = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(
        max_examples=REQUESTS_EACH, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(made, st.booleans(), st.none() | st.tuples(st.integers(0, 20), st.sampled_from(list(POISON))))
    def sent(case: Case[Any], known: bool, poison: tuple[int, str] | None) -> None:
        if known:
            case.path_parameters.update({key: existing[key] for key in case.path_parameters if key in existing})
        if poison is not None:
            _put(case, *poison)
        url, body = _on_the_wire(case)
        for origin in (BASE, ORIGIN):
            # Renewed now where it is time: a token that is exchanged below would be taken back with everything else.
            token(ada, origin)
        with transaction.atomic():
            answer = send(ada, case.method.upper(), url, body)
            transaction.set_rollback(True)
        assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, (url[:500], body[:500], answer.content)

    sent()


def _on_the_wire(case: Case[Any]) -> tuple[str, bytes]:
    """Return path, query and body of a request as bytes, however little they are what they should be."""
    parts = {key: quote(str(value), safe="", errors="surrogatepass") for key, value in case.path_parameters.items()}
    query = urlencode(case.query or {}, doseq=True, errors="surrogatepass")
    body = b"" if isinstance(case.body, NotSet) else json.dumps(case.body, default=str).encode("utf-8")
    return case.path.format(**parts) + (f"?{query}" if query else ""), body


def _put(case: Case[Any], place: int, poison: str) -> None:
    """Put a poison in the place of one value of a request: of its path, its query or its body, however deep."""
    leaves = [*_leaves(case.path_parameters), *_leaves(case.query), *_leaves(case.body)]
    if leaves:
        holder, key = leaves[place % len(leaves)]
        holder[key] = POISON[poison]


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield where each value is: what holds it and under which key."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in list(members):
        yield value, key
        yield from _leaves(member)
