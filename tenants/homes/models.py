"""Other installations of Chancery: those whose people sign in here, and those at which our people do.

See docs/protocol.md P32.
"""

import uuid

from django.db import models
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.directory.models import Person
from tenants.organizations.models import Organization


class Home(models.Model):
    """The installation at which the people of a foreign mail domain have their accounts, as the domain's DNS names it.

    It is kept from the first sign-in on.  ``rival`` is another issuer that the DNS names since ``rival_since``: neither
    is believed until an operator has looked, because whoever takes over a domain's DNS could name any.
    ``forbidden_at`` is since when the operator lets nobody of the domain sign in at home.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    domain = models.CharField(max_length=253, unique=True)
    issuer = models.CharField(max_length=200, blank=True)
    metadata = models.JSONField(default=dict)
    keys = models.JSONField(default=dict)
    found_at = models.DateTimeField(db_default=Now(), editable=False)
    rival = models.CharField(max_length=200, blank=True)
    rival_since = models.DateTimeField(null=True)
    forbidden_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.domain} at {self.issuer}"

    @property
    def provider(self) -> str:
        """The name under which the account suite's table keeps its subjects."""
        return f"home-{self.id}"


class Visit(models.Model):
    """That a person of ours signed in at another installation, which is named by its origin."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    installation = models.CharField(max_length=200, db_index=True)
    first_at = models.DateTimeField(db_default=Now(), editable=False)
    last_at = models.DateTimeField()

    class Meta:
        """One row for each person and installation."""

        constraints = [models.UniqueConstraint(fields=["person", "installation"], name="homes_one_visit")]

    def __str__(self) -> str:
        return f"{self.person_id} at {self.installation}"


class ForbiddenInstallation(models.Model):
    """An installation at which an organization lets its members sign in no more, named by its host."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    host = models.CharField(max_length=253)
    reason = models.CharField(max_length=500)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    made_by = models.UUIDField(null=True)
    made_by_address = models.CharField(max_length=254, blank=True)

    objects = OfOrganization["ForbiddenInstallation"]()

    class Meta:
        """Each host once."""

        constraints = [models.UniqueConstraint(fields=["organization", "host"], name="homes_forbidden_once")]

    def __str__(self) -> str:
        return f"{self.host} forbidden by {self.organization_id}"
