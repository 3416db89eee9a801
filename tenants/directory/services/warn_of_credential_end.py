"""Find the applications in use whose last secret or key ends soon, and keep that somebody is told."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from tenants.directory.models import ApplicationCredential
from tenants.directory.selectors.credentials import CredentialFacts, credential_facts


@transaction.atomic
def warn_of_credential_ends(*, steps: Sequence[int]) -> list[tuple[UUID, CredentialFacts]]:
    """Return with its organization each last credential that ends within so many days, once for each step.

    Credentials that were never used are of applications that sign in by something else.
    """
    now, warned = timezone.now(), []
    valid = ApplicationCredential.objects.of_installation().filter(
        ended_at__isnull=True, expires_at__gt=now, application__disabled_at__isnull=True
    )
    last = valid.values("application_id").annotate(last=Max("expires_at")).values_list("application_id", "last")
    ending = {application: end for application, end in last if (end - now).days < max(steps)}
    rows = valid.select_for_update(of=("self",), skip_locked=True).filter(
        application_id__in=ending, used_at__isnull=False
    )
    for row in rows.select_related("application").order_by("application_id", F("expires_at").desc()):
        days = (row.expires_at - now).days
        step = min(one for one in steps if days < one) if days < max(steps) else None
        told = row.warned_days is not None and step is not None and row.warned_days <= step
        if step is None or told or row.expires_at != ending[row.application_id]:
            continue
        row.warned_days = step
        row.save(update_fields=["warned_days"])
        warned.append((row.organization_id, credential_facts(row)))
    return warned
