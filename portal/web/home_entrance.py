"""Signing in at home, at another installation: the way there and the way back, at the base domain."""

from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from chancery.errors import ChanceryError
from portal.identity.homes import question
from portal.identity.homes.arriving import SAID, actor_of, arrives_until
from portal.identity.homes.lookup import home_for
from portal.identity.homes.names import callback as callback_address
from portal.identity.homes.names import client_id
from portal.identity.homes.question import Asked
from portal.identity.sign_on.pending import not_begun
from portal.identity.sign_on.realm import HINT
from portal.identity.sign_on.sessions import enter_session
from portal.identity.sign_on.target import safe_target
from portal.languages import reason_of, translate
from portal.usecases.homes.enter import arrive
from portal.words.homes import REFUSALS
from tenants.homes.selectors import HomeFacts, home_by_id
from tenants.homes.services.accounts import HomeSignInRefused
from tenants.sign_on.services.sessions import begin_home_session

ASKED: Final = "chancery.home_asked"


@require_GET
def document(request: HttpRequest) -> HttpResponse:
    """Say what this installation is to others: its issuer, and itself as a client (docs/protocol.md P32)."""
    return JsonResponse(
        {
            "iss": settings.CHANCERY_BASE_URL,
            "client_id": client_id(),
            "client_name": settings.CHANCERY_NAME,
            "redirect_uris": [callback_address()],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "scope": "openid home",
        }
    )


@require_GET
@never_cache
def begin(request: HttpRequest, home_id: UUID) -> HttpResponse:
    """Send the browser home, if the mail domain still says that this is its home."""
    try:
        home = _current(home_id)
    except ChanceryError as error:
        return _refused(request, error)
    if home is None:
        raise Http404
    asking = question.asked(
        home, goes_to=safe_target(request.GET.get("next", "/")), fresh=request.GET.get("fresh") == "1"
    )
    hint = request.session.pop(HINT, "")
    request.session[ASKED] = asking.as_json()
    return HttpResponseRedirect(question.question(home, asking, hint=hint))


@require_GET
@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """Take the home's answer, once, in the browser that had asked."""
    kept = request.session.pop(ASKED, None)
    if not isinstance(kept, dict):
        return _refused(request, not_begun())
    asking = Asked(**kept)
    try:
        home = _current(UUID(asking.home))
        if home is None:
            raise not_begun()
        said, authentication = question.answered(home, asking, request.GET.dict())
        person_id = arrive(actor=actor_of(home, request), home=home, said=said).person_id
    except ChanceryError as error:
        return _refused(request, error)
    except HomeSignInRefused as refused:
        sentence, remedy = REFUSALS[str(refused.refusal)]
        return _page_of_refusal(request, str(sentence), str(remedy))
    by = begin_home_session(home_id=home.id, person_id=person_id, subject=said.subject, ends_at=arrives_until())
    return enter_session(
        request,
        person_id,
        replace(authentication, by=str(by)),
        provider=home.provider,
        subject=said.subject,
        goes_to=asking.goes_to,
        kept={SAID: asdict(said)},
    )


def _current(home_id: UUID) -> HomeFacts | None:
    """Return a home that its domain still names.  Raises HomeChanged and ProviderFailed."""
    known = home_by_id(home_id)
    found = None if known is None else home_for(known.domain)
    return found if found is not None and found.id == home_id else None


def _refused(request: HttpRequest, error: ChanceryError) -> HttpResponse:
    return _page_of_refusal(request, reason_of(error), translate(error.next_step))


def _page_of_refusal(request: HttpRequest, sentence: str, remedy: str) -> HttpResponse:
    context = {"sentence": sentence, "remedy": remedy}
    return render(request, "identity/sign_on_refused.html", context, status=HTTPStatus.FORBIDDEN)
