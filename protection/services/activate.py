"""Activate the service for an organization: keys, settings, ledger and the two default templates (C38, C49)."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from audit.services.begin import begin
from protection.events import Actor, Kind
from protection.keys import log, tenant, wrapping
from protection.keys.root import root_store
from protection.licensing.policy import Grant, Policy, Principal, PrincipalKind
from protection.licensing.rights import ALL_RIGHTS, Right
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
"""Rights of the default templates as azure-rms.md §3.2 lists them since 2017."""

DEFAULT_OFFLINE_DAYS = 7


@dataclass(frozen=True, slots=True)
class NewOrganization:
    """What the protection floor must know of an organization; ``contact`` is shown to people who are refused."""

    id: UUID
    name: str
    base_domain: str
    contact: str = ""
    suite: str = "hybrid"


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
    wrapping.create(organization=organization.id, tenant_key=key)
    _default_template(organization, "Confidential — all employees", _CONFIDENTIAL, "Everybody here may do everything.")
    _default_template(
        organization,
        "Highly confidential — all employees",
        _HIGHLY_CONFIDENTIAL,
        "Everybody here may read, edit and print, nobody may take the protection off.",
    )
    record_action(Kind.SERVICE_ACTIVATED, actor, details={"key": bytes(key.kid).hex(), "suite": key.suite})


def _default_template(organization: NewOrganization, name: str, rights: frozenset[Right], description: str) -> None:
    everybody = Principal(PrincipalKind.ORGANIZATION, str(organization.id))
    template = ProtectionTemplate.objects.create(status=TemplateStatus.PUBLISHED, is_default=True, current=1)
    TemplateVersion.objects.create(
        template=template,
        number=1,
        names={"en": name},
        descriptions={"en": description},
        policy=Policy(grants=(Grant(everybody, rights),), offline_days=DEFAULT_OFFLINE_DAYS).as_json(),
    )
