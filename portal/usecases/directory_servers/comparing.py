"""Comparing what was read with the directory here: what each person and group comes to, before anything is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chancery.texts import Text, message
from portal.usecases.provisioning.differences import differences
from portal.words.kept_texts import kept
from tenants import naming
from tenants.connections.groups import members_of
from tenants.connections.known import KnownPerson, groups_of_connection, people_meant, people_of_connection
from tenants.directory.models import Address, Group
from tenants.directory.selectors.domains import domains_in
from tenants.directory_servers.members import members_meant
from tenants.directory_servers.models import Found, Run
from tenants.directory_servers.selectors import RunFacts, ServerFacts
from tenants.directory_servers.services.runs import keep_known, keep_outcomes

PEOPLE: Final = 200
GROUPS: Final = 50
"""How many are compared in one transaction."""
LEAST: Final = 5
"""How many people or groups any run may take away."""
_NAMED: Final = 20
MINUS: Final = "\N{MINUS SIGN}"

Outcome = Found.Outcome


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a batch of people."""

    by_id: Mapping[str, KnownPerson]
    by_address: Mapping[str, KnownPerson]
    taken: Mapping[str, UUID | None]
    first: Mapping[str, int]
    present: frozenset[str]
    domains: frozenset[str]


def compare_people(run: RunFacts, server: ServerFacts) -> int:
    """Compare the next people; return how many those were."""
    rows = list(Found.objects.filter(run_id=run.id, kind=Found.Kind.PERSON, outcome="").order_by("id")[:PEOPLE])
    if not rows:
        return 0
    known = _known(run, server, rows)
    gone, matched = [], []
    for row in rows:
        mine = _mine(run, server, row, known)
        if isinstance(mine, Text):
            row.outcome, row.reason = Outcome.SET_ASIDE, kept(mine)
        elif mine is not None:
            _compare(row, mine, server)
            matched.append((row.kind, row.external_id, row.key, mine.record.id))
        elif row.wanted["active"]:
            row.outcome, row.changes = Outcome.ADD, list(differences(None, _after(row.wanted)))
        else:
            # Whoever is disabled there and unknown here is not made: years of leavers would come.
            gone.append(row.pk)
    keep_outcomes([row for row in rows if row.pk not in gone])
    Found.objects.filter(pk__in=gone).delete()
    if run.mode != Run.Mode.TRY:
        keep_known(server.id, matched)
    return len(rows)


def _known(run: RunFacts, server: ServerFacts, rows: Sequence[Found]) -> _Known:
    addresses = [row.address for row in rows]
    people = people_meant(server.organization_id, [row.external_id for row in rows], addresses)
    by_id = {one.record.external_id: one for one in people if one.connection_id == server.id}
    by_address = {address: one for one in people for address in (one.email, one.record.user_name)}
    others = {one.record.external_id for one in by_address.values()}
    found = Found.objects.filter(run_id=run.id, kind=Found.Kind.PERSON)
    first = {one.address: one.pk for one in found.filter(address__in=addresses).order_by("-id").only("pk", "address")}
    holders = Address.objects.filter(address__in=addresses).exclude(proven_by="")
    taken: dict[str, UUID | None] = dict(holders.values_list("address", "person_id"))
    groups = Group.objects.of_installation().filter(address__in=addresses)
    taken |= dict.fromkeys(groups.values_list("address", flat=True))
    there = found.filter(external_id__in=others).exclude(outcome=Outcome.REMOVE)
    present = frozenset(there.values_list("external_id", flat=True))
    proven = frozenset(one.domain for one in domains_in(server.organization_id) if one.proven_at is not None)
    return _Known(by_id, by_address, taken, first, present, proven)


def _mine(run: RunFacts, server: ServerFacts, row: Found, known: _Known) -> KnownPerson | Text | None:
    """Return the member whom an entry means, None for a new one, or why it is set aside."""
    domain = naming.domain_of(row.address)
    if domain not in known.domains:
        return message("The organization has not proven {domain}.", domain=domain)
    mine = known.by_id.get(row.external_id)
    if mine is not None and not mine.removed:
        holder = known.taken.get(row.address, mine.record.id)
        return mine if holder == mine.record.id else _in_use(row.address)
    other = known.by_address.get(row.address)
    if known.first.get(row.address, row.pk) < row.pk:
        return message("Another entry has the address {address}, too.", address=row.address)
    if other is None:
        return _in_use(row.address) if row.address in known.taken else None
    if other.removed:
        return None
    if other.connection_id == server.id and other.record.external_id:
        # The entry of before is gone: whoever has its address now is somebody else, and inherits nothing.
        replaced = run.mode != Run.Mode.CHANGES and other.record.external_id not in known.present
        return None if replaced else message("Another entry has the address {address}, too.", address=row.address)
    if other.connection_id not in (None, server.id):
        return message("{address} comes from another provisioning connection.", address=row.address)
    return other


def _in_use(address: str) -> Text:
    return message("{address} is in use.", address=address)


def _compare(row: Found, mine: KnownPerson, server: ServerFacts) -> None:
    record, wanted = mine.record, row.wanted
    if wanted["active"] and not record.active and mine.shut_out_at is None:
        # An administrator has disabled them here.  The server did not, and does not bring them back.
        wanted["active"] = False
    row.changes = list(differences(_before(mine, server), _after(wanted)))
    if not row.changes:
        row.outcome = Outcome.SAME
    elif record.active and not wanted["active"]:
        row.outcome = Outcome.DISABLE
    else:
        row.outcome = Outcome.CHANGE


def _before(mine: KnownPerson, server: ServerFacts) -> dict[str, Any]:
    record = mine.record
    kept_values = dict(record.attributes or {"emails": [{"value": record.user_name}]})
    external = record.external_id if mine.connection_id == server.id else ""
    shown = {**kept_values, "displayName": record.name, "userName": record.user_name, "active": record.active}
    return {**shown, **({"externalId": external} if external else {})}


def _after(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **wanted["attributes"],
        "displayName": wanted["name"],
        "userName": wanted["user_name"],
        "active": wanted["active"],
        "externalId": wanted["external_id"],
    }


def compare_groups(run: RunFacts, server: ServerFacts) -> int:
    """Compare the next groups; return how many those were."""
    rows = list(Found.objects.filter(run_id=run.id, kind=Found.Kind.GROUP, outcome="").order_by("id")[:GROUPS])
    if not rows:
        return 0
    known = groups_of_connection(server.organization_id, server.id, [row.external_id for row in rows])
    present = members_of(server.organization_id, [one.id for one in known.values()])
    meant = members_meant(server.id, run.id, {key for row in rows for key in row.wanted["members"]})
    for row in rows:
        mine = known.get(row.external_id)
        have = {one.id: one.name or str(one.id) for one in present.get(mine.id, ())} if mine is not None else {}
        wanted = [(key, meant[key]) for key in row.wanted["members"] if key in meant]
        new = [one.label or key for key, one in wanted if one.id is None or one.id not in have]
        keep = {one.id for _key, one in wanted}
        lost = [name for member, name in have.items() if member not in keep]
        before = "" if mine is None else mine.label
        renamed = differences({"name": before} if before else None, {"name": row.wanted["name"]})
        row.changes = [*renamed, *_names("+", new), *_names(MINUS, lost)]
        row.members_done = not (new or lost)
        row.outcome = Outcome.ADD if mine is None else Outcome.CHANGE if row.changes else Outcome.SAME
    keep_outcomes(rows)
    if run.mode != Run.Mode.TRY:
        matched = [row for row in rows if row.external_id in known]
        keep_known(server.id, [(row.kind, row.external_id, row.key, known[row.external_id].id) for row in matched])
    return len(rows)


def _names(sign: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" (+ {len(names) - _NAMED})" if len(names) > _NAMED else ""
    return [f"members: {sign} {', '.join(names[:_NAMED])}{more}"]


def add_missing(run: RunFacts, server: ServerFacts) -> None:
    """Add to a run what came from this server and is not there any more; only after everything was read."""
    found = Found.objects.filter(run_id=run.id)
    people = set(found.filter(kind=Found.Kind.PERSON).values_list("external_id", flat=True))
    groups = set(found.filter(kind=Found.Kind.GROUP).values_list("external_id", flat=True))
    gone = [
        (Found.Kind.PERSON, one)
        for one in people_of_connection(server.organization_id, server.id)
        if one.external_id not in people
    ]
    gone += [
        (Found.Kind.GROUP, one)
        for external_id, one in groups_of_connection(server.organization_id, server.id).items()
        if external_id not in groups
    ]
    Found.objects.bulk_create(
        Found(
            run_id=run.id,
            kind=kind,
            external_id=one.external_id,
            label=one.label,
            outcome=Outcome.REMOVE,
            wanted={"id": str(one.id)},
            changes=[f"{one.label} → –"],
        )
        for kind, one in gone
    )


def takes_too_much(run: RunFacts, server: ServerFacts) -> bool:
    """Tell whether a run takes away more than a part of the people or groups that come from this server."""
    found = Found.objects.filter(run_id=run.id)
    people = found.filter(kind=Found.Kind.PERSON, outcome__in=[Outcome.DISABLE, Outcome.REMOVE]).count()
    groups = found.filter(kind=Found.Kind.GROUP, outcome=Outcome.REMOVE).count()
    organization = server.organization_id
    all_people = sum(one.active for one in people_of_connection(organization, server.id)) if people > LEAST else 0
    all_groups = len(groups_of_connection(organization, server.id)) if groups > LEAST else 0
    return any(
        taken > LEAST and taken * 100 > share * server.most_percent
        for taken, share in ((people, all_people), (groups, all_groups))
    )
