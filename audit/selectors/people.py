"""Whom the ledger of the current organization knows."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection


def known_people(people: Collection[UUID]) -> set[UUID]:
    """Return those of the people who ever did something here that is on record: without that they hold no license."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select person from unnest(%s::uuid[]) as person"
            " where exists (select from audit_eventpersonal where person_id = person)",
            [list(people)],
        )
        return {person for (person,) in cursor.fetchall()}
