"""The directory's SQL for the hot path: who asks, in one row of one statement.

Every name is schema-qualified, since the connection it runs on never sets a search path (docs/protocol.md P16).  The
portal turns the row into a ``Subject``; the statement decides nothing.

Parameters of ``SUBJECT_SQL``: ``person`` and ``organization`` (the one whose content is asked for) as UUIDs, ``device``
as UUID or null.  What can be worked out from the row is worked out in ``selectors/subject.py``: every node of the plan
costs more than the same step in Python.  The groups are looked up by an array and not by a join, since a join with the
recursion is guessed to be so large that all groups of the installation would be read.  An address that a mailed code
proves for an hour is among the addresses for that hour, and ``by_code`` says so.  A group that holds the person
only by an address that was added before it or its domain changed hands is held by itself and by nobody: what is denied
to it counts, what is given to it does not.  The fast path's connections
set ``plan_cache_mode = force_generic_plan``, because planning this takes longer than running it.
"""

_ELSEWHERE = """NOT EXISTS (SELECT FROM public.directory_maildomain now
     WHERE now.domain = d.domain AND now.organization_id = d.organization_id AND now.proven_at IS NOT NULL)"""
"""The owner of before who gave the domain up is not the one who has it now."""

_BLOCKS = """CASE WHEN EXISTS (
    SELECT FROM public.directory_block b WHERE b.organization_id = %(organization)s::uuid) THEN (
    SELECT json_agg(b.value) FROM public.directory_block b
    WHERE b.organization_id = %(organization)s::uuid AND (b.until IS NULL OR b.until > statement_timestamp())
      AND (b.person_id = %(person)s::uuid OR b.value = ANY(ARRAY(
        SELECT unnest((SELECT addresses FROM proven)::text[])
        UNION ALL SELECT m.organization_id::text FROM public.directory_membership m
        WHERE m.person_id = %(person)s::uuid AND NOT m.guest AND m.removed_at IS NULL
        UNION ALL SELECT split_part(a.address, '@', 2)
        FROM unnest((SELECT addresses FROM proven)::text[]) AS a (address)))
      OR b.subdomains AND b.value = ANY(ARRAY(
        SELECT array_to_string(d.labels[first:], '.')
        FROM unnest((SELECT addresses FROM proven)::text[]) AS a (address),
          LATERAL (SELECT string_to_array(split_part(a.address, '@', 2), '.') AS labels) AS d,
          generate_series(2, cardinality(d.labels)) AS first)))
  ) END"""
"""By which names an organization keeps the person out.

The names are put together only where it keeps out anybody."""

SUBJECT_SQL = """
WITH RECURSIVE proven AS MATERIALIZED (
  SELECT coalesce(array_agg(a.address), '{}') AS addresses, coalesce(bool_or(a.proven_by = ''), false) AS by_code
  FROM public.directory_address a
  WHERE a.person_id = %(person)s::uuid AND (a.proven_by <> '' OR a.coded_until > statement_timestamp())
), inside(group_id, via) AS (
  (SELECT g.group_id, NULL::uuid FROM public.directory_groupmember g WHERE g.person_id = %(person)s::uuid
   UNION ALL
   SELECT g.group_id, CASE WHEN EXISTS (SELECT FROM public.directory_parteddomain d
     WHERE d.domain = split_part(g.address, '@', 2) AND d.ended_at >= g.added_at AND {elsewhere})
     OR EXISTS (SELECT FROM public.directory_partedaddress h
     WHERE h.address = g.address AND h.ended_at >= g.added_at AND h.holder_id <> %(person)s::uuid) THEN g.group_id END
   FROM public.directory_groupmember g WHERE g.address = ANY((SELECT addresses FROM proven)::text[]))
  UNION
  SELECT g.group_id, i.group_id FROM public.directory_groupmember g JOIN inside i ON g.member_group_id = i.group_id
)
SELECT
  person.is_active,
  person.is_service,
  person.email,
  person.name,
  person.epoch,
  (SELECT addresses FROM proven) AS addresses,
  (SELECT by_code FROM proven) AS by_code,
  (SELECT json_agg(json_build_array(m.organization_id, m.guest, m.disabled, o.state, o.directory_epoch,
          (SELECT json_agg(d.domain) FROM public.directory_maildomain d
           WHERE d.organization_id = m.organization_id AND d.proven_at IS NOT NULL)))
   FROM public.directory_membership m JOIN public.organizations_organization o ON o.id = m.organization_id
   WHERE m.person_id = %(person)s::uuid AND o.state <> 'erased') AS places,
  (SELECT json_agg(json_build_array(g.id, g.organization_id, g.address, o.state, o.directory_epoch,
          g.archived_at IS NOT NULL))
   FROM public.directory_group g JOIN public.organizations_organization o ON o.id = g.organization_id
   WHERE g.id = ANY(ARRAY(SELECT group_id FROM inside))) AS groups,
  (SELECT json_agg(json_build_array(group_id, via)) FROM inside) AS ways,
  (SELECT json_agg(json_build_array(c.home_id, c.addresses, floor(extract(epoch FROM c.until))::bigint))
   FROM public.directory_groupclaim c
   WHERE c.person_id = %(person)s::uuid AND c.until > statement_timestamp()) AS claims,
  (SELECT json_object_agg(before.name, extract(epoch FROM before.ended_at) ORDER BY before.ended_at) FROM (
   SELECT d.domain AS name, d.ended_at FROM public.directory_parteddomain d
   WHERE {elsewhere} AND d.domain = ANY(ARRAY(
     SELECT split_part(a.address, '@', 2) FROM unnest((SELECT addresses FROM proven)::text[]) AS a (address)
     UNION ALL SELECT split_part(g.address, '@', 2) FROM public.directory_group g
     WHERE g.id = ANY(ARRAY(SELECT group_id FROM inside))
     UNION ALL SELECT own.domain FROM public.directory_membership m
     JOIN public.directory_maildomain own ON own.organization_id = m.organization_id
     WHERE m.person_id = %(person)s::uuid AND NOT m.guest))
   UNION ALL
   SELECT h.address, h.ended_at FROM public.directory_partedaddress h
   WHERE h.holder_id <> %(person)s::uuid AND h.address = ANY(ARRAY(
     SELECT unnest((SELECT addresses FROM proven)::text[])
     UNION ALL SELECT g.address FROM public.directory_group g
     WHERE g.id = ANY(ARRAY(SELECT group_id FROM inside))))) AS before) AS handovers,
  {blocks} AS blocks,
  asked.id AS asked,
  asked.directory_epoch AS asked_epoch,
  device.id AS device_id,
  device.platform,
  device.signing_algorithm,
  device.signing_key,
  device.encryption_kem,
  device.encryption_key,
  device.feed_id,
  (device.revoked_at IS NOT NULL OR asked.id = ANY(device.blocked_by)
   OR coalesce(device.ends_at <= statement_timestamp(), false)) AS device_revoked,
  device.ends_at AS device_ends_at,
  statement_timestamp() AS now
FROM public.directory_person person
JOIN public.organizations_organization asked ON asked.id = %(organization)s::uuid
LEFT JOIN public.directory_device device ON device.id = %(device)s::uuid AND device.person_id = person.id
WHERE person.id = %(person)s::uuid
""".replace("{elsewhere}", _ELSEWHERE).replace("{blocks}", _BLOCKS)

HELD_ROLES_SQL = """
WITH RECURSIVE assigned AS (
  SELECT r.id, r.organization_id, r.role, r.person_id, r.group_id, r.since, r.given_by, r.reason, r.ends_at
  FROM public.directory_roleassignment r
  WHERE r.organization_id = ANY({organizations}) AND (r.ends_at IS NULL OR r.ends_at > statement_timestamp())
), below(id, group_id, path) AS (
  SELECT a.id, g.id, ARRAY[g.address::text] FROM assigned a
  JOIN public.directory_group g ON g.id = a.group_id AND g.archived_at IS NULL
  UNION ALL
  SELECT b.id, g.id, b.path || g.address::text FROM below b
  JOIN public.directory_groupmember m ON m.group_id = b.group_id
  JOIN public.directory_group g ON g.id = m.member_group_id AND g.archived_at IS NULL
  WHERE NOT g.address = ANY(b.path)
)
SELECT a.id, a.organization_id, a.role, held.person_id AS holder, held.path, a.since, a.given_by, a.reason, a.ends_at
FROM assigned a CROSS JOIN LATERAL (
  SELECT a.person_id, '{}'::text[] AS path WHERE a.person_id IS NOT NULL
  UNION ALL
  SELECT m.person_id, b.path FROM below b JOIN public.directory_groupmember m ON m.group_id = b.group_id
  WHERE b.id = a.id AND m.person_id IS NOT NULL
) AS held
JOIN public.directory_membership place ON place.organization_id = a.organization_id
  AND place.person_id = held.person_id AND NOT place.guest AND place.removed_at IS NULL
JOIN public.directory_person who ON who.id = held.person_id
WHERE a.group_id IS NULL OR NOT who.is_service
"""
"""Who holds which role now, each with the addresses of the groups by which they do, the one with the role first.

Members count who are in the group as people.  An address in a group gives no role: whoever gets the address would.
Applications hold only what they were given themselves, and guests nothing.
"""

STANDING_SQL = SUBJECT_SQL.replace(
    "  statement_timestamp() AS now\n",
    """  statement_timestamp() AS now,
  ARRAY(SELECT DISTINCT held.role FROM ({held}) AS held WHERE held.holder = %(person)s::uuid) AS roles
""".replace("{held}", HELD_ROLES_SQL.replace("{organizations}", "ARRAY[%(organization)s::uuid]")),
)
"""The subject with the roles that they hold in the organization, for requests that ask for a permission."""

HANDOVERS_SQL = """
SELECT d.domain, extract(epoch FROM max(d.ended_at))::float8 FROM public.directory_parteddomain d
WHERE d.domain = ANY(%(domains)s::text[]) AND {elsewhere} GROUP BY d.domain
UNION ALL
SELECT h.address, extract(epoch FROM max(h.ended_at))::float8 FROM public.directory_partedaddress h
LEFT JOIN public.directory_address a ON a.address = h.address AND (a.proven_by <> '' OR a.coded_until IS NOT NULL)
LEFT JOIN public.directory_group g ON g.address = h.address
WHERE h.address = ANY(%(addresses)s::text[]) AND h.holder_id <> coalesce(a.person_id, g.id) GROUP BY h.address
""".replace("{elsewhere}", _ELSEWHERE)
"""Domains and addresses that had other owners and holders before their present ones, with the end of the last one.

Of an address that nobody has now nothing is said: that somebody left is their organization's business (P20)."""

SUBJECTS_SQL = "".join(
    (
        "SELECT wanted.person AS wanted, found.* FROM unnest(%(people)s::uuid[]) AS wanted (person) ",
        "CROSS JOIN LATERAL (",
        SUBJECT_SQL.replace("%(person)s::uuid", "wanted.person"),
        ") AS found",
    )
)
"""The same for many people, whose ids are the parameter ``people``."""

EPOCH_SQL = """
SELECT (SELECT p.epoch FROM public.directory_person p WHERE p.id = %(person)s::uuid)
     + (SELECT coalesce(sum(o.directory_epoch), 0) FROM public.organizations_organization o
        WHERE o.id = ANY(%(concerned)s::uuid[]))::bigint
"""
"""The same sum again; as ``WHERE (EPOCH_SQL) = %(epoch)s`` it lets an event in only if nobody changed the directory
between the decision and its record (decision 5)."""

EPOCHS_SQL = """
SELECT (SELECT coalesce(sum(p.epoch), 0) FROM public.directory_person p WHERE p.id = ANY(%(people)s::uuid[]))
     + (SELECT coalesce(sum(o.directory_epoch), 0) FROM unnest(%(concerned)s::uuid[]) AS c (id)
        JOIN public.organizations_organization o ON o.id = c.id)::bigint
"""
"""The same for many people at once; ``concerned`` names an organization once for each person whom it concerns."""

LICENSED_AT_SQL = """
licensed_at as (
    insert into public.directory_licensedat (person_id, organization_id)
    select %(reader)s::uuid, %(organization)s::uuid where exists (select from event)
    on conflict do nothing
)
"""
"""Part of the statement that records a person's first opening of a document: where they have been licensed."""
