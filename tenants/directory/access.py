"""Ending what somebody is signed in with, and everything that could sign somebody in as them."""

from collections.abc import Iterable
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tenants.directory.models import BrowserSession, CodeSession, Device, EnrollmentCode, Person, SignInLink
from tenants.directory.revocations import record_revocation


def end_access(person_id: UUID, *, except_session: str | None = None) -> int:
    """End every session, token, code and link of the person, at every host; return how many there were.

    Codes that wait in sessions end with these; codes for clients and devices, which wait in the cache, carry the
    generation that is raised here.  ``except_session`` is the key of the browser's session in which this happens.
    """
    return end_access_of([person_id], except_session=except_session)


def end_access_of(person_ids: Iterable[UUID], *, except_session: str | None = None) -> int:
    """Do the same for many people at once."""
    people = sorted(set(person_ids))
    if len(people) > 1:
        # In the order of their ids, as everywhere; a single row is locked by what follows.
        list(Person.objects.select_for_update().filter(id__in=people).order_by("id").values_list("id", flat=True))
    Person.objects.filter(id__in=people).update(access_generation=F("access_generation") + 1)
    now = timezone.now()
    CodeSession.objects.filter(person_id__in=people, ends_at__gt=now).update(ends_at=now)
    ended = int(Token.objects.filter(user_id__in=people).delete()[0])
    for codes in (EnrollmentCode, SignInLink):
        ended += codes.objects.filter(person_id__in=people, used_at__isnull=True).delete()[0]
    listed = UserSession.objects.filter(user_id__in=people).exclude(session_key=except_session or "")
    sessions = BrowserSession.objects.exclude(session_key=except_session or "")
    ended += sessions.filter(Q(person_id__in=people) | Q(session_key__in=listed.values("session_key"))).delete()[0]
    listed.delete()
    return ended


def end_credentials(person_id: UUID, *, keep_password: bool = False) -> dict[str, int]:
    """Take away what the person could sign in with or act with, and return how many there were of each kind.

    Devices are revoked and reported to every feed.  A link that resets the password is bound to the password that goes.
    """
    password = Person.objects.values_list("password", flat=True).get(id=person_id)
    usable = not keep_password and not password.startswith("!")
    if not keep_password:
        Person.objects.filter(id=person_id).update(password=make_password(None))
    devices = list(Device.objects.select_for_update().filter(person_id=person_id, revoked_at__isnull=True))
    for device in devices:
        record_revocation([person_id], device_feed_id=bytes(device.feed_id))
    Device.objects.filter(id__in=[device.id for device in devices]).update(revoked_at=timezone.now())
    found = {
        "passwords": int(usable),
        "devices": len(devices),
        "second_factors": Authenticator.objects.filter(user_id=person_id).delete()[0],
        "other_accounts": SocialAccount.objects.filter(user_id=person_id).delete()[0],
    }
    return {kind: count for kind, count in found.items() if count}


def end_family(person_id: UUID, family: UUID) -> None:
    """Withdraw a refresh token with all that came out of the same sign-in: one device's, and nobody else's."""
    Token.objects.filter(user_id=person_id, data__family=str(family)).delete()


def end_sessions(sessions: QuerySet[UserSession]) -> None:
    """End the given sessions, wherever their cookies are."""
    BrowserSession.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
    sessions.delete()


def end_clients(client_ids: Iterable[str]) -> None:
    """Withdraw every token that programs hold."""
    Token.objects.filter(client_id__in=list(client_ids)).delete()


def let_sign_in(person_id: UUID, address: str, *, proven: bool) -> None:
    """Let the account suite know an address; it counts as verified there exactly while it is proven here."""
    rows = EmailAddress.objects.filter(user_id=person_id)
    primary = not rows.filter(primary=True).exists()
    row, created = EmailAddress.objects.get_or_create(
        user_id=person_id, email=address, defaults={"verified": proven, "primary": primary}
    )
    if not created and row.verified != proven:
        EmailAddress.objects.filter(pk=row.pk).update(verified=proven)


def forget_sign_in(person_id: UUID, address: str) -> None:
    """Let nobody sign in with an address any more; mail goes to another proven address of the person from now on."""
    EmailAddress.objects.filter(user_id=person_id, email=address).delete()
    left = EmailAddress.objects.filter(user_id=person_id).order_by("-primary", "-verified", "email").first()
    if left is not None and not left.primary:
        EmailAddress.objects.filter(pk=left.pk).update(primary=True)
    Person.objects.filter(id=person_id, email=address).update(email="" if left is None else left.email)
