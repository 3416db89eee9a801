"""The organization's documents by kind: one kind is what is decided alike (``chancery.policy.preview``).

Rows are streamed and only counted; of each document stay its kind, whom it names singly and when access to it ends, so
that recorded openings can be asked about as of when they happened.
"""

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import F

from chancery.policy.case import ContentFacts, OrganizationFacts, PersonalGrant, Registration
from chancery.policy.equivalence import NOBODY, EquivalenceClass, Single
from chancery.policy.policy import Conditions, Policy, Principal, parse_policy
from chancery.policy.rights import Right
from protection.models import GrantBinding, ServiceSettings, TemplateVersion
from protection.selectors.licensing import template_expiry
from protection.selectors.named_since import changed_hands, document_ages, template_ages
from protection.selectors.templates import Expiry

CHUNK: Final = 5_000

_REACHED: Final = """
from protection_content c left join protection_tenantkey k on k.id = c.tenant_key_id
where %(all)s or c.template_id = any(%(templates)s)
   or (c.policy is not null and (jsonb_path_query_array(c.policy, '$.grants[*].who') ?| %(entries)s
       or c.policy -> 'deny' ?| %(entries)s))
   or c.cid in (select scope from protection_grantbinding where identity = any(%(ids)s))
   or c.cid in (select content_id from protection_contentrevocation
                where identity = any(%(ids)s) or address = any(%(names)s))
"""
_COUNT: Final = "select count(*) {reached}"
_DOCUMENTS: Final = """
select c.cid, case when c.handed_over_at is null then c.issuer_id end, c.owner_id, c.issuer_blocked,
    c.registration, c.revoked_at is not null,
    coalesce(k.status in ('active', 'archived'), false), c.template_id, c.policy::text, c.expires,
    floor(extract(epoch from c.published_at))::bigint,
    (select json_agg(json_build_array(r.address, r.identity))::text from protection_contentrevocation r
      where r.content_id = c.cid),
    (select json_object_agg(b.address, b.identity order by b.address)::text from protection_grantbinding b
      where c.policy is not null and b.scope = c.cid),
    (select json_agg(json_build_array(o.person_id, floor(extract(epoch from o.at))::bigint))::text
      from protection_firstopening o where o.content_id = c.cid and o.at <= now() - make_interval(days =>
        coalesce(c.policy ->> 'expires_after_opening_days', %(opening_days)s::jsonb ->> c.template_id::text)::integer)),
    (select json_agg(json_build_array(g.person_id, g.address, g.rights, g.until))::text
      from protection_personalgrant g where g.content_id = c.cid)
{reached}
"""
_OPENINGS: Final = """
select p.person_id, e.content_id, e.outcome = 'allowed', count(*),
    floor(extract(epoch from max(e.received_at)))::bigint
from audit_event e join audit_eventpersonal p on p.event_id = e.id
where e.kind = 'content.opened' and e.received_at > now() - make_interval(days => %(days)s)
  and (%(everybody)s or p.person_id = any(%(people)s))
  and e.content_id in (select c.cid {reached})
group by 1, 2, 3
"""
_VISITORS: Final = """
select distinct on (p.person_id) p.person_id, p.record::jsonb -> 'addresses' ->> 0
from audit_event e join audit_eventpersonal p on p.event_id = e.id
where e.kind = 'content.opened' and e.received_at > now() - make_interval(days => %(days)s)
  and p.person_id <> all(%(known)s)
order by p.person_id, e.received_at desc
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which documents a change can reach: all, those of templates, or those that name or bind one of these groups."""

    everything: bool = False
    templates: frozenset[UUID] = frozenset()
    names: frozenset[str] = frozenset()
    ids: frozenset[UUID] = frozenset()

    def parameters(self) -> dict[str, Any]:
        """Return what the statements ask for."""
        return {
            "all": self.everything,
            "templates": list(self.templates),
            "names": list(self.names),
            "entries": [f"address:{name}" for name in self.names],
            "ids": list(self.ids),
        }


@dataclass(frozen=True, slots=True)
class Rule:
    """What a template says now, with whom its addresses were bound to."""

    policy: Policy
    expiry: Expiry
    bindings: Mapping[str, UUID] = field(default_factory=dict)

    def names(self, reach: Reach) -> bool:
        """Tell whether it names or has bound one of the groups."""
        named = {who.value for who in (*self.policy.index, *self.policy.deny)} | self.bindings.keys()
        return not (reach.names.isdisjoint(named) and reach.ids.isdisjoint(self.bindings.values()))


@dataclass(frozen=True, slots=True)
class Opening:
    """Openings, or refusals, of one document by one person, and when the last of them happened."""

    person: UUID
    cid: UUID
    allowed: bool
    times: int
    last: int


Ages: TypeAlias = frozenset[tuple[Principal, float]]
Base: TypeAlias = tuple[UUID | str, str, str, bool, bool, Ages]
"""Template or policy, bindings of the document, registration, revoked, key usable, ages of entries that changed hands:
what makes a kind, but for time."""


@dataclass(frozen=True, slots=True)
class Place:
    """One document: its kind but for the time, whom it names singly, when access ends before and after."""

    base: Base
    single: Single
    ends: tuple[int | None, int | None]


class Documents:
    """The documents that a change reaches; ``before`` and ``after`` are the templates' rules."""

    def __init__(
        self, before: Mapping[UUID, Rule], after: Mapping[UUID, Rule], *, now: int, handovers: Collection[str] = ()
    ) -> None:
        """Begin with nothing read; ``handovers`` are addresses and domains that changed hands (decision 20)."""
        self.now = now
        self._handovers = handovers
        self.places: dict[UUID, Place] = {}
        self.sooner = 0
        """On how many documents access ends earlier than before, and on how many later."""
        self.later = 0
        self._rules = (before, after)
        self._kinds: dict[tuple[Base, bool, bool], EquivalenceClass] = {}
        self._policies: dict[tuple[UUID | str, int, bool], Policy | None] = {}

    @property
    def kinds(self) -> list[EquivalenceClass]:
        """The kinds of which there are documents now."""
        return [kind for kind in self._kinds.values() if kind.singles]

    def read(self, reach: Reach) -> Iterator[int]:
        """Read the documents that are reached; yields how many were read so far."""
        with connection.chunked_cursor() as cursor:
            asked = {"opening_days": json.dumps(self._opening_days()), **reach.parameters()}
            cursor.execute(_DOCUMENTS.format(reached=_REACHED), asked)
            while rows := cursor.fetchmany(CHUNK):
                for row in rows:
                    self._put(row)
                yield len(self.places)

    def at(self, place: Place, moment: int) -> EquivalenceClass:
        """Return the kind that a document is of at a moment."""
        before, after = (end is not None and moment >= end for end in place.ends)
        key = (place.base, before, after)
        if key not in self._kinds:
            self._kinds[key] = self._kind(place.base, (before, after))
        return self._kinds[key]

    def _opening_days(self) -> dict[str, int]:
        """Return after how many days from a first opening an end may come, by template."""
        found: dict[str, int] = {}
        for template, rule in chain.from_iterable(side.items() for side in self._rules):
            days = rule.policy.expires_after_opening_days
            if days is not None:
                found[str(template)] = min(days, found.get(str(template), days))
        return found

    def _put(self, row: tuple[Any, ...]) -> None:
        cid, issuer, owner, blocked, registration, revoked, usable, template, policy, expires, published = row[:11]
        revoked_for = json.loads(row[11] or "[]")
        single = Single(
            issuer or NOBODY,
            owner,
            blocked,
            frozenset(UUID(identity) for _, identity in revoked_for if identity),
            frozenset(address for address, _ in revoked_for),
            frozenset((UUID(person), at) for person, at in json.loads(row[13] or "[]")),
            frozenset(
                PersonalGrant(UUID(person), address, frozenset(Right(name) for name in rights), until)
                for person, address, rights, until in json.loads(row[14] or "[]")
            ),
        )
        source: UUID | str = template if policy is None else policy
        ends = self._ends(source, expires, published)
        ages = self._ages(cid, source, published)
        place = Place((source, row[12] or "{}", registration, revoked, usable, ages), single, ends)
        self.places[cid] = place
        self.at(place, self.now).singles[single] += 1
        if ends[0] != ends[1]:
            before, after = (float("inf") if end is None else end for end in ends)
            self.sooner += after < before
            self.later += after > before

    def _ends(self, source: UUID | str, expires: int | None, published: int) -> tuple[int | None, int | None]:
        if isinstance(source, str):
            end = _earliest(self._stored(source).expires, expires)
            return end, end
        before, after = (
            None if source not in rules else _earliest(expires, template_expiry(*rules[source].expiry, published))
            for rules in self._rules
        )
        return before, after

    def _kind(self, base: Base, expired: tuple[bool, bool]) -> EquivalenceClass:
        source, bindings, registration, revoked, usable, ages = base
        own = {address: UUID(identity) for address, identity in json.loads(bindings).items()}

        def facts(side: int) -> ContentFacts:
            rule = None if isinstance(source, str) else self._rules[side].get(source)
            return ContentFacts(
                cid=NOBODY,
                issuer=NOBODY,
                owner=NOBODY,
                policy=self._policy(source, side, expired[side]),
                registration=Registration(registration),
                revoked=revoked,
                bindings=own if rule is None else rule.bindings,
                since=dict(ages) if isinstance(source, str) else self._template_ages(source, side),
            )

        before = facts(0)
        # A policy of a document's own is the same on both sides, and there are as many of them as documents.
        after = before if isinstance(source, str) else facts(1)
        return EquivalenceClass(before, before if before == after else after, usable)

    def _ages(self, cid: UUID, source: UUID | str, published: int) -> Ages:
        """Return how old those entries of a document's own policy are whose age counts; hardly ever there are any."""
        entries = self._aging(self._stored(source)) if self._handovers and isinstance(source, str) else []
        return frozenset(document_ages(cid, entries, published=published).items()) if entries else frozenset()

    def _template_ages(self, template: UUID, side: int) -> Mapping[Principal, float]:
        """Return the same of a template; what it says anew by the change is younger than all that happened before."""
        before, rule = self._rules[0].get(template), self._rules[side].get(template)
        entries = self._aging(rule.policy) if self._handovers and rule is not None else []
        if not entries:
            return {}
        known = [who for who in entries if before is not None and who in before.policy.index]
        return dict.fromkeys(entries, math.inf) | template_ages(template, known)

    def _aging(self, policy: Policy) -> list[Principal]:
        return [who for who in policy.index if changed_hands(who, self._handovers)]

    def _policy(self, source: UUID | str, side: int, expired: bool) -> Policy | None:
        """Return a policy as of now, without what only an opening can meet; parsed once for all of its documents."""
        key = (source, side, expired)
        if key not in self._policies:
            rule = None if isinstance(source, str) else self._rules[side].get(source)
            policy = self._stored(source) if isinstance(source, str) else None if rule is None else rule.policy
            self._policies[key] = None if policy is None else _as_of_now(policy, expired=expired)
        return self._policies[key]

    def _stored(self, text: str) -> Policy:
        policy = self._policies.get((text, -1, False))
        if policy is None:
            policy = self._policies[text, -1, False] = parse_policy(json.loads(text))
        return policy


def reached(reach: Reach) -> int:
    """Return how many documents a change reaches."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(reached=_REACHED), reach.parameters())
        return int(cursor.fetchone()[0])


def openings(reach: Reach, *, days: int, people: frozenset[UUID] | None) -> Iterator[Opening]:
    """Return what was opened and refused in the last days among these documents, by these people or by everybody."""
    asked = {"days": days, "everybody": people is None, "people": list(people or ()), **reach.parameters()}
    with connection.chunked_cursor() as cursor:
        cursor.execute(_OPENINGS.format(reached=_REACHED), asked)
        while rows := cursor.fetchmany(CHUNK):
            yield from (Opening(*row) for row in rows)


def visitors(*, days: int, known: frozenset[UUID]) -> dict[UUID, str]:
    """Return people who asked for a document in the last days and are not known here, by the recorded address."""
    with connection.cursor() as cursor:
        cursor.execute(_VISITORS, {"days": days, "known": list(known)})
        return {person: address for person, address in cursor.fetchall() if address}


def rules() -> dict[UUID, Rule]:
    """Return what every template says now."""
    versions = TemplateVersion.objects.filter(number=F("template__current"))
    found = {version.id: version for version in versions}
    bindings: dict[UUID, dict[str, UUID]] = {}
    for scope, address, identity in GrantBinding.objects.filter(scope__in=found).values_list(
        "scope", "address", "identity"
    ):
        bindings.setdefault(scope, {})[address] = identity
    return {
        version.template_id: Rule(
            parse_policy(version.policy),
            (version.expiry_option, version.expires, version.expires_after_days),
            bindings.get(version.id, {}),
        )
        for version in versions
    }


def organization_as_it_is(organization: UUID) -> OrganizationFacts:
    """Return the organization as decisions see it when nobody is opening: only its time window counts."""
    conditions = ServiceSettings.objects.values_list("conditions", flat=True).get(id=1)
    return OrganizationFacts(organization, conditions=_window(parse_policy({"conditions": conditions}).conditions))


def _as_of_now(policy: Policy, *, expired: bool) -> Policy:
    """Return the policy with its end turned into whether it is over."""
    return replace(policy, expires=0 if expired else None, conditions=_window(policy.conditions))


def _window(asked: Conditions) -> Conditions:
    return Conditions(not_before=asked.not_before, not_after=asked.not_after)


def _earliest(*ends: int | None) -> int | None:
    return min((end for end in ends if end is not None), default=None)
