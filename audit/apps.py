"""The ledger's Django app; its tables exist once in every organization's schema."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The ledger: it records and proves, and knows nothing of what it records."""

    name = "audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
