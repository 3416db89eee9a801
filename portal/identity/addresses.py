"""The client's network address, taken from proxies only where proxies are configured (docs/protocol.md P30)."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the address the request came from.

    Each trusted proxy appends the address it saw to ``X-Forwarded-For``; with ``n`` of them the n-th from the right is
    the client's.  Without proxies the header is anybody's claim and is not read.
    """
    hops = int(settings.CHANCERY_TRUSTED_PROXIES)
    if hops:
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(forwarded) >= hops:
            return forwarded[-hops]
    return str(request.META.get("REMOTE_ADDR", ""))
