"""Keep what a connection said about people and groups, beside what the directory itself holds."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from tenants.connections.models import DryRun, ProvisionedGroup, ProvisionedPerson
from tenants.directory.models import Membership


def lock_resource(resource_id: UUID | str) -> None:
    """Let one request at a time change a person or group; taken before all other locks of the directory."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 2))", [str(resource_id)])


def keep_person(
    *,
    organization_id: UUID,
    connection_id: UUID,
    person_id: UUID,
    user_name: str,
    external_id: str,
    attributes: Mapping[str, Any],
) -> None:
    """Write what a connection said about a person; a person who was deleted is back."""
    ProvisionedPerson.objects.of_installation().update_or_create(
        organization_id=organization_id,
        person_id=person_id,
        defaults={
            "connection_id": connection_id,
            "user_name": user_name,
            "external_id": external_id,
            "attributes": dict(attributes),
            "removed_at": None,
        },
    )


def lock_resources(resources: Iterable[str]) -> None:
    """Do the same for many, in one order for everybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(one, 2)) from unnest(%s::text[]) one", [sorted(resources)]
        )


def keep_people(
    *, organization_id: UUID, connection_id: UUID, people: Mapping[UUID, tuple[str, str, Mapping[str, Any]]]
) -> None:
    """Write what a connection said about people of whom nobody has said anything: name, id there, and attributes."""
    ProvisionedPerson.objects.of_installation().bulk_create(
        ProvisionedPerson(
            organization_id=organization_id,
            connection_id=connection_id,
            person_id=person_id,
            user_name=user_name,
            external_id=external_id,
            attributes=dict(attributes),
        )
        for person_id, (user_name, external_id, attributes) in people.items()
    )


def note_shut_out(*, organization_id: UUID, person_id: UUID, removed: bool) -> None:
    """Keep when a connection disabled a person, or with ``removed`` deleted them."""
    now = timezone.now()
    rows = ProvisionedPerson.objects.within(organization_id).filter(person_id=person_id)
    rows.update(shut_out_at=now, modified_at=now, **({"removed_at": now} if removed else {}))


def note_let_in(*, organization_id: UUID, person_id: UUID) -> None:
    """Keep that a connection has enabled a person again: who disables them now, does so by themselves."""
    ProvisionedPerson.objects.within(organization_id).filter(person_id=person_id).update(shut_out_at=None)


def shut_out_since(*, organization_id: UUID, connection_id: UUID, seconds: int) -> int:
    """Return how many people a connection has disabled or deleted within the last seconds."""
    since = timezone.now() - timedelta(seconds=seconds)
    rows = ProvisionedPerson.objects.within(organization_id).filter(connection_id=connection_id, shut_out_at__gt=since)
    return rows.count()


def removed_person_with(organization_id: UUID, user_name: str) -> tuple[UUID, str] | None:
    """Return the person whom a connection has deleted and whose address this was, with their id at the provider."""
    rows = ProvisionedPerson.objects.within(organization_id).filter(user_name=user_name, removed_at__isnull=False)
    places = Membership.objects.within(organization_id).filter(disabled=True, removed_at__isnull=True)
    rows = rows.filter(person_id__in=places.values("person_id"))
    return rows.order_by("-removed_at").values_list("person_id", "external_id").first()


def forget_person(organization_id: UUID, person_id: UUID) -> None:
    """Forget what was said about a person who is removed for good."""
    ProvisionedPerson.objects.within(organization_id).filter(person_id=person_id).delete()


def keep_group(*, organization_id: UUID, connection_id: UUID, group_id: UUID, external_id: str) -> None:
    """Write what a connection said about a group."""
    ProvisionedGroup.objects.of_installation().update_or_create(
        organization_id=organization_id,
        group_id=group_id,
        defaults={"connection_id": connection_id, "external_id": external_id},
    )


def keep_groups(*, organization_id: UUID, connection_id: UUID, groups: Mapping[UUID, str]) -> None:
    """Write which ids a connection gave to groups of which nobody has said anything."""
    ProvisionedGroup.objects.of_installation().bulk_create(
        ProvisionedGroup(
            organization_id=organization_id, connection_id=connection_id, group_id=group_id, external_id=external_id
        )
        for group_id, external_id in groups.items()
    )


def note_groups_changed(organization_id: UUID, groups: Iterable[UUID]) -> None:
    """Keep that groups of a connection have other members now."""
    rows = ProvisionedGroup.objects.within(organization_id).filter(group_id__in=list(groups))
    rows.update(modified_at=timezone.now())


def forget_group(organization_id: UUID, group_id: UUID) -> None:
    """Forget what was said about a group that is deleted."""
    ProvisionedGroup.objects.within(organization_id).filter(group_id=group_id).delete()


def keep_dry_run(
    *, organization_id: UUID, connection_id: UUID, method: str, what: str, status: int, changes: list[str], most: int
) -> None:
    """Keep a request that was judged and not carried out; of each connection the latest ``most`` are kept."""
    DryRun.objects.create(
        organization_id=organization_id,
        connection_id=connection_id,
        method=method,
        what=what[:300],
        status=status,
        changes=changes,
    )
    rows = DryRun.objects.within(organization_id).filter(connection_id=connection_id)
    over = rows.order_by("-id").values_list("id", flat=True)[most : most + 1].first()
    if over is not None:
        rows.filter(id__lte=over).delete()
