"""The fast path: a middleware that answers license requests before the page middleware (decision 5).

It parses, calls ``services.license`` and answers, like any other interface; what it leaves out is sessions, messages,
the framework's serializers and every query but the fast path's own.
"""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from chancery.errors import ChanceryError
from chancery.objects.use import UseLicense
from portal.fastpath.statements import FastPathDatabase, NobodyHere
from portal.identity.clients import OUTSIDER
from portal.identity.proof import ProvenDevice, proven_device, request_id
from portal.identity.tokens import TokenRefused, token_of
from portal.languages import translate
from portal.license_requests import (
    enforced_by,
    item_of,
    items_of,
    members_of,
    named_access_of,
    program_of,
    size_to_draw,
)
from portal.problems import Problem, of_error, too_many_requests, unauthorized
from portal.rendering.requests import begin_drawing, can_draw
from portal.request_facts import client_address
from portal.subjects.directory import DirectoryOf
from portal.throttle import retry_after
from protection.services.certify import DeviceKeys
from protection.services.license import Answer, details_of, license_batch, license_one
from protection.services.license_request import Granted, LicenseRequest, Reading, Refused
from tenants.directory.selectors.people import person_known_as
from tenants.organizations.selectors import OrganizationFacts

ONE: Final = "/api/v1/licenses"
BATCH: Final = "/api/v1/licenses/batch"

GetResponse = Callable[[HttpRequest], HttpResponse]


class LicensingFastPath:
    """Answers ``POST /api/v1/licenses`` and ``/api/v1/licenses/batch`` at organizations' hosts."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a license request, or pass the request on."""
        organization: OrganizationFacts | None = getattr(request, "organization", None)
        if organization is None or request.path not in (ONE, BATCH):
            return self.get_response(request)
        if request.method != "POST":
            detail = _("Licenses are asked for with POST.")
            return Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", detail).response()
        return _measured(self._answered(request, organization))

    def _answered(self, request: HttpRequest, organization: OrganizationFacts) -> HttpResponse:
        """Answer a license request, every expected error as a problem."""
        try:
            return _answer(request, organization)
        except TokenRefused as error:
            return unauthorized(str(error.detail)).response()
        except NobodyHere:
            return unauthorized(_("The person or device of this request is no longer registered.")).response()
        except RequestDataTooBig:
            detail, step = _("The request is too large."), _("Ask for fewer documents at once.")
            return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail, step).response()
        except ChanceryError as error:
            return of_error(error).response()


def _measured(response: HttpResponse) -> HttpResponse:
    """State the length, as a later middleware does for pages; without it the answer goes out in chunks."""
    response["Content-Length"] = str(len(response.content))
    return response


def _answer(request: HttpRequest, organization: OrganizationFacts) -> HttpResponse:
    token = token_of(request)
    if token is None:
        return unauthorized(_("This call needs an access token.")).response()
    if token.client_id == OUTSIDER and request.path != ONE:
        return unauthorized(_("A mailed code opens one document at a time.")).response()
    wait = retry_after(f"license:{token.person_id}")
    if wait:
        return too_many_requests(wait).response()
    device = proven_device(request, token.person_id, organization, once=False)
    members = members_of(request.body)
    asked = _license_request(request, organization, device, members)
    database = FastPathDatabase(organization, token.person_id, device.id, token.authentication, asked.ip, asked.named)
    if request.path == ONE:
        return _one(asked, license_one(database=database, request=asked, item=item_of(members)))
    answer = license_batch(database=database, request=asked, items=items_of(members))
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
        page_of_access=f"{organization.origin}/documents/{{cid}}/access/",
        page_of_pause=f"{organization.origin}/pause/",
        directory=DirectoryOf(organization.id),
        request_id=request_id(request),
        program=program_of(members),
        enforces=enforced_by(members),
        named=named_access_of(members, partial(person_known_as, organization.id)),
        draw=_draw(members) if request.path == ONE else None,
    )


def _draw(members: Mapping[str, Any]) -> Callable[[LicenseRequest, Granted, Reading, UseLicense], None] | None:
    """Return what begins to draw a viewer-only document, where program and service can show it."""
    size = size_to_draw(members)
    return partial(begin_drawing, size) if size is not None and can_draw(size) else None


def _one(asked: LicenseRequest, answer: Answer) -> HttpResponse:
    decided = answer.decided[0]
    if isinstance(decided, Refused):
        return _refused(asked, decided, answer)
    cid = str(decided.state.facts.cid)
    return JsonResponse({"use_license": answer.token, "delegation": answer.delegation, "cid": cid})


def _refused(asked: LicenseRequest, decided: Refused, answer: Answer) -> HttpResponse:
    (found,) = details_of([decided], answer.reading, asked)
    details = {name: translate(text) if isinstance(text, str) else text for name, text in found.items()}
    detail = details.pop("detail")
    return Problem(
        HTTPStatus.FORBIDDEN,
        details["reason"],
        " ".join(text for text in (details["message"], detail) if text),
        next_step=details["next_step"],
        more={**details, "event": str(decided.event)},
    ).response()
