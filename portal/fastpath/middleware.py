"""The fast path: a middleware that answers license requests before the page middleware (DESIGN.md §10).

It parses, calls ``services.license`` and answers, like any other door; what it leaves out is sessions, messages, the
framework's serializers and every query but the fast path's own.
"""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rest_framework.exceptions import ParseError

from chancery.errors import ChanceryError, InvalidObject
from chancery.objects import jws
from chancery.objects.jws import unb64
from chancery.policy.rights import Right
from chancery.texts import say
from portal.fastpath.statements import FastPathDatabase, NobodyHere
from portal.identity.addresses import client_address
from portal.identity.bearer import TokenRefused, token_of
from portal.identity.proof import ProvenDevice, request_id
from portal.identity.proven_device import proven_device
from portal.languages import told
from portal.problems import of_error, problem
from portal.subjects.directory import DirectoryOf
from portal.throttle import retry_after
from portal.wellformed import check_json
from protection.services.certify import DeviceKeys
from protection.services.decide import LicenseRequest, Refused, refusal_details
from protection.services.license import MAX_BATCH, Answer, license_batch, license_one
from protection.services.register_on_first_use import LicenseRequestItem
from tenants.organizations.selectors import OrganizationFacts

ONE: Final = "/api/v1/licenses"
BATCH: Final = "/api/v1/licenses/batch"

MAX_PROGRAM: Final = 80

GetResponse = Callable[[HttpRequest], HttpResponse]


class LicensingLane:
    """Answers ``POST /api/v1/licenses`` and ``/api/v1/licenses/batch`` at organizations' hosts."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a license request, or pass the request on."""
        organization: OrganizationFacts | None = getattr(request, "organization", None)
        if organization is None or request.path not in (ONE, BATCH):
            return self.get_response(request)
        if request.method != "POST":
            return problem(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", _("Licenses are asked for with POST."))
        return _measured(self._answered(request, organization))

    def _answered(self, request: HttpRequest, organization: OrganizationFacts) -> HttpResponse:
        """Answer a license request, every expected error as a problem."""
        try:
            return _answer(request, organization)
        except TokenRefused as error:
            return _unauthorized(str(error.detail))
        except NobodyHere:
            return _unauthorized(_("The person or device of this request is not known any more."))
        except RequestDataTooBig:
            return problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too_large",
                _("The request is too large."),
                next_step=_("Ask for fewer documents at once."),
            )
        except ChanceryError as error:
            return of_error(error)


def _measured(response: HttpResponse) -> HttpResponse:
    """State the length, as a later middleware does for pages; without it the answer goes out in chunks."""
    response["Content-Length"] = str(len(response.content))
    return response


def _answer(request: HttpRequest, organization: OrganizationFacts) -> HttpResponse:
    token = token_of(request)
    if token is None:
        return _unauthorized(_("This call needs an access token."))
    wait = retry_after(f"license:{token.person_id}")
    if wait:
        refused = problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too_many_requests",
            _("Too many requests."),
            next_step=ngettext("Wait {seconds} second.", "Wait {seconds} seconds.", wait).format(seconds=wait),
        )
        refused["Retry-After"] = str(wait)
        return refused
    device = proven_device(request, token.person_id, organization, once=False)
    members = _members(request)
    asked = _license_request(request, organization, device, members)
    database = FastPathDatabase(organization, token.person_id, device.id, token.authentication, asked.ip)
    if request.path == ONE:
        return _one(license_one(database=database, request=asked, wanted=_wanted(members)))
    items = members.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_BATCH:
        raise InvalidObject(
            say("A batch asks for 1 to {number} documents.", number=MAX_BATCH), remedy=say("Send them in parts.")
        )
    answer = license_batch(database=database, request=asked, wanted=[_wanted(item) for item in items])
    return JsonResponse({"batch": answer.token, "delegation": answer.delegation})


def _license_request(
    request: HttpRequest, organization: OrganizationFacts, device: ProvenDevice, members: Mapping[str, Any]
) -> LicenseRequest:
    return LicenseRequest(
        organization=organization.id,
        iss=settings.CHANCERY_BASE_URL,
        device=DeviceKeys(device.id, device.person, device.signing, device.encryption, device.platform),
        device_name=device.name,
        ip=client_address(request),
        source="api",
        directory=DirectoryOf(organization.id),
        request_id=request_id(request),
        program=(_text(members, "program") or "")[:MAX_PROGRAM],
        enforces=_enforces(members),
    )


def _enforces(members: Mapping[str, Any]) -> frozenset[Right]:
    """Read the rights that the program says it withholds; a right that is not known here is none it could withhold."""
    stated = members.get("enforces", [])
    if not isinstance(stated, list):
        raise InvalidObject(say("'enforces' is a list of rights."))
    return frozenset(right for right in Right if right in stated)


def _members(request: HttpRequest) -> dict[str, Any]:
    try:
        members = json.loads(request.body)
        check_json(members)
    except (ValueError, RecursionError, ParseError):
        raise InvalidObject(say("The body is not JSON."), remedy=say("Send a JSON object.")) from None
    if not isinstance(members, dict):
        raise InvalidObject(say("The body is not a JSON object."), remedy=say("Send a JSON object."))
    return members


def _wanted(item: object) -> LicenseRequestItem:
    """Read one item.  Digests are computed where the objects came along, so that the two cannot disagree."""
    if not isinstance(item, Mapping):
        raise InvalidObject(say("Each document is an object with 'pl' and 'seal'."))
    license_, seal = _text(item, "publishing_license"), _text(item, "body_seal")
    pl = jws.digest(license_) if license_ else _digest(item, "pl")
    sealed = jws.digest(seal) if seal else _digest(item, "seal")
    return LicenseRequestItem(pl=pl, seal=sealed, publishing_license=license_, body_seal=seal)


def _text(item: Mapping[str, Any], name: str) -> str | None:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidObject(say("{name!r} is a text.", name=name))
    return value


def _digest(item: Mapping[str, Any], name: str) -> bytes:
    value = unb64(_text(item, name) or "")
    if len(value) != 32:
        raise InvalidObject(say("{name!r} is a digest of 32 bytes in base64url.", name=name))
    return value


def _one(answer: Answer) -> HttpResponse:
    decided = answer.decided[0]
    if isinstance(decided, Refused):
        return _refused(decided, answer)
    cid = str(decided.state.facts.cid)
    return JsonResponse({"use_license": answer.token, "delegation": answer.delegation, "cid": cid})


def _refused(decided: Refused, answer: Answer) -> HttpResponse:
    details = {name: told(text) for name, text in refusal_details(decided, answer.reading).items()}
    detail = details.pop("detail")
    return problem(
        HTTPStatus.FORBIDDEN,
        details["reason"],
        " ".join(text for text in (details["message"], detail) if text),
        next_step=details["next_step"],
        more={**details, "event": str(decided.event)},
    )


def _unauthorized(detail: str) -> HttpResponse:
    answer = problem(HTTPStatus.UNAUTHORIZED, "unauthorized", detail, next_step=_("Sign in again."))
    answer["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return answer
