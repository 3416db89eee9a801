"""Register a document: the state that counts from now on, whatever the file says (docs/protocol.md P4)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from chancery.objects.publishing import PublishingLicense
from chancery.policy.case import Basis
from chancery.policy.policy import Policy
from protection.models import Content, ContentChange, RegistrationState, ServiceSettings, TenantKey
from protection.selectors.licensing import limited


@dataclass(frozen=True, slots=True)
class NewContent:
    """A document to be registered: exactly one of ``policy`` and ``template`` is set.

    ``label`` is the one under which it was protected, ``expires`` and ``offline_days`` are the limits stated beside the
    policy or template; ``pending`` says why the registration is not believed yet.
    """

    license: PublishingLicense
    tenant_key: TenantKey
    issuer_id: UUID
    issuer_address: str
    owner_id: UUID
    owner_address: str
    title: str = ""
    policy: Policy | None = None
    template: UUID | None = None
    expires: int | None = None
    offline_days: int | None = None
    label: UUID | None = None
    pending: str = ""


def register_content(new: NewContent) -> Content:
    """Insert the document with its first change.  Raises IntegrityError when the content id is taken."""
    keep_title = ServiceSettings.objects.values_list("keep_titles", flat=True).get(id=1)
    policy = new.policy
    if policy is not None:
        # The limits beside the policy become part of it, so that what the issuer set is one value to compare.
        policy = limited(policy, new.expires, offline_days=new.offline_days)
    content = Content.objects.create(
        cid=new.license.cid,
        pl_digest=new.license.digest,
        tenant_key=new.tenant_key,
        issuer_id=new.issuer_id,
        issuer_address=new.issuer_address,
        owner_id=new.owner_id,
        owner_address=new.owner_address,
        title=new.title[:255] if keep_title else "",
        template_id=new.template,
        label_id=new.label,
        policy=None if policy is None else policy.as_json(),
        expires=new.expires if policy is None else policy.expires,
        offline_days=new.offline_days if policy is None else None,
        registration=RegistrationState.PENDING if new.pending else RegistrationState.REGISTERED,
        pending_because=new.pending,
        published_at=datetime.fromtimestamp(new.license.iat, UTC),
    )
    ContentChange.objects.create(
        content=content,
        person_id=new.issuer_id,
        basis=Basis.ISSUER,
        rev=content.rev,
        policy=content.policy,
        template_id=content.template_id,
        expires=content.expires,
        offline_days=content.offline_days,
    )
    return content
