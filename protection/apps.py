"""The protection package's Django app; its tables exist once in every organization's schema."""

from django.apps import AppConfig


class ProtectionConfig(AppConfig):
    """What is protected and who may do what with it."""

    name = "protection"
    label = "protection"
    default_auto_field = "django.db.models.BigAutoField"
