"""End what a person is signed in with: at its next request it is signed in no more, and its device gets no license."""

from collections.abc import Sequence
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Q

from tenants.actor import Actor
from tenants.directory.access import end_family
from tenants.directory.access import end_sessions as end_browsers
from tenants.directory.change import note_of_person
from tenants.directory.models import Device, KnownBrowser
from tenants.directory.selectors.sessions import BROWSER, SessionFacts
from tenants.directory.services.revoke_device import revoke_device
from tenants.events import DirectoryKind
from tenants.sign_on.services.sessions import BASE


@transaction.atomic
def end_sessions(
    *, person_id: UUID, sessions: Sequence[SessionFacts], title: str = "", reason: str = "", actor: Actor
) -> None:
    """End them with everything that came out of them; ``title`` is how a single one is called in the record.

    The devices are revoked, each on record by itself.
    """
    devices = {device for one in sessions for device in one.devices}
    known = Device.objects.filter(person_id=person_id, id__in=devices, revoked_at=None).order_by("id")
    for device in list(known.values_list("id", flat=True)):
        revoke_device(person_id=person_id, device_id=device, actor=actor)
    for one in sessions:
        if one.kind == "program":
            end_family(person_id, UUID(one.key))
    keys = [one.key for one in sessions if one.kind == "browser"]
    listed = UserSession.objects.filter(session_key__in=keys, user_id=person_id)
    # Should one of them sign in again, the person hears of it.
    forgotten = [one.data.get(BROWSER) for one in listed if isinstance(one.data, dict)]
    KnownBrowser.objects.filter(person_id=person_id, token_hash__in=[one for one in forgotten if one]).delete()
    handed_over = Q(**{f"data__{BASE}__in": keys})
    end_browsers(UserSession.objects.filter(Q(session_key__in=keys) | handed_over, user_id=person_id))
    details = {"sessions": len(sessions), **({"reason": reason} if reason else {})}
    note_of_person(kind=DirectoryKind.SESSION_ENDED, person_id=person_id, actor=actor, title=title, details=details)
