"""What the decision would be about somebody who is not asking: whether he may do now what he once was allowed to."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from django.db import connection

from protection.licensing.evaluate import Decision, Deny, OrganizationFacts, Request, evaluate
from protection.licensing.policy import Conditions
from protection.licensing.reasons import Reason
from protection.licensing.subject import Subject
from protection.selectors.licensing import CONTENT_STATE, content_state, service_state

_HERE: Final = CONTENT_STATE.format(schema="")
_NO_SEAL: Final = b""


def decision_about(*, organization: UUID, pl_digest: bytes, subject: Subject, now: int) -> Decision:
    """Decide about a person and his device as they stand, for a document of the current organization.

    Strength of sign-in and network are left out: they belong to a request, he makes none, and both were judged when he
    last made one.  The organization itself is taken as open, since whoever asks has passed its door.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HERE, {"pls": [pl_digest], "seals": [_NO_SEAL]})
        row = dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))
    state = content_state(row)
    if state is None:
        return Deny(Reason.TAMPERED)
    service, facts = service_state(row), state.facts
    if facts.policy is not None:
        facts = replace(facts, policy=replace(facts.policy, conditions=_of_the_device(facts.policy.conditions)))
    facts_of_organization = OrganizationFacts(
        id=organization,
        platforms_off=service.platforms_off,
        conditions=_of_the_device(service.conditions),
        max_license_days=service.max_license_days,
    )
    return evaluate(organization=facts_of_organization, content=facts, subject=subject, request=Request(), now=now)


def _of_the_device(conditions: Conditions) -> Conditions:
    """Return what a condition asks of time and device alone."""
    return replace(conditions, strength=None, networks=())
