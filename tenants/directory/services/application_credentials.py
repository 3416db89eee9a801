"""Give an application what it signs in with, end it, and keep when it was used."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from allauth.idp.oidc.models import Client, Token
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.models import ApiClient, ApplicationCredential
from tenants.events import DirectoryKind

DAYS: Final = 180
MOST_DAYS: Final = 730
AT_ONCE: Final = 10
"""How many credentials of one application are valid at a time."""
USED_EVERY: Final = timedelta(minutes=1)
"""How exact the time of the last use is."""
CREDENTIAL: Final = "credential"
"""In a token's data: the credential that it was given for."""
SHA256: Final = "sha256$"
"""How hashes of secrets begin that we made: these are too long to guess, so a fast hash is enough."""


@dataclass(frozen=True, slots=True)
class MadeCredential:
    """A new credential; ``secret`` is shown once, and empty for keys."""

    id: UUID
    name: str
    secret: str
    expires_at: datetime


def hash_of_secret(secret: str) -> str:
    """Return what is kept of a secret that we made."""
    return SHA256 + hashlib.sha256(secret.encode()).hexdigest()


def first_secret(application: ApiClient, actor: Actor) -> str:
    """Give a new application its first secret, of which its own event tells enough."""
    return _made(application, ApplicationCredential.Kind.SECRET, "", DAYS, actor).secret


@transaction.atomic
def add_secret(*, organization_id: UUID, client_id: str, name: str, days: int = DAYS, actor: Actor) -> MadeCredential:
    """Give an application one more secret.  Raises DirectoryRefused, NameRefused and NotHere."""
    application = _locked(organization_id, client_id)
    made = _made(application, ApplicationCredential.Kind.SECRET, naming.one_line(name), days, actor)
    _note_added(application, ApplicationCredential.Kind.SECRET, made, days, actor)
    return made


@transaction.atomic
def add_keys(
    *,
    organization_id: UUID,
    client_id: str,
    name: str,
    keys: Mapping[str, Any],
    keys_url: str = "",
    days: int = DAYS,
    actor: Actor,
) -> MadeCredential:
    """Let an application sign in by public keys, which were pasted or read from an address.

    Raises DirectoryRefused, NameRefused and NotHere.
    """
    application = _locked(organization_id, client_id)
    kind = ApplicationCredential.Kind.KEYS_URL if keys_url else ApplicationCredential.Kind.KEY
    made = _made(application, kind, naming.one_line(name), days, actor, keys=dict(keys), keys_url=keys_url)
    _note_added(application, kind, made, days, actor)
    return made


@transaction.atomic
def end_credential(
    *, organization_id: UUID, client_id: str, credential_id: UUID, reason: str = "", actor: Actor
) -> bool:
    """End a credential with every token it gave; return whether it was not over before.  Raises NotHere."""
    rows = ApplicationCredential.objects.within(organization_id).select_for_update().select_related("application")
    row = rows.filter(application_id=client_id, id=credential_id).first()
    if row is None:
        raise NotHere(_("This application has no such credential."))
    now = timezone.now()
    if row.ended_at is not None or row.expires_at <= now:
        return False
    row.ended_at = now
    row.save(update_fields=["ended_at"])
    Token.objects.filter(client_id=client_id, data__contains={CREDENTIAL: str(row.id)}).delete()
    Client.objects.filter(id=client_id, secret=row.secret_hash).update(secret=make_password(None))
    note(
        kind=DirectoryKind.APPLICATION_CREDENTIAL_ENDED,
        organizations=[organization_id],
        actor=actor,
        title=row.application.name,
        changes=[{"member": "credential", "before": row.name, "after": None}],
        details={
            "client": client_id,
            "credential": str(row.id),
            "credential_kind": row.kind,
            **({"reason": reason} if reason else {}),
        },
    )
    return True


def note_use(credential_id: UUID) -> None:
    """Keep that a credential was used, to the minute."""
    now = timezone.now()
    rows = ApplicationCredential.objects.of_installation().filter(id=credential_id)
    rows.filter(Q(used_at__isnull=True) | Q(used_at__lt=now - USED_EVERY)).update(used_at=now)


def keep_keys(credential_id: UUID, keys: Mapping[str, Any]) -> None:
    """Keep the keys that were read."""
    ApplicationCredential.objects.of_installation().filter(id=credential_id).update(
        keys=dict(keys), read_at=timezone.now()
    )


def _locked(organization_id: UUID, client_id: str) -> ApiClient:
    row = (
        ApiClient.objects.within(organization_id)
        .select_for_update()
        .filter(client_id=client_id, disabled_at__isnull=True)
        .first()
    )
    if row is None:
        raise NotHere(_("There is no such application in this organization."))
    return row


def _made(
    application: ApiClient,
    kind: str,
    name: str,
    days: int,
    actor: Actor,
    *,
    keys: dict[str, Any] | None = None,
    keys_url: str = "",
) -> MadeCredential:
    if not 1 <= days <= MOST_DAYS:
        raise DirectoryRefused(_("A secret or key is valid for 1 to {most} days.").format(most=MOST_DAYS))
    now = timezone.now()
    rows = ApplicationCredential.objects.within(application.organization_id)
    if rows.filter(application=application, ended_at__isnull=True, expires_at__gt=now).count() >= AT_ONCE:
        raise DirectoryRefused(
            _("{most} secrets and keys are valid already. End one that is not used any more.").format(most=AT_ONCE)
        )
    secret = secrets.token_urlsafe(32) if kind == ApplicationCredential.Kind.SECRET else ""
    row = ApplicationCredential.objects.create(
        organization_id=application.organization_id,
        application=application,
        kind=kind,
        name=name,
        secret_hash=hash_of_secret(secret) if secret else "",
        keys=keys,
        keys_url=keys_url,
        read_at=None if keys is None else now,
        made_by=None if actor.application else actor.person_id,
        expires_at=now + timedelta(days=days),
    )
    return MadeCredential(row.id, row.name, secret, row.expires_at)


def _note_added(application: ApiClient, kind: str, made: MadeCredential, days: int, actor: Actor) -> None:
    note(
        kind=DirectoryKind.APPLICATION_CREDENTIAL_ADDED,
        organizations=[application.organization_id],
        actor=actor,
        title=application.name,
        changes=[{"member": "credential", "before": None, "after": made.name}],
        details={
            "client": application.client_id,
            "credential": str(made.id),
            "credential_kind": kind,
            "days": days,
        },
    )
