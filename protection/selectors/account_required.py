"""Whether a document opens by a mailed code at all: what the organization, its template or its own policy says."""

from uuid import UUID

from protection.models import Content, ServiceSettings
from protection.selectors.licensing import registered_policy


def account_required(cid: UUID, pl_digest: bytes) -> bool:
    """Tell whether its readers need an account; of a document that is not registered the organization's word counts.

    Who asks shows by the digest that they hold the file.
    """
    if ServiceSettings.objects.values_list("account_required", flat=True).get(id=1):
        return True
    content = Content.objects.filter(cid=cid, pl_digest=pl_digest).first()
    return content is not None and registered_policy(content).conditions.account_required
