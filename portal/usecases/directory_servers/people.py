"""Carrying out what a run came to about people: many new ones at once, everything else by the use cases of SCIM."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import DataError, IntegrityError, transaction

from chancery.errors import ChanceryError
from portal.usecases.provisioning.people import (
    WantedPerson,
    add_person,
    change_provisioned_person,
    delete_person,
    give_aliases,
    locked_person,
)
from portal.usecases.provisioning.provisioner import Provisioner
from portal.words.kept_texts import kept
from tenants.connections.known import people_meant
from tenants.connections.services.keep import keep_people, lock_resources
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.selectors.people import person_in
from tenants.directory.services.create_people import create_people
from tenants.directory_servers.models import Found
from tenants.directory_servers.selectors import RunFacts, ServerFacts
from tenants.directory_servers.services.runs import Claim, keep_known, keep_outcomes
from tenants.naming import NameRefused

BATCH: Final = 200
REFUSED: Final = (DirectoryRefused, NameRefused, ChanceryError, IntegrityError, DataError)
"""What sets one person or group aside; else it is an error of the service, and the run begins the batch anew."""

Outcome = Found.Outcome


def remove_missing(run: RunFacts, provisioner: Provisioner, claim: Claim) -> int:
    """Take away the next people who are not there any more; return how many those were."""

    def act(row: Found) -> None:
        delete_person(provisioner=provisioner, person_id=UUID(row.wanted["id"]))

    return one_by_one(_next(run, [Outcome.REMOVE]), claim, act)


def carry_out_people(run: RunFacts, server: ServerFacts, provisioner: Provisioner, claim: Claim) -> int:
    """Add, change and disable the next people; return how many those were."""
    added = _next(run, [Outcome.ADD])
    if added:
        return _add(added, server, provisioner, claim)

    def act(row: Found) -> None:
        wanted = _wanted(row.wanted)
        found = people_meant(server.organization_id, [row.external_id], [row.address])
        mine = [one for one in found if one.record.external_id == row.external_id and one.connection_id == server.id]
        meant = next(iter(mine or [one for one in found if row.address in {one.email, one.record.user_name}]), None)
        if meant is None:
            raise NotHere(row.label)
        before = locked_person(provisioner=provisioner, person_id=meant.record.id)
        change_provisioned_person(provisioner=provisioner, before=before, wanted=wanted)

    return one_by_one(_next(run, [Outcome.CHANGE, Outcome.DISABLE]), claim, act)


def one_by_one(rows: Sequence[Found], claim: Claim, act: Callable[[Found], object]) -> int:
    """Carry out rows in one transaction, each by itself: one that is refused is set aside with its reason."""
    if not rows:
        return 0
    with transaction.atomic():
        claim.renew()
        for row in rows:
            carry_out_one(row, act)
        keep_outcomes(rows)
    return len(rows)


def carry_out_one(row: Found, act: Callable[[Found], object]) -> bool:
    """Carry out one row, or set it aside; return whether it was carried out."""
    row.done = True
    try:
        with transaction.atomic():
            act(row)
    except REFUSED as error:
        row.outcome = Outcome.SET_ASIDE
        row.reason = kept(error.message if isinstance(error, ChanceryError) else str(error))
        return False
    return True


def _add(rows: Sequence[Found], server: ServerFacts, provisioner: Provisioner, claim: Claim) -> int:
    organization = server.organization_id
    with transaction.atomic():
        claim.renew()
        provisioner.require("people")
        lock_resources(row.address for row in rows)
        made = create_people(
            organization_id=organization,
            people={row.address: row.wanted["name"] for row in rows},
            actor=provisioner.caller.directory_actor,
        )
        new = [row for row in rows if row.address in made]
        keep_people(
            organization_id=organization,
            connection_id=server.id,
            people={made[row.address]: (row.address, row.external_id, row.wanted["attributes"]) for row in new},
        )
        known = [(row.kind, row.external_id, row.key, made[row.address]) for row in new]
        for row in rows:
            if row.address in made:
                _give_aliases(row, made[row.address], provisioner)
                row.done = True
                continue

            def act(row: Found) -> None:
                record = add_person(provisioner=provisioner, wanted=_wanted(row.wanted))
                known.append((row.kind, row.external_id, row.key, record.id))

            carry_out_one(row, act)
        keep_known(server.id, known)
        keep_outcomes(rows)
    return len(rows)


def _give_aliases(row: Found, person_id: UUID, provisioner: Provisioner) -> None:
    """Give a new person their further addresses; one that is another's is said, and the person stays."""
    if not row.wanted["aliases"]:
        return
    try:
        with transaction.atomic():
            person = person_in(provisioner.organization.id, person_id)
            give_aliases(provisioner, person, _wanted(row.wanted))
    except REFUSED as error:
        row.reason = kept(error.message if isinstance(error, ChanceryError) else str(error))


def _next(run: RunFacts, outcomes: Sequence[str]) -> list[Found]:
    rows = Found.objects.filter(run_id=run.id, kind=Found.Kind.PERSON, outcome__in=outcomes, done=False)
    return list(rows.order_by("id")[:BATCH])


def _wanted(values: dict[str, Any]) -> WantedPerson:
    return WantedPerson(
        user_name=values["user_name"],
        active=values["active"],
        external_id=values["external_id"],
        name=values["name"],
        aliases=tuple(values["aliases"]),
        attributes=values["attributes"],
    )
