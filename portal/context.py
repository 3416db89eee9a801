"""What every page may use."""

from django.conf import settings
from django.http import HttpRequest


def installation(request: HttpRequest) -> dict[str, object]:
    """Return the installation's name and base, and the organization whose host this is, if any."""
    return {
        "installation_name": settings.CHANCERY_NAME,
        "base_url": settings.CHANCERY_BASE_URL,
        "embedded": settings.CHANCERY_EMBEDDED,
        "organization": getattr(request, "organization", None),
        "correlation_id": getattr(request, "correlation_id", ""),
    }
