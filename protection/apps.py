"""The protection package's Django app; its tables exist once in every organization's schema."""

from django.apps import AppConfig
from django.core.checks import register

from protection.checks import root_key_is_usable


class ProtectionConfig(AppConfig):
    """What is protected and who may do what with it."""

    name = "protection"
    label = "protection"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks: a process without a usable root key could protect and open nothing."""
        register(root_key_is_usable)
