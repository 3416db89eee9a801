"""Signing in by an identity provider, at the base domain: the way there, the way back, and the ends."""

import json
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.errors import CannotUnseal, ChanceryError
from chancery.policy.permission import Permission
from portal.identity.redirects import led_on
from portal.identity.sign_on import oidc
from portal.identity.sign_on.pending import Pending, authentication_of, begun, not_begun
from portal.identity.sign_on.protocols import spoken_by
from portal.identity.sign_on.realm import HINT
from portal.identity.sign_on.saml.answers import arrived
from portal.identity.sign_on.saml.logout import signed_out as saml_signed_out
from portal.identity.sign_on.saml.metadata import own_metadata
from portal.identity.sign_on.saml.requests import sign_out_answer
from portal.identity.sign_on.secrets import unseal
from portal.identity.sign_on.sessions import begin_session
from portal.identity.sign_on.target import safe_target
from portal.languages import reason_of, translate
from portal.request_facts import client_address
from portal.throttle import retry_after
from portal.usecases.caller import Caller, caller_at
from portal.usecases.sign_on.enter import enter, tried
from portal.words.sign_on import OUTCOMES, REFUSALS
from tenants.actor import Actor
from tenants.organizations.selectors import organization_by_id
from tenants.sign_on.selectors import SignOnFacts, sealed_hint_of, sign_on_by_id
from tenants.sign_on.services.accounts import SignOnRefused
from tenants.sign_on.services.sessions import sign_out_by_provider

PENDING: Final = "chancery.sign_on_pending"
_MOST_SHOWN: Final = 500
_MOST_RELAYED: Final = 500


@require_GET
@never_cache
def begin(request: HttpRequest, sign_on_id: UUID) -> HttpResponse:
    """Send the browser to the provider; what it was asked and where it leads is kept in this browser's session."""
    connection = _connection(sign_on_id)
    if not connection.signs_in:
        raise Http404
    pending = begun(
        connection, goes_to=safe_target(request.GET.get("next", "/")), fresh=request.GET.get("fresh") == "1"
    )
    return _sent(request, connection, pending)


@require_GET
@never_cache
def test(request: HttpRequest, sign_on_id: UUID) -> HttpResponse:
    """Do the same for an administrator who wants to see what comes back."""
    connection = _connection(sign_on_id)
    if connection.state == "off":
        raise Http404
    _tester(request, connection)
    fresh = request.GET.get("fresh") == "1"
    return _sent(request, connection, begun(connection, goes_to="/", fresh=fresh, test=True))


@require_GET
@never_cache
def callback(request: HttpRequest, sign_on_id: UUID) -> HttpResponse:
    """Take the provider's answer, once, in the browser that had asked."""
    connection = _connection(sign_on_id)
    kept = request.session.pop(PENDING, None)
    if not isinstance(kept, dict):
        return _refused(request, not_begun())
    pending = Pending(**kept)
    if pending.test:
        return _tested(request, connection, pending)
    if not connection.signs_in:
        raise Http404
    try:
        claims, token = spoken_by(connection).answered(connection, pending, request.GET.dict())
        authentication = authentication_of(connection, pending, claims)
        person = enter(actor=_provider(request, connection), connection=connection, claims=claims).person_id
    except ChanceryError as error:
        return _refused(request, error)
    except SignOnRefused as refused:
        sentence, remedy = REFUSALS[str(refused.judgement.refusal)]
        return _page_of_refusal(request, str(sentence), str(remedy))
    sid = claims.get("sid")
    return begin_session(
        request,
        connection,
        person,
        authentication=authentication,
        subject=claims["sub"],
        sid=sid if isinstance(sid, str) else "",
        hint=token,
        goes_to=pending.goes_to,
    )


@csrf_exempt
@require_POST
@never_cache
def take(request: HttpRequest, sign_on_id: UUID) -> HttpResponse:
    """Take an answer of SAML, which the provider's page posts; the browser goes on by itself."""
    connection = _connection(sign_on_id)
    if connection.protocol != "saml" or connection.state == "off":
        raise Http404
    if retry_after(f"sign-on answer {connection.id}", rate=20.0, burst=200.0):
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    try:
        return HttpResponseRedirect(arrived(connection, request.POST.get("SAMLResponse", "")))
    except ChanceryError as error:
        return _refused(request, error)


@require_GET
def metadata(request: HttpRequest, sign_on_id: UUID) -> HttpResponse:
    """Answer with what a SAML provider needs to know of a connection; all of it is public."""
    connection = _connection(sign_on_id)
    if connection.protocol != "saml":
        raise Http404
    body = own_metadata(connection)
    headers = {"Content-Disposition": 'attachment; filename="chancery-metadata.xml"'}
    return HttpResponse(body, content_type="application/samlmetadata+xml", headers=headers)


@csrf_exempt
@require_http_methods(["GET", "POST"])
@never_cache
def sign_out(request: HttpRequest, sign_on_id: UUID) -> HttpResponse:
    """End what a provider says is over; its signature is the proof, and no cookie is looked at."""
    connection = sign_on_by_id(sign_on_id)
    if connection is None or not connection.signs_in:
        raise Http404
    if retry_after(f"sign-on logout {connection.id}", rate=20.0, burst=200.0):
        return JsonResponse({"error": "temporarily_unavailable"}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    if connection.protocol == "saml":
        return _signed_out_by_saml(request, connection)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        subject, sid = oidc.signed_out(connection, request.POST.get("logout_token", ""))
    except ChanceryError as error:
        body = {"error": "invalid_request", "error_description": error.message}
        return JsonResponse(body, status=HTTPStatus.BAD_REQUEST)
    sids = () if sid is None else (sid,)
    sign_out_by_provider(connection, subject=subject, sids=sids, actor=_provider(request, connection))
    return HttpResponse()


def _signed_out_by_saml(request: HttpRequest, connection: SignOnFacts) -> HttpResponse:
    """End sessions, and lead the browser that brought the request back to the provider."""
    fields = (request.POST if request.method == "POST" else request.GET).dict()
    if "SAMLRequest" not in fields and "SAMLResponse" in fields:
        # What the provider says about a sign-out that began here changes nothing: here it is done already.
        return render(request, "identity/signed_out.html")
    try:
        said = saml_signed_out(
            connection, query=request.META.get("QUERY_STRING", ""), fields=fields, posted=request.method == "POST"
        )
    except ChanceryError as error:
        return _refused(request, error)
    sign_out_by_provider(connection, name_id=said.name_id, sids=said.indexes, actor=_provider(request, connection))
    relay_state = fields.get("RelayState", "")
    page = sign_out_answer(connection, said.request, relay_state if len(relay_state) <= _MOST_RELAYED else "")
    return led_on(request, page) if page else render(request, "identity/signed_out.html")


@require_GET
@never_cache
def leave(request: HttpRequest, sign_on_session: UUID) -> HttpResponse:
    """Lead who has signed out here on to the provider's page for that."""
    found = sealed_hint_of(sign_on_session)
    connection = None if found is None else sign_on_by_id(found[0])
    if found is None or connection is None:
        return render(request, "identity/signed_out.html")
    try:
        page = spoken_by(connection).sign_out_page(connection, unseal(connection.id, found[1]), str(sign_on_session))
    except CannotUnseal:
        page = ""
    return led_on(request, page) if page else render(request, "identity/signed_out.html")


@require_GET
def signed_out(request: HttpRequest, sign_on_id: UUID) -> HttpResponse:
    """Say that it is done, when the provider sends the browser back."""
    return render(request, "identity/signed_out.html")


def _connection(sign_on_id: UUID) -> SignOnFacts:
    found = sign_on_by_id(sign_on_id)
    organization = None if found is None else organization_by_id(found.organization_id)
    if found is None or organization is None or organization.state != "active":
        raise Http404
    return found


def _sent(request: HttpRequest, connection: SignOnFacts, pending: Pending) -> HttpResponse:
    hint = request.session.pop(HINT, "")
    request.session[PENDING] = pending.as_json()
    return HttpResponseRedirect(spoken_by(connection).question(connection, pending, hint=hint))


def _provider(request: HttpRequest, connection: SignOnFacts) -> Actor:
    """Return the provider as the one who acts: nobody of the organization has asked for it."""
    ip = client_address(request)
    return Actor(person_id=None, name=connection.name, source="sign-on", ip=ip, application=True)


def _tester(request: HttpRequest, connection: SignOnFacts) -> Caller:
    """Return the administrator who tests a connection; for everybody else there is no such page."""
    organization = organization_by_id(connection.organization_id)
    if not request.user.is_authenticated or organization is None:
        raise Http404
    user: Any = request.user
    caller = caller_at(organization, user, ip=client_address(request), source="pages")
    if not caller.active or not caller.may(Permission.SETTINGS_MANAGE):
        raise Http404
    return caller


def _tested(request: HttpRequest, connection: SignOnFacts, pending: Pending) -> HttpResponse:
    """Show what came back and what would happen."""
    caller = _tester(request, connection)
    organization = organization_by_id(connection.organization_id)
    context: dict[str, Any] = {"connection": connection, "problem": "", "remedy": ""}
    if organization is not None:
        context["back"] = f"{organization.origin}/people/sign-on/{connection.id}/"
    try:
        claims, _token = spoken_by(connection).answered(connection, pending, request.GET.dict())
        context["claims"] = [(name, _shown(value)) for name, value in sorted(claims.items())]
        found = tried(caller=caller, connection=connection, claims=claims)
        context["tried"] = found
        if found.refusal is not None:
            context["problem"], context["remedy"] = (str(one) for one in REFUSALS[str(found.refusal)])
        else:
            said = str(OUTCOMES[found.outcome])
            context["outcome"] = said.format(address=found.address, person=found.person)
        context["authentication"] = authentication_of(connection, pending, claims)
    except ChanceryError as error:
        context["problem"], context["remedy"] = reason_of(error), translate(error.next_step)
    return render(request, "identity/sign_on_test.html", context)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _refused(request: HttpRequest, error: ChanceryError) -> HttpResponse:
    return _page_of_refusal(request, reason_of(error), translate(error.next_step))


def _page_of_refusal(request: HttpRequest, sentence: str, remedy: str) -> HttpResponse:
    context = {"sentence": sentence, "remedy": remedy}
    return render(request, "identity/sign_on_refused.html", context, status=HTTPStatus.FORBIDDEN)
