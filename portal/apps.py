"""The doors of the house; an app with one table in the shared schema."""

from django.apps import AppConfig
from django.core import checks

from portal.checks import TAG, safe_settings


class PortalConfig(AppConfig):
    """Registers the checks that refuse unsafe settings."""

    name = "portal"
    label = "portal"

    def ready(self) -> None:
        """Register the checks; ``portal/wsgi.py`` and the worker run them before they serve anything."""
        checks.register(safe_settings, TAG)
