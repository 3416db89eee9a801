"""What the decision would be about a person who is not asking: whether they may do something, at this moment."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.db import connection

from chancery.policy.case import Allow, Decision, Deny, OrganizationFacts
from chancery.policy.explain import Facts
from chancery.policy.policy import Conditions
from chancery.policy.reasons import Reason
from chancery.policy.rights import Right
from chancery.policy.subject import Subject
from protection.models import Content
from protection.selectors.licensing import CONTENT_STATE, content_state, service_state
from protection.selectors.named_since import dated

_HERE: Final = CONTENT_STATE.format(schema="")
_NO_SEAL: Final = b""

ADMINISTRATOR: Final = "administrator"
"""The basis on which an administrator by role changes a document, as its history names it."""


RightsOn: TypeAlias = Callable[[bytes], frozenset[Right]]
"""Returns a person's rights on the document of a publishing license, by its digest: ``rights_of`` with a person."""


def rights_of(pl_digest: bytes, *, organization: UUID, subject: Subject, now: int) -> frozenset[Right]:
    """Return the rights on a document that a person could exercise now, by a request such as the present one.

    Managing a document by a right on it asks here; role, issuer and owner are not looked at (docs/protocol.md P18).
    All conditions count but those about programs and devices: the service itself does what is asked here, and no device
    gets anything to keep.
    """
    facts = facts_about(organization=organization, pl_digest=pl_digest, subject=subject)
    if facts is None:
        return frozenset()
    facts = replace(facts, organization=replace(facts.organization, platforms_off=frozenset()))
    decision = under(facts, _what_a_request_shows).decide(now)
    return decision.rights if isinstance(decision, Allow) else frozenset()


def _what_a_request_shows(asked: Conditions) -> Conditions:
    return replace(asked, enforced=frozenset(), platforms=frozenset(), post_quantum=False)


def changes_by_right(content: Content, rights: frozenset[Right]) -> bool:
    """Tell whether rights on a document let their holder change its policy, for everybody and every copy.

    Only on a document that has a policy of its own: the person who named them there meant them.  Rights that come with
    a template do not take a document out of it (decision 16), nor does an administrator who takes it out: what counts
    is what a person who may set anything last set.
    """
    if content.template_id is not None or Right.EDITRIGHTSDATA not in rights:
        return False
    last = content.changes.exclude(basis=ADMINISTRATOR).order_by("-at", "-id").values_list("policy", flat=True).first()
    return last is not None


def decision_about(*, organization: UUID, pl_digest: bytes, subject: Subject, now: int) -> Decision:
    """Decide about a person and their device as they are, for a document of the current organization.

    Strength of sign-in, network, time of the week and program are left out: they belong to a request, the person makes
    none, and all were judged at the last one.
    """
    return decision_on(facts_about(organization=organization, pl_digest=pl_digest, subject=subject), now)


def decision_on(facts: Facts | None, now: int) -> Decision:
    """Return the same for what was read already; None is a document that is not registered."""
    if facts is None:
        return Deny(Reason.TAMPERED)
    return under(
        facts, lambda asked: replace(asked, strength=None, networks=(), times=(), enforced=frozenset())
    ).decide(now)


def facts_about(*, organization: UUID, pl_digest: bytes, subject: Subject) -> Facts | None:
    """Return all that a decision about the subject rests on, or None when the document is not registered.

    The organization itself is taken as open, since a person who asks has been let in by it.
    """
    return facts_about_many(organization=organization, pl_digests=[pl_digest], subject=subject)[0]


def facts_about_many(*, organization: UUID, pl_digests: Sequence[bytes], subject: Subject) -> list[Facts | None]:
    """Return the same for several documents in their order, read in one statement."""
    seals = [_NO_SEAL] * len(pl_digests)
    with connection.cursor() as cursor:
        cursor.execute(_HERE, {"pls": list(pl_digests), "seals": seals, "reader": subject.person})
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [_facts(organization, row, subject) for row in rows]


def _facts(organization: UUID, row: dict[str, Any], subject: Subject) -> Facts | None:
    state = content_state(row)
    if state is None:
        return None
    service = service_state(row)
    facts_of_organization = OrganizationFacts(
        id=organization,
        key_available=state.key_usable,
        platforms_off=service.platforms_off,
        conditions=service.conditions,
        max_license_days=service.max_license_days,
    )
    content = dated(state.facts, subject, published=state.published, template=state.template)
    return Facts(facts_of_organization, content, subject)


def under(facts: Facts, part: Callable[[Conditions], Conditions]) -> Facts:
    """Return the facts with only a part of the organization's and of the policy's conditions."""
    organization, content = facts.organization, facts.content
    if content.policy is not None:
        content = replace(content, policy=replace(content.policy, conditions=part(content.policy.conditions)))
    return replace(facts, organization=replace(organization, conditions=part(organization.conditions)), content=content)
