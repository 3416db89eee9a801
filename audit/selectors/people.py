"""Whom the ledger of the current organization knows, and which ledgers know somebody."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from audit.selectors.schemas import schemas_where

_KNOWS: Final = "exists (select from {schema}.audit_eventpersonal where person_id = {person})"


def known_people(people: Collection[UUID]) -> set[UUID]:
    """Return those of the people who ever did something here that is recorded: without that they hold no license."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select person from unnest(%s::uuid[]) as person"
            " where exists (select from audit_eventpersonal where person_id = person)",
            [list(people)],
        )
        return {person for (person,) in cursor.fetchall()}


def ledgers_that_know(person: UUID, schemas: Iterable[str]) -> list[str]:
    """Return those of the schemas in whose ledgers the person ever did something: elsewhere they hold no license."""
    return schemas_where(_KNOWS, schemas, person=person)


def last_seen(people: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when each of the people last did something that is recorded here; who never did is left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.person_id, max(e.received_at) from audit_eventpersonal p join audit_event e on e.id = p.event_id"
            " where p.person_id = any(%s::uuid[]) group by p.person_id",
            [list(people)],
        )
        return dict(cursor.fetchall())


def devices_used(person: UUID) -> set[UUID]:
    """Return the devices with which a person did something here that is recorded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct device_id from audit_eventpersonal where person_id = %s and device_id is not null",
            [person],
        )
        return {device for (device,) in cursor.fetchall()}
