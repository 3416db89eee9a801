"""The organization statement: where the organization lives and which keys are its own (docs/protocol.md P13)."""

from uuid import UUID

from chancery.objects.statement import LIFETIME, KeyUse, OrganizationStatement
from chancery.objects.statement import KeyStatus as StatedStatus
from chancery.objects.statement import TenantKey as StatedKey
from protection.keys.root import installation_key
from protection.models import ServiceSettings, TenantKey
from protection.selectors.organization import log_verifier_key


def organization_statement(*, organization: UUID, iss: str, origins: tuple[str, ...], now: int) -> str:
    """Return the statement of the current organization, signed by the installation key for 24 hours.

    ``origins`` are the only places to which clients will send requests of this organization.  Nothing is recorded:
    the statement is public and says nothing that was not decided elsewhere.
    """
    name = ServiceSettings.objects.values_list("name", flat=True).get(id=1)
    return OrganizationStatement(
        iss=iss,
        aliases=(),
        org=organization,
        name=name,
        origins=origins,
        tenant_keys=_stated_keys(),
        log_key=log_verifier_key(),
        iat=now,
        exp=now + LIFETIME,
    ).sign(installation_key())


def _stated_keys() -> tuple[StatedKey, ...]:
    keys: list[StatedKey] = []
    for row in TenantKey.objects.order_by("created_at"):
        status = StatedStatus(row.status)
        keys.append(StatedKey(KeyUse.ENCRYPTION, row.suite, bytes(row.encryption_public), status))
        keys.append(StatedKey(KeyUse.SIGNATURE, row.suite, bytes(row.signing_public), status))
    return tuple(keys)
