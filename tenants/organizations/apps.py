"""The organizations of this installation: shared tables, label ``organizations``."""

from django.apps import AppConfig
from django.core import checks

from tenants.organizations.checks import disjoint_names, same_tables


class OrganizationsConfig(AppConfig):
    """Registers the system checks of the tenants package."""

    name = "tenants.organizations"
    label = "organizations"

    def ready(self) -> None:
        """Register the checks; the one that looks into the database runs only when a database is named."""
        checks.register(disjoint_names, checks.Tags.models)
        checks.register(same_tables, checks.Tags.database)
