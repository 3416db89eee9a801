"""Sign-ins by a provider: begun, named by what comes out of them, and ended together with it."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tenants.actor import Actor
from tenants.directory.access import end_sessions
from tenants.directory.change import note
from tenants.directory.models import Person
from tenants.events import DirectoryKind
from tenants.sign_on.models import SignOnSession
from tenants.sign_on.selectors import SignOnFacts

BY: Final = "by"
"""The member of sessions' and tokens' data that names the sign-in they came out of."""
BASE: Final = "base"
"""The member of a session's data that names the session at the base domain from which it was handed over."""
KEPT_FOR: Final = timedelta(days=400)
"""How long sign-ins are kept: longer than a device can go on without another one."""


def begin_sign_on_session(
    *, connection_id: UUID, person_id: UUID, subject: str, sid: str, name_id: str = "", sealed_hint: bytes | None
) -> UUID:
    """Write down a sign-in and return its id."""
    made = SignOnSession.objects.create(
        connection_id=connection_id,
        person_id=person_id,
        subject=subject,
        sid=sid[:255],
        name_id=name_id[:256],
        sealed_hint=sealed_hint,
    )
    return made.id


def begin_home_session(*, home_id: UUID, person_id: UUID, subject: str, ends_at: datetime) -> UUID:
    """Write down a sign-in by the person's home at another installation, which is over at a moment."""
    made = SignOnSession.objects.create(home_id=home_id, person_id=person_id, subject=subject, ends_at=ends_at)
    return made.id


def is_over(session_id: UUID) -> bool:
    """Tell whether a sign-in was ended, or is not known any more."""
    rows = SignOnSession.objects.filter(id=session_id, ended_at__isnull=True)
    return not rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now())).exists()


@transaction.atomic
def end_sign_on_sessions(
    *,
    connection_id: UUID,
    subject: str | None = None,
    name_id: str | None = None,
    sids: Collection[str] = (),
) -> dict[UUID, int]:
    """End sign-ins of a connection, all of them or those that the provider names; return how many of which person."""
    rows = SignOnSession.objects.select_for_update().filter(connection_id=connection_id, ended_at__isnull=True)
    rows = rows if subject is None else rows.filter(subject=subject)
    rows = rows if name_id is None else rows.filter(name_id=name_id)
    found = list((rows.filter(sid__in=[one[:255] for one in sids]) if sids else rows).order_by("id"))
    _end(found)
    people: dict[UUID, int] = {}
    for row in found:
        people[row.person_id] = people.get(row.person_id, 0) + 1
    return people


@transaction.atomic
def end_sign_on_session(session_id: UUID) -> None:
    """End one sign-in, when its person signs out; the provider's token about it stays for its page for that."""
    _end(list(SignOnSession.objects.select_for_update().filter(id=session_id, ended_at__isnull=True)))


@transaction.atomic
def sign_out_by_provider(
    connection: SignOnFacts,
    *,
    subject: str | None = None,
    name_id: str | None = None,
    sids: Collection[str] = (),
    actor: Actor,
) -> int:
    """End what a provider says is over, with an event for each person; return how many sign-ins there were."""
    ended = end_sign_on_sessions(connection_id=connection.id, subject=subject, name_id=name_id, sids=sids)
    addresses = dict(Person.objects.filter(id__in=ended).values_list("id", "email"))
    for person_id, number in sorted(ended.items()):
        note(
            kind=DirectoryKind.SIGN_ON_SIGNED_OUT,
            organizations=[connection.organization_id],
            actor=actor,
            person_id=person_id,
            addresses=[addresses.get(person_id, "")],
            title=connection.name,
            recipient=addresses.get(person_id, ""),
            details={"connection": str(connection.id), "sign_ins": number},
        )
    return sum(ended.values())


@transaction.atomic
def end_home_sessions(*, home_id: UUID | None = None, person_id: UUID | None = None) -> int:
    """End sign-ins by a home, those of a person alone, or all that are over by now; return how many."""
    rows = SignOnSession.objects.select_for_update().filter(home_id__isnull=False, ended_at__isnull=True)
    rows = rows.filter(ends_at__lte=timezone.now()) if home_id is None else rows.filter(home_id=home_id)
    found = list((rows if person_id is None else rows.filter(person_id=person_id)).order_by("id"))
    _end(found)
    return len(found)


def expire_sign_on() -> int:
    """Delete sign-ins out of which nothing can be valid any more; return how many."""
    return int(SignOnSession.objects.filter(began_at__lt=timezone.now() - KEPT_FOR).delete()[0])


def _end(rows: Iterable[SignOnSession]) -> None:
    """End sessions at every host, and tokens; a code that waits in the cache is refused by ``is_over``."""
    found = list(rows)
    if not found:
        return
    ids = [str(row.id) for row in found]
    SignOnSession.objects.filter(id__in=ids).update(ended_at=timezone.now())
    for row in found:
        Token.objects.filter(user_id=row.person_id, data__authentication__by=str(row.id)).delete()
    people = {row.person_id for row in found}
    sessions = UserSession.objects.filter(user_id__in=people)
    keys = list(sessions.filter(**{f"data__{BY}__in": ids}).values_list("session_key", flat=True))
    end_sessions(sessions.filter(Q(session_key__in=keys) | Q(**{f"data__{BASE}__in": keys})))
