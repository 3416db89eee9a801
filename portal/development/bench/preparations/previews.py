"""How long a worker takes to say what a change would do in a large organization.

Three templates protect most documents, the others have policies of their own; groups are in groups, one person is in
hundreds of them, and a month of openings is recorded.
"""

import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection

from chancery.policy.policy import parse_policy
from portal.usecases.caller import Caller, caller_at
from portal.usecases.previews.answer import answer_next
from portal.usecases.previews.ask import PreviewAsked, ask_about_group, ask_about_person, ask_about_template
from protection.selectors.previews import preview_facts
from protection.services.create_template import create_template
from protection.services.template_draft import TemplateDraft
from tenants.context import in_schema
from tenants.directory.members import Member
from tenants.directory.models import Address, Group, GroupMember, Membership, Person
from tenants.organizations.selectors import OrganizationFacts, organization_by_slug

PEOPLE: Final = 2_000
NESTED: Final = 200
OF_ONE: Final = 500
UNDER_TEMPLATES: Final = 0.6

_DOCUMENTS: Final = """
insert into protection_content (cid, pl_digest, issuer_id, issuer_address, owner_id, owner_address, title, policy,
    template_id, registration, feed_id, published_at, registered_at, tenant_key_id)
select gen_random_uuid(), sha256(uuid_send(gen_random_uuid())),
    (%(people)s::uuid[])[1 + number %% cardinality(%(people)s::uuid[])], 'issuer@bench.example',
    (%(people)s::uuid[])[1 + number %% cardinality(%(people)s::uuid[])], 'issuer@bench.example',
    'Plan ' || number,
    case when number > %(under)s then jsonb_build_object('v', 1, 'deny', '[]'::jsonb, 'expires', null,
        'offline_days', -1, 'lease', null, 'enforcement', 'client', 'conditions', '{}'::jsonb,
        'grants', jsonb_build_array(
            jsonb_build_object('who', 'address:member' || number %% 1999 || '@bench.example',
                'rights', '["VIEW"]'::jsonb),
            jsonb_build_object('who', 'address:group' || number %% 200 || '@bench.example',
                'rights', '["VIEW", "PRINT"]'::jsonb),
            jsonb_build_object('who', 'address:partner' || number %% 977 || '@elsewhere.example',
                'rights', '["VIEW"]'::jsonb))) end,
    case when number <= %(under)s then (%(templates)s::uuid[])[1 + number %% 3] end,
    'registered', uuid_send(gen_random_uuid()), now() - number * interval '1 minute',
    now() - number * interval '1 minute', tenant_key_id
from (select tenant_key_id from protection_content order by registered_at limit 1) one,
    generate_series(1, %(count)s) number
"""
_EVENTS: Final = """
with chosen as materialized (
    select cid, row_number() over (order by cid) as place from protection_content
), event as (
    insert into audit_event (id, received_at, kind, outcome, reason, content_id, source, personal_commitment)
    select gen_random_uuid(), now() - number * interval '13 seconds', 'content.opened',
        case when number %% 10 = 0 then 'refused' else 'allowed' end,
        case when number %% 10 = 0 then 'not_granted' else '' end, cid, 'bench', sha256(uuid_send(cid))
    from generate_series(1, %(count)s) number
    join chosen on place = 1 + (number::bigint * 7919) %% (select count(*) from chosen)
    returning id
)
insert into audit_eventpersonal (event_id, person_id, record, salt)
select id, (%(people)s::uuid[])[1 + row_number() over () %% cardinality(%(people)s::uuid[])],
    '{"addresses":["member@bench.example"],"name":"Member"}', '\\x00' from event
"""


def measure(*, schema: str, slug: str, administrator: str, documents: int, events: int) -> dict[str, Any]:
    """Return seconds for a change to a template, to a group and to a person, with what the answers counted."""
    organization = organization_by_slug(slug)
    if organization is None:
        raise RuntimeError(f"There is no organization {slug}.")
    people = _people(organization.id)
    groups = _groups(organization.id, people)
    with in_schema(schema):
        ada = caller_at(organization, Person.objects.get(id=UUID(administrator)), ip="", source="bench")
        templates = [
            create_template(actor=ada.actor, draft=_draft(organization, f"group{number}@bench.example"))
            for number in range(3)
        ]
        parameters: dict[str, Any] = {
            "people": people,
            "templates": templates,
            "under": int(documents * UNDER_TEMPLATES),
        }
        with connection.cursor() as cursor:
            cursor.execute(_DOCUMENTS, {**parameters, "count": documents})
            cursor.execute(_EVENTS, {"people": people, "count": events})
            cursor.execute("vacuum analyze protection_content, audit_event, audit_eventpersonal")
        place = organization.id
        return {
            name: _timed(organization, ask)
            for name, ask in _questions(ada, place, templates[0], groups, people, organization).items()
        }


def _questions(
    ada: Caller,
    place: UUID,
    template: UUID,
    groups: list[UUID],
    people: list[UUID],
    organization: OrganizationFacts,
) -> dict[str, Callable[[], PreviewAsked]]:
    return {
        "a template": lambda: ask_about_template(
            caller=ada, template_id=template, draft=_draft(organization, "group7@bench.example", print_too=True)
        ),
        "a member of a group": lambda: ask_about_group(
            caller=ada, organization_id=place, group_id=groups[5], add=[Member(person_id=people[-1])]
        ),
        "a group in a group": lambda: ask_about_group(
            caller=ada, organization_id=place, group_id=groups[3], add=[Member(group_id=groups[9])]
        ),
        "a person in hundreds of groups": lambda: ask_about_person(
            caller=ada, organization_id=place, person_id=people[0], disabled=True
        ),
    }


def _timed(organization: OrganizationFacts, ask: Callable[[], PreviewAsked]) -> dict[str, Any]:
    preview = ask().id
    began = time.perf_counter()
    answer_next(organization.id)
    seconds = time.perf_counter() - began
    found = preview_facts(preview)
    if found.result is None:
        raise RuntimeError(found.error)
    return {"seconds": seconds, "documents": found.result["documents"], "people": found.result["people"]}


def _draft(organization: OrganizationFacts, group: str, *, print_too: bool = False) -> TemplateDraft:
    everybody = {"who": f"organization:{organization.id}", "rights": ["VIEW", "PRINT"] if print_too else ["VIEW"]}
    grants = [everybody, {"who": group, "rights": ["EDIT"]}]
    return TemplateDraft(names={"en": f"Bench {uuid4()}"}, policy=parse_policy({"grants": grants}))


def _people(organization: UUID) -> list[UUID]:
    """Make people with proven addresses, straight into the tables: nobody waits for a mail to each."""
    rows = [Person(email=f"member{number}@bench.example", name=f"Member {number}") for number in range(PEOPLE)]
    Person.objects.bulk_create(rows)
    Address.objects.bulk_create(
        Address(person=row, address=row.email, domain="bench.example", proven_by="organization") for row in rows
    )
    Membership.objects.of_installation().bulk_create(
        [Membership(person=row, organization_id=organization) for row in rows]
    )
    return [row.id for row in rows]


def _groups(organization: UUID, people: list[UUID]) -> list[UUID]:
    """Make groups, each inside the one of half its number, and more groups that hold the first person."""
    rows = [
        Group(organization_id=organization, address=f"group{number}@bench.example", name=f"Group {number}")
        for number in range(NESTED + OF_ONE)
    ]
    Group.objects.of_installation().bulk_create(rows)
    ids = [row.id for row in rows]
    nested = [
        GroupMember(organization_id=organization, group_id=ids[number // 2], member_group_id=ids[number])
        for number in range(1, NESTED)
    ]
    members = [
        GroupMember(organization_id=organization, group_id=ids[number % NESTED], person_id=person)
        for number, person in enumerate(people)
    ]
    of_one = [GroupMember(organization_id=organization, group_id=group, person_id=people[0]) for group in ids[NESTED:]]
    GroupMember.objects.of_installation().bulk_create([*nested, *members, *of_one])
    return ids
