"""Sessions that an identity provider began: at the base domain, named by their sign-in, and led out again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from chancery.policy.policy import Strength
from portal.identity.homes.arriving import require_home, settled
from portal.identity.known_browsers import recognize_browser
from portal.identity.redirects import onward
from portal.identity.second_factors import has_second_factor
from portal.identity.sign_on.enforcing import require_provider
from portal.identity.sign_on.protocols import spoken_by
from portal.identity.sign_on.secrets import seal
from portal.identity.strength import SIGN_ON, Authentication, of_session
from tenants.directory.models import Person
from tenants.sign_on.selectors import SignOnFacts, home_of_session, sealed_hint_of
from tenants.sign_on.services.sessions import BY, begin_sign_on_session, is_over

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def begin_session(
    request: HttpRequest,
    connection: SignOnFacts,
    person_id: UUID,
    *,
    authentication: Authentication,
    subject: str,
    sid: str,
    hint: str,
    goes_to: str,
) -> HttpResponse:
    """Sign a person in and lead on; nothing of the browser's session of before is taken over.

    Where the provider has asked for no second factor and the person has one of ours, it is asked for here.
    """
    by = begin_sign_on_session(
        connection_id=connection.id,
        person_id=person_id,
        subject=subject,
        sid=sid,
        name_id=spoken_by(connection).name_in(hint),
        sealed_hint=seal(connection.id, hint),
    )
    said = replace(authentication, by=str(by))
    return enter_session(request, person_id, said, provider=connection.provider, subject=subject, goes_to=goes_to)


def enter_session(
    request: HttpRequest,
    person_id: UUID,
    authentication: Authentication,
    *,
    provider: str,
    subject: str,
    goes_to: str,
    kept: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Begin a session that names its sign-in, after the step of our own where one is due; ``kept`` lies beside it."""
    logout(request)
    person = Person.objects.get(id=person_id)
    request.session[SIGN_ON] = {"person": str(person_id), **authentication.as_json(), **(kept or {})}
    record_authentication(request, person, method="socialaccount", provider=provider, uid=subject)
    if authentication.strength.rank < Strength.MFA.rank and has_second_factor(person_id):
        answer: HttpResponse = perform_login(
            request, Login(user=person, email_verification="none", redirect_url=goes_to)
        )
        return answer
    try:
        require_provider(request, person)
        require_home(request, person)
    except ImmediateHttpResponse as refused:
        logout(request)
        page: HttpResponse = refused.response
        return page
    login(request, person, backend=BACKEND)
    UserSession.objects.create_from_request(request)
    name_session(request)
    return recognize_browser(request, onward(request, goes_to))


def name_session(request: HttpRequest) -> None:
    """Write beside a session which sign-in it came out of, so that it ends with it."""
    by = of_session(request).by
    if not by:
        return
    UserSession.objects.filter(session_key=request.session.session_key).update(data={BY: by})
    if is_over(UUID(by)) or not settled(request):
        logout(request)


def way_out(request: HttpRequest) -> str:
    """Return where the signed-in person goes on to sign out at their provider, "" where that is not possible."""
    by = of_session(request).by
    if not by or sealed_hint_of(UUID(by)) is None:
        return ""
    return f"{settings.CHANCERY_BASE_URL}{reverse('sign_on_leave', urlconf=settings.PUBLIC_SCHEMA_URLCONF, args=[by])}"


def provider_of(request: HttpRequest) -> UUID | None:
    """Return the connection by which the signed-in person was signed in."""
    by = of_session(request).by
    found = sealed_hint_of(UUID(by)) if by else None
    return None if found is None else found[0]


def home_of(request: HttpRequest) -> UUID | None:
    """Return the home at another installation by which the signed-in person was signed in."""
    by = of_session(request).by
    return home_of_session(UUID(by)) if by else None
