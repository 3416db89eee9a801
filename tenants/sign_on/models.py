"""Sign-on connections of organizations: identity providers that sign their people in, and who is signed in by them.

Whose account belongs to which subject of a provider is in the account suite's table of outside accounts, under
``SignOnConnection.provider``: whatever ends a person's other ways to sign in ends that too.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.directory.models import Group, Person
from tenants.organizations.models import Organization


class SignOnConnection(models.Model):
    """One identity provider of one organization.

    ``metadata`` and ``keys`` are what was read of the provider, at ``read_at``; ``client_id`` and ``sealed_secret`` are
    the client's name and secret in OpenID Connect, the secret sealed by the portal.  ``domains`` are the mail domains
    it speaks for, of which only those count that the organization has proven.  ``subject_claim`` is what names a
    person for good; OpenID Connect knows only ``sub``.  ``second_factors`` are the values of ``acr`` and ``amr`` that
    mean a second factor, and ``asks_for`` the ``acr_values`` that ask for one; in SAML both are of ``AuthnContext``.
    ``break_glass`` are the administrators who may still sign in by themselves while sign-on is enforced.
    """

    class Protocol(models.TextChoices):
        """How the provider is spoken to."""

        OIDC = "oidc"
        SAML = "saml"

    class State(models.TextChoices):
        """Whom it signs in: nobody, nobody but tries of administrators, who wants to, or everybody of its domains."""

        OFF = "off"
        TEST = "test"
        ON = "on"
        ENFORCED = "enforced"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    protocol = models.CharField(max_length=10, choices=Protocol.choices, default=Protocol.OIDC)
    issuer = models.CharField(max_length=500)
    metadata = models.JSONField(default=dict)
    keys = models.JSONField(default=dict)
    read_at = models.DateTimeField()
    client_id = models.CharField(max_length=255)
    sealed_secret = models.BinaryField(null=True)
    domains = ArrayField(models.CharField(max_length=253), default=list)
    subject_claim = models.CharField(max_length=200, default="sub")
    address_claim = models.CharField(max_length=200, default="email")
    name_claim = models.CharField(max_length=200, default="name")
    groups_claim = models.CharField(max_length=200, blank=True, default="")
    second_factors = ArrayField(models.CharField(max_length=200), default=list)
    asks_for = models.CharField(max_length=500, blank=True, default="")
    makes_accounts = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFF)
    break_glass = ArrayField(models.UUIDField(), default=list)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfOrganization["SignOnConnection"]()

    class Meta:
        """Found by domain at every sign-in."""

        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="sign_on_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def provider(self) -> str:
        """Return the name under which the account suite's table knows it."""
        return f"sign-on:{self.id}"


class SignOnKey(models.Model):
    """A key of a connection that speaks SAML, sealed by the portal, with its certificate as base64 of its DER form.

    A connection has one of each use at most: the one that signs, one that will, and the one that signed before and
    still decrypts.
    """

    class Use(models.TextChoices):
        """What a key is for now."""

        CURRENT = "current"
        NEXT = "next"
        PREVIOUS = "previous"

    connection = models.ForeignKey(SignOnConnection, on_delete=models.CASCADE, related_name="own_keys")
    use = models.CharField(max_length=10, choices=Use.choices)
    sealed_key = models.BinaryField()
    certificate = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        """One of each use."""

        constraints = [models.UniqueConstraint(fields=["connection", "use"], name="sign_on_key_once")]

    def __str__(self) -> str:
        return f"{self.use} of {self.connection_id}"


class SignOnGroup(models.Model):
    """A group whose members a connection sets at each sign-in: who comes with the value is in it, who does not is not.

    One connection at most owns a group, or two of them would take people in and out in turn.
    """

    connection = models.ForeignKey(SignOnConnection, on_delete=models.CASCADE, related_name="groups")
    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="+")
    value = models.CharField(max_length=255)

    def __str__(self) -> str:
        return f"{self.value} to {self.group_id}"


class SignOnSession(models.Model):
    """One sign-in by a provider, which sessions and tokens name that came out of it.

    The provider is an organization's connection, or the home of the person at another installation (docs/protocol.md
    P32), whose
    sign-ins are over at ``ends_at``.
    ``sid`` is the provider's own name of its session, by which it says that the session is over, and ``name_id`` what
    it calls the person in it, where that is another name than the subject.  ``sealed_hint`` is what its page for
    signing out asks for, sealed by the portal.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(SignOnConnection, null=True, on_delete=models.CASCADE, related_name="sessions")
    home_id = models.UUIDField(null=True, db_index=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=191)
    sid = models.CharField(max_length=255, blank=True)
    name_id = models.CharField(max_length=256, blank=True, default="")
    sealed_hint = models.BinaryField(null=True)
    began_at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)
    ends_at = models.DateTimeField(null=True, db_index=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Found by what a provider calls them."""

        constraints = [
            models.CheckConstraint(
                condition=Q(connection__isnull=False, home_id__isnull=True)
                | Q(connection__isnull=True, home_id__isnull=False, ends_at__isnull=False),
                name="sign_on_session_of_one_provider",
            )
        ]
        indexes = [
            models.Index(fields=["connection", "subject"], name="sign_on_session_subject"),
            models.Index(fields=["connection", "sid"], name="sign_on_session_sid"),
            models.Index(fields=["connection", "name_id"], name="sign_on_session_name_id"),
        ]

    def __str__(self) -> str:
        return str(self.id)
