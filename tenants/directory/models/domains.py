"""Mail domains: which organization speaks for them, and which one did before."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tenants.directory.managers import OfOrganization
from tenants.organizations.models import Organization


class MailDomain(models.Model):
    """A mail domain that an organization claims, and once it is proven speaks for.

    ``checked_at`` is when the DNS was asked last, ``checked_by`` who asked (null: the daily check), ``check_result``
    one of the results of a lookup, ``check_resolver`` whose answer it was, ``check_seen`` what the domain held instead.
    ``found_at`` is when the record was seen last; a domain that was accepted without the DNS has none.
    ``missing_since`` is since when it is gone, and ``warned_at`` when administrators were mailed about that.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="mail_domains")
    domain = models.CharField(max_length=253)
    challenge = models.CharField(max_length=64)
    proven_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    checked_by = models.UUIDField(null=True)
    check_result = models.CharField(max_length=16, blank=True, db_default="")
    check_resolver = models.CharField(max_length=80, blank=True, db_default="")
    check_seen = ArrayField(models.CharField(max_length=255), default=list, db_default=[])
    found_at = models.DateTimeField(null=True)
    missing_since = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)

    RECORD_PREFIX: ClassVar[str] = "chancery-domain="

    objects = OfOrganization["MailDomain"]()

    class Meta:
        """A proven domain belongs to exactly one organization."""

        constraints = [
            models.UniqueConstraint(fields=["organization", "domain"], name="directory_domain_once_for_organization"),
            models.UniqueConstraint(
                fields=["domain"], condition=Q(proven_at__isnull=False), name="directory_domain_proven_once"
            ),
        ]

    def __str__(self) -> str:
        return self.domain

    @property
    def record_text(self) -> str:
        """The text that a TXT record of the domain has to hold."""
        return f"{self.RECORD_PREFIX}{self.challenge}"


class FormerDomainOwner(models.Model):
    """When an organization last stopped speaking for a mail domain; each has a row of its own, which stays.

    What was granted to an address of the domain before that moment was meant for one of that organization's people: it
    is not for a person who proves the address afterwards.  The rows of the person who owns the domain now do not count
    for its people, those of all other owners of before do, however often the domain was given up and proven again.
    """

    domain = models.CharField(max_length=253)
    organization_id = models.UUIDField()
    ended_at = models.DateTimeField()

    class Meta:
        """One row for each former owner; the table keeps its name, so that a process of the release before finds it."""

        db_table = "directory_parteddomain"
        constraints = [
            models.UniqueConstraint(fields=["domain", "organization_id"], name="directory_parted_once_for_organization")
        ]

    def __str__(self) -> str:
        return self.domain


class TakeOver(models.Model):
    """Somebody is about to administer an organization of individuals, since its mail domain is theirs.

    See docs/protocol.md P34.  ``by`` is the organization that has proven the domain and whose administrator the person
    is; null means that they prove it for this one, with a ``challenge`` of their own, so that nobody waits for the
    proof of another.  From ``announced_at`` on its people know; ``due_at`` is the earliest moment.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    person_id = models.UUIDField()
    by = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")
    challenge = models.CharField(max_length=64)
    reason = models.CharField(max_length=500, blank=True)
    announced_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    objects = OfOrganization["TakeOver"]()

    class Meta:
        """Each person claims once, and one of them has announced it."""

        constraints = [
            models.UniqueConstraint(
                fields=["organization", "person_id", "by"], name="directory_take_over_once", nulls_distinct=False
            ),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(announced_at__isnull=False),
                name="directory_take_over_announced_once",
            ),
        ]

    def __str__(self) -> str:
        return f"take-over of {self.organization_id}"

    @property
    def record_text(self) -> str:
        """The text that a TXT record of the domain has to hold."""
        return f"{MailDomain.RECORD_PREFIX}{self.challenge}"
