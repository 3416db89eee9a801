"""Reading what applications sign in with; never a secret."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from tenants.directory.models import ApiClient, ApplicationCredential

MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """One secret or key of an application.

    ``thumbprints`` name its public keys (RFC 7638); ``made_by`` is None for what was there before there were several.
    """

    id: UUID
    client_id: str
    application: str
    kind: str
    name: str
    thumbprints: tuple[str, ...]
    keys_url: str
    made_by: UUID | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None

    @property
    def valid(self) -> bool:
        """Whether it signs in now."""
        return self.ended_at is None and self.expires_at > timezone.now()


@dataclass(frozen=True, slots=True)
class SignInWay:
    """A valid credential as a sign-in is checked by it."""

    id: UUID
    kind: str
    secret_hash: str
    keys: Mapping[str, Any]
    keys_url: str
    read_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KeptKeys:
    """The keys that were last read at an address, and when."""

    keys: Mapping[str, Any]
    read_at: datetime | None


def credentials_of(organization_id: UUID, client_id: str) -> tuple[CredentialFacts, ...]:
    """Return the secrets and keys of an application, the newest first; those that are over, too."""
    rows = ApplicationCredential.objects.within(organization_id).filter(application_id=client_id)
    found = rows.select_related("application").order_by("-created_at", "id")
    return tuple(credential_facts(row) for row in found)


def ways_to_sign_in(client_id: str) -> tuple[SignInWay, ...]:
    """Return what is valid now for an application that is not disabled."""
    rows = ApplicationCredential.objects.of_installation().filter(
        application_id=client_id,
        application__disabled_at__isnull=True,
        ended_at__isnull=True,
        expires_at__gt=timezone.now(),
    )
    return tuple(
        SignInWay(row.id, row.kind, row.secret_hash, row.keys or {}, row.keys_url, row.read_at, row.expires_at)
        for row in rows.order_by("-created_at", "id")
    )


def keys_kept(credential_id: UUID) -> KeptKeys | None:
    """Return the keys of a credential as they were last read; None once it has ended."""
    rows = ApplicationCredential.objects.of_installation().filter(id=credential_id, ended_at__isnull=True)
    row = rows.values_list("keys", "read_at").first()
    return None if row is None else KeptKeys(row[0] or {}, row[1])


def person_of_client(client_id: str) -> UUID | None:
    """Return as whom the application of a client acts, disabled or not; None where the client is no application."""
    rows = ApiClient.objects.of_installation().filter(client_id=client_id)
    return rows.values_list("person_id", flat=True).first()


def last_uses(organization_id: UUID, client_ids: Iterable[str]) -> dict[str, datetime]:
    """Return by client id when each application last signed in by a secret or key; never is left out."""
    rows = ApplicationCredential.objects.within(organization_id).filter(
        application_id__in=list(client_ids), used_at__isnull=False
    )
    return dict(rows.values("application_id").annotate(used=Max("used_at")).values_list("application_id", "used"))


def thumbprint(key: Mapping[str, Any]) -> str:
    """Return the name that a public key has by its members alone (RFC 7638)."""
    members = {name: key[name] for name in MEMBERS[key["kty"]]}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def credential_facts(row: ApplicationCredential) -> CredentialFacts:
    """Return what is said of one."""
    return CredentialFacts(
        id=row.id,
        client_id=row.application_id,
        application=row.application.name,
        kind=row.kind,
        name=row.name,
        thumbprints=tuple(thumbprint(one) for one in (row.keys or {}).get("keys", [])),
        keys_url=row.keys_url,
        made_by=row.made_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        ended_at=row.ended_at,
    )
