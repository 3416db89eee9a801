"""Certificates of providers end; administrators learn of it before nobody can sign in any more."""

from datetime import timedelta
from typing import Final

from django.core.cache import cache
from django.utils import timezone

from portal.notifications.sign_on import mail_certificate_ends
from portal.usecases.provisioning.connections import administrators
from tenants.organizations.selectors import organization_by_id
from tenants.sign_on.selectors import certificates_that_end

WARNED_BEFORE: Final = timedelta(days=30)
_AGAIN: Final = timedelta(days=7)


def warn_of_certificates() -> int:
    """Mail the administrators of connections whose provider's last certificate ends soon, once a week.

    Returns for how many connections.
    """
    warned = 0
    for one in certificates_that_end(timezone.now() + WARNED_BEFORE):
        organization = organization_by_id(one.organization_id)
        last = one.certificates[0]
        known = f"sign-on-certificate:{one.id}:{last.fingerprint}"
        if organization is None or not cache.add(known, 1, timeout=int(_AGAIN.total_seconds())):
            continue
        page = f"{organization.origin}/people/sign-on/{one.id}/"
        mail_certificate_ends(administrators(one.organization_id), connection=one.name, ends=last.ends, page=page)
        warned += 1
    return warned
