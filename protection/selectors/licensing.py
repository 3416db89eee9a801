"""Everything a licensing decision rests on, read in one statement (docs/protocol.md P25, decision 5).

``CONTENT_STATE`` is the protection package's half of the deciding statement; the portal joins it with the directory's
half and runs both in one round trip.  ``registered_policy`` is the policy that counts for a document elsewhere: its
own, or its template's current version (P4).  Nothing here is cached but what cannot change meaning: parsed policies, by
value.
"""

import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db.models import F

from chancery.ledger.kinds import Kind
from chancery.policy.case import Allow, ContentFacts, PersonalGrant, Registration
from chancery.policy.policy import Conditions, Policy, parse_policy
from chancery.policy.revocations import ScheduledRevocation
from chancery.policy.rights import Right
from protection.models import Content, ExpiryOption, TemplateVersion
from protection.selectors.editions import BLOCKING_SQL

DAY: Final = 86_400
_CACHED_POLICIES: Final = 2_048

CONTENT_STATE: Final = """
select
    wanted.position, wanted.seal as wanted_seal,
    floor(extract(epoch from clock_timestamp()))::bigint as now,
    s.max_license_days, s.lease_seconds, s.platforms_off::text as platforms_off, s.conditions::text as conditions,
    s.account_required, s.budgets,
    s.contact, s.feed_secret, f.seq as feed_seq, f.withdrawn as feed_withdrawn,
    f.gap <> '' as ledger_has_gap,
    c.cid, c.pl_digest, c.issuer_id, c.issuer_address, c.owner_id, c.owner_address, c.title,
    c.policy::text as policy, c.expires, c.offline_days, c.rev, c.registration, c.revoked_at is not null as revoked,
    c.issuer_blocked, c.handed_over_at is null as issuer_decides, c.feed_id,
    floor(extract(epoch from c.published_at))::bigint as published,
    c.template_id, c.label_id, v.id as version_id, v.number as template_version,
    v.policy::text as template_policy, v.expiry_option,
    v.expires as template_expires, v.expires_after_days,
    k.id as tenant_key_id, k.kid, k.status as key_status,
    e.n as edition, e.wrapped_key, e.person_id as sealed_by, e.opened_at is not null as edition_seen,
    case when e.n < latest.n then not exists (
        select 1 from {schema}protection_edition later
        where later.content_id = c.cid and later.n > e.n and {blockers})
        else false end as may_be_followed,
    latest.n as latest_edition, latest.seal_digest as latest_seal, latest.wrapped_key as latest_wrapped_key,
    latest.key_rev, latest.key_seq,
    (select json_agg(json_build_array(r.address, r.identity)) from {schema}protection_contentrevocation r
      where r.content_id = c.cid) as revoked_for,
    (select json_agg(json_build_array(s.at, s.address, s.identity, s.issuer_too))
      from {schema}protection_scheduledrevocation s where s.content_id = c.cid) as scheduled,
    (select json_object_agg(b.address, b.identity) from {schema}protection_grantbinding b
      where b.scope = case when c.policy is null then v.id else c.cid end) as bindings,
    (select floor(extract(epoch from o.at))::bigint from {schema}protection_firstopening o
      where o.content_id = c.cid and o.person_id = %(reader)s::uuid) as first_opened,
    (select json_agg(json_build_array(g.person_id, g.address, g.rights, g.until))
      from {schema}protection_personalgrant g where g.content_id = c.cid) as personal,
    exists (select 1 from {schema}protection_personalgrant g where g.content_id = c.cid
      and g.until between extract(epoch from newest_key.made) and extract(epoch from clock_timestamp()))
    or case when coalesce(c.policy, v.policy) ? 'expires_after_opening_days' then exists (
      select 1 from {schema}protection_firstopening o where o.content_id = c.cid
        and o.at + make_interval(days => (coalesce(c.policy, v.policy) ->> 'expires_after_opening_days')::int)
            between newest_key.made and clock_timestamp())
      else false end or exists (select 1 from {schema}protection_scheduledrevocation s where s.content_id = c.cid
      and s.at between extract(epoch from newest_key.made) and extract(epoch from clock_timestamp()))
      as somebody_ended,
    floor(extract(epoch from newest_key.made))::bigint as key_made
from unnest(%(pls)s::bytea[], %(seals)s::bytea[]) with ordinality as wanted (pl, seal, position)
join {schema}protection_servicesettings s on s.id = 1
join {schema}protection_feedhead f on f.id = 1
left join {schema}protection_content c on c.pl_digest = wanted.pl
left join {schema}protection_tenantkey k on k.id = c.tenant_key_id
left join {schema}protection_protectiontemplate t on t.id = c.template_id
left join {schema}protection_templateversion v on v.template_id = t.id and v.number = t.current
left join {schema}protection_edition e on e.content_id = c.cid and e.seal_digest = wanted.seal
left join lateral (
    select n, seal_digest, wrapped_key, key_rev, key_seq from {schema}protection_edition
    where content_id = c.cid order by n desc limit 1) latest on true
left join lateral (
    select min(registered_at) as made from {schema}protection_edition
    where content_id = c.cid and key_rev = latest.key_rev and key_seq = latest.key_seq) newest_key on true
order by wanted.position
""".replace("{blockers}", BLOCKING_SQL)

LICENSED: Final = [Kind.CONTENT_OPENED.value, Kind.CONTENT_PRELICENSED.value]
"""The kinds of the events that record licenses: those of openings, and those sent ahead of one."""

UNMOVED: Final = "where exists (select 1 from {schema}protection_feedhead where id = 1 and seq = %(feed_seq)s)"
"""The condition under which a decision may still be recorded: nothing it rests on has moved since it was read."""


FIRST_OPENINGS: Final = """
first_openings as (
    insert into {schema}protection_firstopening (content_id, person_id, at)
    select cid, %(reader)s::uuid, to_timestamp(%(opened_at)s::bigint)
    from unnest(%(first_openings)s::uuid[]) as new (cid)
    where exists (select from event)
    on conflict do nothing
)
"""
"""What is written in the statement that records openings: for whom it was the first one."""

FIRST_SEEN: Final = """
first_seen as (
    update {schema}protection_edition e set opened_at = to_timestamp(%(opened_at)s::bigint)
    from unnest(%(first_seen)s::bytea[]) as seen (digest)
    where e.seal_digest = seen.digest and e.opened_at is null and exists (select from event)
)
"""
"""And which editions somebody else than their sealer opens for the first time."""


@dataclass(frozen=True, slots=True)
class EditionState:
    """One registered edition and its content key, wrapped."""

    n: int
    seal_digest: bytes
    wrapped_key: bytes
    sealed_by: UUID | None = None
    seen: bool = True
    """Whether somebody else than its sealer has opened it."""
    key_rev: int = 1
    key_seq: int = 0


@dataclass(frozen=True, slots=True)
class ContentState:
    """One document at this moment, with what a license for it says beyond the decision."""

    facts: ContentFacts
    pl_digest: bytes
    rev: int
    feed_id: bytes
    title: str
    issuer_address: str
    owner_address: str
    tenant_key: UUID
    kid: bytes
    key_usable: bool
    template: UUID | None
    """The template whose changes reach the content; None for a policy of its own."""
    scope: UUID
    """To what new address bindings belong: the content, or its template's version."""
    edition: EditionState | None
    latest: EditionState | None
    template_version: int | None = None
    label: UUID | None = None
    somebody_ended: bool = False
    """Whether what one person had ended, by a moment that was set, after the newest edition's key was made."""
    published: int = 0
    may_be_followed: bool = False
    """Whether the edition asked for, though it is not the newest, may be saved from (``selectors.editions``)."""
    known_to_device: bool = False
    """Whether the device got a license for it before, where budgets count that (``selectors.counted``)."""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The organization's settings and the number of its newest revocation, read with the documents."""

    now: int
    max_license_days: int
    lease_seconds: int | None
    platforms_off: frozenset[str]
    conditions: Conditions
    contact: str
    feed_secret: bytes = field(repr=False)
    feed_seq: int = 0
    feed_withdrawn: int = 0
    ledger_has_gap: bool = False


def service_state(row: dict[str, Any]) -> ServiceState:
    """Return what every row of the statement repeats."""
    return ServiceState(
        now=row["now"],
        max_license_days=row["max_license_days"],
        lease_seconds=row["lease_seconds"],
        platforms_off=frozenset(_json(row["platforms_off"])),
        conditions=_conditions(row["conditions"], account_required=row["account_required"]),
        contact=row["contact"],
        feed_secret=bytes(row["feed_secret"]),
        feed_seq=row["feed_seq"],
        feed_withdrawn=row["feed_withdrawn"],
        ledger_has_gap=row["ledger_has_gap"],
    )


def content_state(row: dict[str, Any]) -> ContentState | None:
    """Return the document of one row, or None when the service does not know it."""
    if row["cid"] is None:
        return None
    bindings = {address: UUID(identity) for address, identity in (row["bindings"] or {}).items()}
    facts = ContentFacts(
        cid=row["cid"],
        issuer=row["issuer_id"] if row["issuer_decides"] else None,
        owner=row["owner_id"],
        policy=_policy(row),
        registration=Registration(row["registration"]),
        revoked=row["revoked"],
        revoked_ids=frozenset(UUID(identity) for _, identity in row["revoked_for"] or () if identity),
        revoked_addresses=frozenset(address for address, _ in row["revoked_for"] or ()),
        scheduled=tuple(
            ScheduledRevocation(at, name, None if identity is None else UUID(identity), issuer_too)
            for at, name, identity, issuer_too in row["scheduled"] or ()
        ),
        issuer_blocked=row["issuer_blocked"],
        first_opened=row["first_opened"],
        bindings=bindings,
        personal=tuple(
            PersonalGrant(UUID(person), address, frozenset(Right(name) for name in rights), until)
            for person, address, rights, until in row["personal"] or ()
        ),
    )
    return ContentState(
        facts=facts,
        pl_digest=bytes(row["pl_digest"]),
        rev=row["rev"],
        feed_id=bytes(row["feed_id"]),
        title=row["title"],
        issuer_address=row["issuer_address"],
        owner_address=row["owner_address"],
        tenant_key=row["tenant_key_id"],
        kid=bytes(row["kid"]),
        key_usable=row["key_status"] in {"active", "archived"},
        template=row["template_id"],
        template_version=row["template_version"],
        label=row["label_id"],
        scope=row["cid"] if row["policy"] is not None else row["version_id"] or row["cid"],
        edition=_edition(row),
        latest=_latest(row),
        somebody_ended=row["somebody_ended"] or _grant_ended(facts.policy, row["key_made"], row["now"]),
        published=row["published"],
        may_be_followed=row["may_be_followed"],
        known_to_device=bool(row.get("known_to_device")),
    )


def _grant_ended(policy: Policy | None, key_made: int | None, now: int) -> bool:
    """Tell whether a grant of the policy has ended since a key was made.

    Asked of the parsed policy, which is kept, since the database would read a long list of grants at each opening.
    """
    return policy is not None and key_made is not None and any(key_made <= end <= now for end in policy.ends)


def registered_policy(content: Content) -> Policy:
    """Return the policy of a content row; an unknown template gives the empty policy, which grants nothing."""
    if content.policy is not None:
        return limited(parse_policy(content.policy), content.expires, offline_days=content.offline_days)
    version = (
        TemplateVersion.objects.filter(template_id=content.template_id).filter(number=F("template__current")).first()
    )
    if version is None:
        return Policy()
    published = int(content.published_at.timestamp())
    end = template_expiry(version.expiry_option, version.expires, version.expires_after_days, published)
    return limited(parse_policy(version.policy), content.expires, end, offline_days=content.offline_days)


def template_expiry(option: str, expires: int | None, days: int | None, published: int) -> int | None:
    """Return when content expires by its template's rule, or None for never."""
    if option == ExpiryOption.ON_DATE:
        return expires
    if option == ExpiryOption.AFTER_DAYS and days is not None:
        return published + days * DAY
    return None


def limited(policy: Policy, *ends: int | None, offline_days: int | None = None) -> Policy:
    """Return the policy with the earliest of its own and the given ends, and the shorter of two offline rules."""
    known = [end for end in (policy.expires, *ends) if end is not None]
    earliest = min(known) if known else None
    days = policy.offline_days
    if offline_days is not None and offline_days != -1:
        days = offline_days if days == -1 else min(days, offline_days)
    if (earliest, days) == (policy.expires, policy.offline_days):
        return policy
    return replace(policy, expires=earliest, offline_days=days)


@lru_cache(maxsize=_CACHED_POLICIES)
def parsed(text: str) -> Policy:
    """Return the policy that a JSON text means; kept by value, so that it can never be stale (P25)."""
    return parse_policy(json.loads(text))


def _policy(row: dict[str, Any]) -> Policy | None:
    if row["policy"] is not None:
        return limited(parsed(row["policy"]), row["expires"], offline_days=row["offline_days"])
    if row["version_id"] is None:
        return None
    end = template_expiry(row["expiry_option"], row["template_expires"], row["expires_after_days"], row["published"])
    return limited(parsed(row["template_policy"]), row["expires"], end, offline_days=row["offline_days"])


def _edition(row: dict[str, Any]) -> EditionState | None:
    if row["edition"] is None:
        return None
    return EditionState(
        row["edition"],
        bytes(row["wanted_seal"]),
        bytes(row["wrapped_key"]),
        row["sealed_by"],
        seen=row["edition_seen"],
    )


def _latest(row: dict[str, Any]) -> EditionState | None:
    if row["latest_edition"] is None:
        return None
    return EditionState(
        row["latest_edition"],
        bytes(row["latest_seal"]),
        bytes(row["latest_wrapped_key"]),
        key_rev=row["key_rev"],
        key_seq=row["key_seq"],
    )


def _json(text: str) -> list[str]:
    return [str(item) for item in json.loads(text)]


def _conditions(text: str, *, account_required: bool) -> Conditions:
    found = Conditions() if text == "{}" else parse_policy({"conditions": json.loads(text)}).conditions
    return replace(found, account_required=True) if account_required else found


def named_facts(template: UUID | None, version: int | None, label: UUID | None) -> dict[str, Any]:
    """Return a document's template and label as events state them; what there is not is left out."""
    found = {
        "template": None if template is None else str(template),
        "version": version,
        "label": None if label is None else str(label),
    }
    return {name: value for name, value in found.items() if value is not None}


def lease_of(allowed: Allow, service: ServiceState) -> int | None:
    """Return the shorter of the organization's lease and the policy's own, or None when neither asks for one."""
    return min((lease for lease in (service.lease_seconds, allowed.lease) if lease is not None), default=None)
