"""Ending what somebody is signed in with."""

from collections.abc import Iterable
from uuid import UUID

from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet


def end_access(person_id: UUID) -> None:
    """End every session and withdraw every token of the person, at every host."""
    Token.objects.filter(user_id=person_id).delete()
    end_sessions(UserSession.objects.filter(user_id=person_id))


def end_family(person_id: UUID, family: UUID) -> None:
    """Withdraw a refresh token with all that came out of the same sign-in: one device's, and nobody else's."""
    Token.objects.filter(user_id=person_id, data__family=str(family)).delete()


def end_sessions(sessions: QuerySet[UserSession]) -> None:
    """End the given sessions, wherever their cookies are."""
    Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
    sessions.delete()


def end_clients(client_ids: Iterable[str]) -> None:
    """Withdraw every token that programs hold."""
    Token.objects.filter(client_id__in=list(client_ids)).delete()
