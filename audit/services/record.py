"""Write one event into the ledger of the current organization, in the transaction of what it records."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from audit import statements
from chancery.ledger.leaf import canonical, details_digest, personal_commitment


@dataclass(frozen=True, slots=True)
class Personal:
    """Who was concerned; kept apart from the event so that it can be erased.

    ``title`` is the document's name as the organization allows it to be kept; ``ip`` the client's address.
    ``sealer_id`` and ``sealer_device_id`` name who made what the person brought, by id alone; ``recipient`` is the
    address of whom it was done for.  ``actor`` is the address of who acted where ``addresses`` are those of others;
    ``application`` says that an application acted.  ``issuer`` and ``owner`` are the document's at that moment.
    ``changes`` are differences that name people: each says what differs, and before and after.
    """

    person_id: UUID | None = None
    name: str = ""
    addresses: tuple[str, ...] = ()
    ip: str = ""
    device_id: UUID | None = None
    device: str = ""
    title: str = ""
    sealer_id: UUID | None = None
    sealer_device_id: UUID | None = None
    recipient: str = ""
    actor: str = ""
    application: bool = False
    issuer: str = ""
    owner: str = ""
    changes: tuple[Mapping[str, Any], ...] = ()

    def encode(self) -> bytes:
        """Return the canonical record that the event commits to; empty members are left out."""
        members: dict[str, object] = {
            "person": None if self.person_id is None else str(self.person_id),
            "name": self.name,
            "addresses": sorted(self.addresses),
            "ip": self.ip,
            "device": None if self.device_id is None else str(self.device_id),
            "device_name": self.device,
            "title": self.title,
            "sealer": None if self.sealer_id is None else str(self.sealer_id),
            "sealer_device": None if self.sealer_device_id is None else str(self.sealer_device_id),
            "recipient": self.recipient,
            "actor": self.actor,
            "application": self.application,
            "issuer": self.issuer,
            "owner": self.owner,
            "changes": list(self.changes),
        }
        return canonical({name: value for name, value in members.items() if value})


def record(
    *,
    kind: str,
    outcome: str,
    reason: str = "",
    content_id: UUID | None = None,
    source: str = "",
    personal: Personal | None = None,
    details: Mapping[str, Any] | None = None,
    event_id: UUID | None = None,
) -> UUID:
    """Record that something happened and return the event's id.

    Must run inside the transaction that changes what is recorded: either both are durable or neither.  ``details`` is
    kept as canonical JSON beside the event and must hold no personal data and no secret.
    """
    parameters = event_parameters(
        event_id=event_id or uuid4(),
        kind=kind,
        outcome=outcome,
        reason=reason,
        content_id=content_id,
        source=source,
        personal=personal,
        details=details,
    )
    with connection.cursor() as cursor:
        cursor.execute(statements.record(), parameters)
    return UUID(str(parameters["id"]))


def event_parameters(
    *,
    event_id: UUID,
    kind: str,
    outcome: str,
    reason: str = "",
    content_id: UUID | None = None,
    source: str = "",
    personal: Personal | None = None,
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the parameters of ``statements.record`` for one event, with a fresh salt for its personal record."""
    encoded = None if personal is None else personal.encode()
    salt = None if encoded is None else secrets.token_bytes(32)
    body = canonical(details) if details else None
    return {
        "id": event_id,
        "kind": kind,
        "outcome": outcome,
        "reason": reason,
        "content_id": content_id,
        "source": source,
        "details_digest": None if body is None else details_digest(body),
        "details": None if body is None else body.decode(),
        "personal_commitment": None if encoded is None or salt is None else personal_commitment(salt, encoded),
        "person_id": None if personal is None else personal.person_id,
        "device_id": None if personal is None else personal.device_id,
        "record": None if encoded is None else encoded.decode(),
        "salt": salt,
    }
