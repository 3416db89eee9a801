"""Activate the service for an organization: keys, settings, ledger and the two default templates (promise C38)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from uuid import UUID

from django.db import transaction

from audit.services.begin import begin
from chancery.ledger.kinds import Kind
from chancery.policy.policy import Grant, Policy, Principal, PrincipalKind
from chancery.policy.rights import ALL_RIGHTS, Right
from protection.actor import Actor
from protection.keys import log, subordinate, tenant
from protection.keys.root import root_store
from protection.models import (
    FeedHead,
    KeyStatus,
    ProtectionTemplate,
    ServiceSettings,
    TemplateStatus,
    TemplateVersion,
)
from protection.services.recording import record_action

_CONFIDENTIAL = ALL_RIGHTS - {Right.COMMENT}
_HIGHLY_CONFIDENTIAL = _CONFIDENTIAL - {Right.EXPORT, Right.EDITRIGHTSDATA, Right.OWNER}
"""Rights of the default templates as Azure Rights Management lists them since 2017."""

DEFAULT_OFFLINE_DAYS = 7

_DEFAULT_TEMPLATES: Final[Mapping[frozenset[Right], Mapping[str, tuple[str, str]]]] = MappingProxyType(
    {
        _CONFIDENTIAL: {
            "en": ("Confidential — all employees", "Everybody here may do everything."),
            "de": ("Vertraulich — alle Beschäftigten", "Alle hier dürfen alles."),
        },
        _HIGHLY_CONFIDENTIAL: {
            "en": (
                "Highly confidential — all employees",
                "Everybody here may read, edit and print, nobody may take the protection off.",
            ),
            "de": (
                "Streng vertraulich — alle Beschäftigten",
                "Alle hier dürfen lesen, bearbeiten und drucken; den Schutz aufheben darf niemand.",
            ),
        },
    }
)
"""Name and description of each by language: these texts are stored, and anybody may change them later."""


@dataclass(frozen=True, slots=True)
class NewOrganization:
    """What the protection package must know of an organization; ``contact`` is shown to people who are refused."""

    id: UUID
    name: str
    base_domain: str
    contact: str = ""
    suite: str = "hybrid"
    default_templates: bool = True
    """Not where people share an organization who know nothing of each other: the templates are for everybody there."""


@transaction.atomic
def activate(*, organization: NewOrganization, actor: Actor | None = None) -> None:
    """Make everything the current organization needs to protect and open; activating again changes nothing."""
    _, fresh = ServiceSettings.objects.get_or_create(
        id=1,
        defaults={
            "organization_id": organization.id,
            "name": organization.name,
            "contact": organization.contact,
            "suite": organization.suite,
        },
    )
    if not fresh:
        return
    root_store().create_organization_key(organization.id)
    FeedHead.objects.create(id=1)
    begin(base_domain=organization.base_domain, organization_id=str(organization.id))
    log.create(organization.id)
    key = tenant.create(
        organization=organization.id,
        suite=organization.suite,
        status=KeyStatus.ACTIVE,
        created_by=None if actor is None else actor.person,
    )
    subordinate.create_wrapping_key(organization=organization.id, tenant_key=key)
    for rights, texts in _DEFAULT_TEMPLATES.items() if organization.default_templates else ():
        _default_template(organization, rights, texts)
    record_action(Kind.SERVICE_ACTIVATED, actor, details={"key": bytes(key.kid).hex(), "suite": key.suite})


def _default_template(
    organization: NewOrganization, rights: frozenset[Right], texts: Mapping[str, tuple[str, str]]
) -> None:
    everybody = Principal(PrincipalKind.ORGANIZATION, str(organization.id))
    template = ProtectionTemplate.objects.create(status=TemplateStatus.PUBLISHED, is_default=True, current=1)
    TemplateVersion.objects.create(
        template=template,
        number=1,
        language="en",
        names={language: name for language, (name, _) in texts.items()},
        descriptions={language: description for language, (_, description) in texts.items()},
        policy=Policy(grants=(Grant(everybody, rights),), offline_days=DEFAULT_OFFLINE_DAYS).as_json(),
    )
