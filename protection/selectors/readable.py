"""Which documents an application could read for a person now: the decision about many documents, without a license."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from django.db import connection

from chancery.policy.case import Allow, Case, OrganizationFacts, Request
from chancery.policy.evaluate import evaluate
from chancery.policy.rights import Right
from chancery.policy.subject import Subject
from protection.models import Content
from protection.selectors.licensing import CONTENT_STATE, ContentState, ServiceState, content_state, service_state
from protection.selectors.named_permission import NAMED_PERMISSION, NamedPermission, Reader, named_permission
from protection.selectors.named_since import dated

_STATES: Final = CONTENT_STATE.format(schema="")
_PERMISSION: Final = "select to_jsonb(found)::text from ({named}) found".replace(
    "{named}", NAMED_PERMISSION.format(schema="")
)


def own_permission(
    permission: UUID, application: UUID, organization: UUID, reader: Reader | None
) -> NamedPermission | None:
    """Return a permission of an application as the decision sees it for a person; None where it has no such one."""
    with connection.cursor() as cursor:
        cursor.execute(_PERMISSION, {"read_permission": permission, "person": application})
        row = cursor.fetchone()
    return None if row is None else named_permission(json.loads(row[0]), organization, reader, names_person=True)


def readable(
    *, organization: UUID, permission: NamedPermission, application: Subject, request: Request, cids: Sequence[UUID]
) -> frozenset[UUID]:
    """Return those of the documents that the person could view now through the application.

    Two statements, however many documents there are.
    """
    person = permission.permission.whole or application
    found = Content.objects.filter(cid__in=list(cids)).values_list("pl_digest", flat=True)
    digests = [bytes(one) for one in found]
    if not digests:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(_STATES, {"pls": digests, "seals": [b""] * len(digests), "reader": person.person})
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    service = service_state(rows[0])
    states = [state for state in map(content_state, rows) if state is not None]
    cases = (_case(organization, service, state, permission, application, request, person) for state in states)
    decided = ((case.content.cid, evaluate(case)) for case in cases)
    return frozenset(cid for cid, found in decided if isinstance(found, Allow) and Right.VIEW in found.rights)


def _case(
    organization: UUID,
    service: ServiceState,
    state: ContentState,
    permission: NamedPermission,
    application: Subject,
    request: Request,
    person: Subject,
) -> Case:
    content = state.facts
    if person.handovers:
        content = dated(content, person, published=state.published, template=state.template)
    return Case(
        organization=OrganizationFacts(
            id=organization,
            key_available=state.key_usable,
            platforms_off=service.platforms_off,
            conditions=service.conditions,
            max_license_days=service.max_license_days,
        ),
        content=content,
        subject=application,
        request=replace(request, names_read_permission=True, read_permission=permission.covering(state)),
        now=service.now,
    )
