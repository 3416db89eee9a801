"""Provisioning connections of organizations, their tokens, and what they said about people and groups.

A connection acts as an application of the organization, ``client_id``; its tokens are its own, since identity
providers hold one bearer token for months.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.organizations.models import Organization


class Connection(models.Model):
    """An identity provider that fills the directory of one organization.

    ``may`` is of ``people``, ``groups`` and ``roles``.  ``group_domain`` is the mail domain in which its groups get
    their addresses.  ``stopped_at`` is when it shut out too many people; it writes nothing until an administrator
    resumes it, and until ``unguarded_until`` it may then go on without being stopped again.  ``asks`` is one that asks
    a directory server instead of being asked; it has no tokens.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    client_id = models.CharField(max_length=100, unique=True)
    may = ArrayField(models.CharField(max_length=10), default=list)
    group_domain = models.CharField(max_length=253, blank=True)
    dry_run = models.BooleanField(default=False)
    stopped_at = models.DateTimeField(null=True)
    unguarded_until = models.DateTimeField(null=True)
    asks = models.BooleanField(default=False, db_default=False)

    objects = OfOrganization["Connection"]()

    def __str__(self) -> str:
        return self.client_id


class ConnectionToken(models.Model):
    """A bearer token of a connection: kept as a hash; ``hint`` is its beginning, by which people tell it apart."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="tokens")
    token_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=16)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.hint


class ProvisionedPerson(models.Model):
    """What a connection said about a person, beside what the directory itself holds.

    ``user_name`` is their address as the connection knows it; it is the main one from the start, and another one after
    the provider has renamed them and until they confirm it.  ``attributes`` are the members that the interface answers
    as they were given, such as the parts of a name.
    ``removed_at`` is when the connection deleted the person: they are disabled and in no group, and
    the connection sees them no more.  ``shut_out_at`` is when a connection disabled
    or deleted them last.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="+")
    person_id = models.UUIDField()
    external_id = models.CharField(max_length=255, blank=True)
    user_name = models.CharField(max_length=254)
    attributes = models.JSONField(default=dict)
    modified_at = models.DateTimeField(auto_now=True)
    shut_out_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    objects = OfOrganization["ProvisionedPerson"]()

    class Meta:
        """One row for each person in each organization, found by their id at the provider."""

        constraints = [
            models.UniqueConstraint(fields=["organization", "person_id"], name="connections_person_once"),
        ]
        indexes = [
            models.Index(fields=["organization", "external_id"], name="connections_person_external"),
            models.Index(fields=["organization", "user_name"], name="connections_person_user_name"),
            models.Index(fields=["connection", "shut_out_at"], name="connections_person_shut_out"),
        ]

    def __str__(self) -> str:
        return str(self.person_id)


class ProvisionedGroup(models.Model):
    """What a connection said about a group, beside what the directory itself holds."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="+")
    group_id = models.UUIDField()
    external_id = models.CharField(max_length=255, blank=True)
    modified_at = models.DateTimeField(auto_now=True)

    objects = OfOrganization["ProvisionedGroup"]()

    class Meta:
        """One row for each group, found by its id at the provider."""

        constraints = [
            models.UniqueConstraint(fields=["organization", "group_id"], name="connections_group_once"),
        ]
        indexes = [models.Index(fields=["organization", "external_id"], name="connections_group_external")]

    def __str__(self) -> str:
        return str(self.group_id)


class DryRun(models.Model):
    """One request of a connection that was judged and not carried out: what would have changed, or why it would not."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)
    method = models.CharField(max_length=8)
    what = models.CharField(max_length=300)
    status = models.PositiveSmallIntegerField()
    changes = models.JSONField(default=list)

    objects = OfOrganization["DryRun"]()

    class Meta:
        """Read by connection, newest first."""

        indexes = [models.Index(fields=["connection", "-id"], name="connections_dry_run_recent")]

    def __str__(self) -> str:
        return self.what
