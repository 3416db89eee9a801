"""Which origins this installation answers at, and what a token may therefore name (docs/protocol.md P13)."""

from urllib.parse import urlsplit

from django.conf import settings

from tenants import naming
from tenants.organizations.selectors import organization_at


def is_ours(origin: str) -> bool:
    """Tell whether the text is exactly one of this installation's origins, with nothing after it."""
    if origin == settings.CHANCERY_BASE.origin:
        return True
    try:
        parts = urlsplit(origin)
        host = naming.host(parts.hostname or "")
    except ValueError:
        return False
    organization = organization_at(host)
    return organization is not None and origin == organization.origin


def is_under_base(host: str) -> bool:
    """Tell whether the host is directly under the base domain, where nobody else controls the DNS."""
    label, dot, rest = host.partition(".")
    return bool(label) and bool(dot) and rest == settings.CHANCERY_BASE.host
