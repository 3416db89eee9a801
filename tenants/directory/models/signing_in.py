"""What signs people in, and how long that lasts."""

import uuid

from django.db import models
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.directory.models.people import Person
from tenants.organizations.models import Organization


class SignInLink(models.Model):
    """A link that signs one person in: kept hashed, ten minutes, once; made in the embedded mode only."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    goes_to = models.CharField(max_length=500, blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.person_id}"


class CodeSession(models.Model):
    """A person without an account opens by a mailed code: asked for, entered, over (docs/protocol.md P22).

    ``browser`` is the key of the browser's session that asked: nobody else can enter the code.  ``organization_id`` and
    ``content_id`` are of the document it was asked for.  ``secret_hash`` is of what the tab alone holds once the code
    was entered; until ``ends_at`` the tab acts as ``person``.  Rows are kept for a day, since they are also the count
    of codes by address, document and network.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    browser = models.CharField(max_length=40, db_index=True)
    address = models.CharField(max_length=254)
    network = models.CharField(max_length=64)
    organization_id = models.UUIDField()
    content_id = models.UUIDField()
    code_hash = models.CharField(max_length=64)
    asked_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    wrong = models.PositiveSmallIntegerField(db_default=0)
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    secret_hash = models.CharField(max_length=64, null=True, unique=True)
    ends_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"code for {self.content_id}"


class SpentSecret(models.Model):
    """A refresh token or code that has been exchanged; seeing it again means that it was copied, and ends its family.

    A code is here from the first try on, so that it cannot be tried again with another verifier.
    """

    token_hash = models.CharField(max_length=64, primary_key=True)
    family = models.UUIDField(db_index=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"spent secret of family {self.family}"


class BrowserSession(models.Model):
    """One browser's session: found by the hash of what its cookie holds, and sealed by the portal (P25).

    ``person_id`` is who is signed in, or who would be once the code that the session waits for is entered; so a
    person's sessions and pending codes can be ended together.  ``signed_in_at`` is when they signed in, at the base
    domain where the session was handed over from there; ``used_at`` is when it was used, to the minute.
    """

    session_key = models.CharField(max_length=40, primary_key=True)
    sealed = models.BinaryField()
    expire_date = models.DateTimeField(db_index=True)
    person_id = models.UUIDField(null=True, db_index=True)
    signed_in_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.session_key


class KnownBrowser(models.Model):
    """A browser in which a person has signed in: by the hash of what a cookie of its own holds.

    ``announced_at`` is when the person was mailed that they signed in with it the first time.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(db_index=True)
    announced_at = models.DateTimeField(null=True)

    class Meta:
        """One row for each person and browser."""

        constraints = [
            models.UniqueConstraint(fields=["person", "token_hash"], name="directory_browser_once_for_a_person")
        ]

    def __str__(self) -> str:
        return f"browser of {self.person_id}"


class SessionLimits(models.Model):
    """How long members of an organization stay signed in: idle limits without use, the others since the sign-in.

    Null leaves what the operator allows; an organization only tightens that.
    """

    organization = models.OneToOneField(
        Organization, primary_key=True, on_delete=models.CASCADE, related_name="session_limits"
    )
    browser_idle_minutes = models.PositiveIntegerField(null=True)
    browser_hours = models.PositiveIntegerField(null=True)
    program_idle_days = models.PositiveIntegerField(null=True)
    program_days = models.PositiveIntegerField(null=True)

    objects = OfOrganization["SessionLimits"]()

    def __str__(self) -> str:
        return f"limits of {self.organization_id}"
