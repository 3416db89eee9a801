"""Managers that cannot forget the organization.

A directory query without an organization is a bug: it would read everybody's people.  So the ordinary entrance of
these managers raises, and the two that exist say what they do.
"""

from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.base_user import BaseUserManager
from django.db import models

M = TypeVar("M", bound=models.Model)


class OrganizationRequired(RuntimeError):
    """Somebody asked the directory without saying for which organization."""


class OfOrganization(models.Manager[M]):
    """Rows that belong to one organization; reached by ``within`` or, knowingly, by ``of_installation``."""

    def get_queryset(self) -> models.QuerySet[M]:
        """Refuse: name the organization."""
        raise OrganizationRequired(f"{self.model.__name__}: use objects.within(organization_id).")

    def within(self, organization_id: UUID) -> models.QuerySet[M]:
        """Return the rows of one organization."""
        return super().get_queryset().filter(organization_id=organization_id)

    def of_person(self, person_id: UUID) -> models.QuerySet[M]:
        """Return the rows of one person in all organizations, where the model has a person."""
        return super().get_queryset().filter(person_id=person_id)

    def of_installation(self) -> models.QuerySet[M]:
        """Return the rows of all organizations; for what must be unique or proven over the installation."""
        return super().get_queryset()

    def create(self, **values: Any) -> M:
        """Create a row, which must name its organization."""
        if "organization_id" not in values and "organization" not in values:
            raise OrganizationRequired(f"{self.model.__name__}: create needs organization_id.")
        return super().get_queryset().create(**values)


class People(BaseUserManager[Any]):
    """People are of the installation, since one person may belong to several organizations.

    Who an organization may see is decided by memberships, so selectors start there and not here.
    """

    def get_by_natural_key(self, username: str | None) -> Any:
        """Return the person who signs in with this address."""
        return self.get(email=username)

    def members_of(self, organization_id: UUID) -> models.QuerySet[Any]:
        """Return the people who belong to the organization, guests included."""
        return self.get_queryset().filter(memberships__organization_id=organization_id)
