"""Interfaces and use cases: an app with one table in the shared schema."""

import re

from django.apps import AppConfig
from django.core import checks
from django.core.validators import validate_email

from portal.checks import TAG, safe_settings


class PortalConfig(AppConfig):
    """Registers the checks that refuse unsafe settings."""

    name = "portal"
    label = "portal"

    def ready(self) -> None:
        """Register the checks; ``portal/wsgi.py`` and the worker run them before they serve anything."""
        checks.register(safe_settings, TAG)
        # All forms, the account suite's too, ask this one validator, which knows ASCII before the @ only.  What the
        # directory accepts is decided by its own rule (``chancery.names``), to which every form goes next.
        validate_email.user_regex = re.compile(r"[^\s@]+\Z")
