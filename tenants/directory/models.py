"""Who exists: people, their addresses, where they belong, and the devices and applications that act for them.

All of it is in the shared schema, because a policy may name a person or a group of another organization and
identity must resolve in one query.
"""

import secrets
import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from tenants.directory.managers import OfOrganization, People
from tenants.organizations.models import Organization


def new_feed_id() -> bytes:
    """Return the random id under which a device appears in the revocation feed."""
    return secrets.token_bytes(16)


class Person(AbstractBaseUser):
    """One person of this installation, or the account of an application (``is_service``).

    ``email`` is only where mail goes and what the sign-in page shows; what a person may be matched by are the proven
    rows of ``Address``.  ``epoch`` rises with every change to the person's own rows.  ``time_zone`` is where
    a date without a time means midnight (docs/protocol.md P26); ``language`` is "" for whatever the browser asks for.
    ``access_generation`` rises whenever everything that the person is signed in with ends: sessions and codes that
    carry an older number are worth nothing, even one that was under way at that moment.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.CharField(max_length=254, db_index=True)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=10, blank=True, default="")
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    is_service = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    epoch = models.BigIntegerField(default=1, editable=False)
    access_generation = models.BigIntegerField(default=1, db_default=1, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = People()

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """Return the name that screens show."""
        return str(self)

    def get_session_auth_hash(self) -> str:
        """Return what a session is bound to: the password, and the generation of the person's access."""
        bound = f"{self.password}\0{self.access_generation}"
        return salted_hmac("tenants.directory.session", bound, algorithm="sha256").hexdigest()


class Address(models.Model):
    """A mail address of a person: proven, or merely asserted (P12).

    ``proven_by`` is empty for an address that only somebody else asserts: it is a contact and matches nothing.
    ``asserted_by`` is the organization that said so, whether or not that proved anything.  ``proven_at`` is when it was
    proven last, and stays when that proof ends.  ``coded_until`` is the end of the last time for which a mailed code
    counted as proof for an outsider (P22): it gives nothing else, and nothing after that moment.
    """

    class Proof(models.TextChoices):
        """Who proved that the address is the person's."""

        NOBODY = ""
        PERSON = "person"
        ORGANIZATION = "organization"
        HOME = "home"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="addresses")
    address = models.CharField(max_length=254)
    domain = models.CharField(max_length=253, db_index=True)
    asserted_by = models.ForeignKey(Organization, null=True, on_delete=models.SET_NULL, related_name="+")
    proven_by = models.CharField(max_length=12, choices=Proof.choices, default=Proof.NOBODY)
    proven_at = models.DateTimeField(null=True)
    coded_until = models.DateTimeField(null=True)

    class Meta:
        """A proven address belongs to exactly one person of the installation."""

        constraints = [
            models.UniqueConstraint(fields=["person", "address"], name="directory_address_once_for_a_person"),
            models.UniqueConstraint(
                fields=["address"], condition=~Q(proven_by=""), name="directory_address_proven_once"
            ),
        ]
        indexes = [models.Index(fields=["address"], name="directory_address_lookup")]

    def __str__(self) -> str:
        return self.address


class AddressCode(models.Model):
    """A code that was mailed to an address which a person wants to have; only that person can enter it.

    Rows are kept for a day, since they are also the count of codes by person and address.  A row is there too where no
    code was mailed, because the address is somebody else's: asking must not tell.
    """

    MOST_WRONG: ClassVar[int] = 5
    """Wrong codes after which a new one must be asked for."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=254, db_index=True)
    code_hash = models.CharField(max_length=64)
    asked_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    wrong = models.PositiveSmallIntegerField(db_default=0)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"code for an address of {self.person_id}"


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


class FormerAddressHolder(models.Model):
    """When a person last lost a proven address, or a group was deleted; each has a row of its own, which stays.

    What was granted to the address before that moment, and was never used, was meant for that ``holder_id``: it is not
    for a person who proves the address afterwards, at the same company or elsewhere, nor for a group that gets it.
    Their own row does not count for them.
    """

    address = models.CharField(max_length=254)
    holder_id = models.UUIDField()
    ended_at = models.DateTimeField()

    class Meta:
        """One row for each former holder; the table keeps its name, like that of former owners."""

        db_table = "directory_partedaddress"
        constraints = [
            models.UniqueConstraint(fields=["address", "holder_id"], name="directory_address_parted_once_from_holder")
        ]

    def __str__(self) -> str:
        return self.address


class Membership(models.Model):
    """A person's place in one organization: member or guest, perhaps disabled.

    ``address`` and ``name`` are what the organization itself entered.  Of a guest it sees these and nothing else: an
    invitation must not tell who holds an address, under which name and with which others.  ``added_by`` is the
    person who did so, since together they count as one (P18); who became a member by an address that they proved has
    added themselves.  A person who left keeps the row, disabled, with ``removed_at``: the
    old identity stays refused, and its id is never given again.  ``returned_at`` is when a person who had left and
    whose account goes on elsewhere was given a place again.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    guest = models.BooleanField(default=False)
    address = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    disabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    added_by = models.UUIDField(null=True, editable=False)
    removed_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)

    objects = OfOrganization["Membership"]()

    class Meta:
        """One place for each person in each organization."""

        constraints = [
            models.UniqueConstraint(fields=["organization", "person"], name="directory_one_membership"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.organization_id}"

    @property
    def known_name(self) -> str:
        """The name under which the organization may know the person; "" when it knows none."""
        return self.name if self.guest else self.person.name

    @property
    def known_address(self) -> str:
        """The address under which the organization may know the person."""
        return self.address if self.guest and self.address else self.person.email


class Group(models.Model):
    """A group of an organization.  Its address lies in a domain that the organization has proven.

    Otherwise a hostile organization could make a group under a partner's address and collect the grants to it.
    A group can be archived instead of deleted, since a deny entry may name it (P19).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="groups")
    address = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=500, blank=True)
    version = models.IntegerField(default=1)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfOrganization["Group"]()

    def __str__(self) -> str:
        return self.address


class GroupClaim(models.Model):
    """The groups of another installation that a person is in, as their home has said (docs/protocol.md P32).

    ``home_id`` names the home.  What was said counts until ``until`` and is not asked for in between.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    home_id = models.UUIDField(db_index=True)
    addresses = ArrayField(models.CharField(max_length=254), default=list)
    until = models.DateTimeField()

    class Meta:
        """One row for each home of a person."""

        constraints = [models.UniqueConstraint(fields=["person", "home_id"], name="directory_one_claim_of_a_home")]

    def __str__(self) -> str:
        return f"groups of {self.person_id}"


class GroupMember(models.Model):
    """One member of a group: a person, another group of the same organization, or a bare address.

    An address that was added before it changed hands, or its domain did, gives nothing to its holder of now.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    member_group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="memberships")
    address = models.CharField(max_length=254, null=True, db_index=True)
    added_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfOrganization["GroupMember"]()

    class Meta:
        """Exactly one kind of member in each row, and each member once."""

        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(person__isnull=False, member_group__isnull=True, address__isnull=True)
                    | Q(person__isnull=True, member_group__isnull=False, address__isnull=True)
                    | Q(person__isnull=True, member_group__isnull=True, address__isnull=False)
                ),
                name="directory_group_member_is_one_thing",
            ),
            models.UniqueConstraint(
                fields=["group", "person", "member_group", "address"],
                name="directory_group_member_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"member of {self.group_id}"


class RoleAssignment(models.Model):
    """A role that a person, an application (by the person it acts as) or a group holds in an organization.

    A group's members hold it while they are in the group.  After ``ends_at`` it is held no more, at that very moment:
    a sweep records it then and deletes the row.  ``warned_at`` is when the end was announced by mail.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=24)
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(db_default=Now(), editable=False)
    given_by = models.UUIDField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    ends_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)

    objects = OfOrganization["RoleAssignment"]()

    class Meta:
        """A person or a group in each row, and each role once."""

        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, group__isnull=True) | Q(person__isnull=True, group__isnull=False),
                name="directory_role_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["organization", "role", "person", "group"],
                name="directory_role_held_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.organization_id}"


class RoleReceipt(models.Model):
    """That a person came to hold a role, by whom: for some days both count as one (docs/protocol.md P18).

    ``giver`` is null for an operator.  It stays when the role ends: a favour is not undone by taking it back.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    giver = models.UUIDField(null=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfOrganization["RoleReceipt"]()

    def __str__(self) -> str:
        return f"role of {self.person_id}"


class Device(models.Model):
    """One device of a person, with keys of its own; the row decides on the server, not the device's certificate.

    ``signing_key_id`` is the id that the protection package derives from the public signing key.  ``token_family``
    names the tokens that the device signs in with: they end with the device.  ``blocked_by`` are the organizations that
    take nothing from it any more, while it goes on elsewhere.  ``ends_at`` is set for the tab of an outsider: their
    device is none from then on, and its row is deleted.  ``lost_at`` says that it was revoked because it is lost.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=200)
    platform = models.CharField(max_length=40)
    signing_algorithm = models.CharField(max_length=16)
    signing_key = models.BinaryField()
    signing_key_id = models.BinaryField(unique=True)
    encryption_kem = models.CharField(max_length=40)
    encryption_key = models.BinaryField()
    feed_id = models.BinaryField(unique=True, default=new_feed_id)
    token_family = models.UUIDField(null=True, db_index=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True, db_index=True)
    blocked_by = ArrayField(models.UUIDField(), default=list, db_default=[])

    def __str__(self) -> str:
        return self.name


class ApiClient(models.Model):
    """An application of an organization: the issuer's client, bound to the person row it acts as.

    ``known_to`` are the ids of the people who have seen a secret of it.
    """

    client_id = models.CharField(max_length=100, primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_clients")
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="api_client")
    name = models.CharField(max_length=200)
    known_to = models.JSONField(default=list, db_default=[])
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    disabled_at = models.DateTimeField(null=True)

    objects = OfOrganization["ApiClient"]()

    def __str__(self) -> str:
        return self.name


class EnrollmentCode(models.Model):
    """A short code that enrolls one device without a browser: kept hashed, ten minutes, once."""

    code_hash = models.CharField(max_length=64, primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"enrollment code of {self.person_id}"


class LossCode(models.Model):
    """A code with which a person who cannot sign in reports a device lost: kept hashed, a quarter of an hour, once.

    It ends a device and nothing else, so it gives nothing to whoever gets hold of it, nor to who made it.
    """

    code_hash = models.CharField(max_length=64, primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"loss code of {self.person_id}"


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
    """A person without an account opens by a mailed code: asked for, entered, over (P22).

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


class LicensedAt(models.Model):
    """An organization at which a person was licensed something that had been granted to them.

    Documents lie in each organization's own schema; this says in which ones a person has any, so that nobody has to
    look into all of them.
    """

    pk = models.CompositePrimaryKey("person_id", "organization_id")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_index=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.person_id} at {self.organization_id}"


class Block(models.Model):
    """Somebody whom an organization keeps out, whatever they are granted there (P19, decision 37).

    ``value`` is a normal address, a mail domain or another organization's id.  ``person_id`` is who had the address
    when it was blocked: another address does not let them in.  ``until`` is when it ends by itself.
    """

    class Kind(models.TextChoices):
        """What the value is; the values of two kinds never look alike."""

        ADDRESS = "address"
        DOMAIN = "domain"
        ORGANIZATION = "organization"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.CharField(max_length=254)
    subdomains = models.BooleanField(db_default=False)
    person_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=500)
    until = models.DateTimeField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    made_by = models.UUIDField(null=True)
    made_by_address = models.CharField(max_length=254, blank=True)

    objects = OfOrganization["Block"]()

    class Meta:
        """One row for each name, found by the names and the id of the person who asks."""

        constraints = (models.UniqueConstraint(fields=["organization", "value"], name="directory_one_block"),)
        indexes = (models.Index(fields=["organization", "person_id"], name="directory_blocked_person"),)

    def __str__(self) -> str:
        return f"block of {self.value}"


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


class Revocation(models.Model):
    """Access that people lost at one moment: by themselves, by the named groups, or on one device alone.

    ``joined`` says that the groups hold them from now on: what these are shut out of is lost.
    """

    people = ArrayField(models.UUIDField())
    groups = ArrayField(models.UUIDField(), default=list)
    joined = models.BooleanField(db_default=False)
    device_feed_id = models.BinaryField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"revocation {self.pk}"


class PendingRevocation(models.Model):
    """A revocation that one organization has not put into its revocation feed yet.

    ``looked_at`` says that it did not concern everybody it names when it was looked at the first time.
    """

    revocation = models.ForeignKey(Revocation, on_delete=models.CASCADE, related_name="pending")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    looked_at = models.BooleanField(db_default=False)

    def __str__(self) -> str:
        return f"{self.revocation_id} for {self.organization_id}"


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


class Operator(models.Model):
    """A person who may look after the installation in the browser; only ``manage.py operators`` adds one.

    ``address`` is the one they were added by.  They are an operator only while it is proven to be theirs.
    """

    person = models.OneToOneField(Person, primary_key=True, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.address


class IssuerKey(models.Model):
    """A signing key of the issuer, sealed under the root key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sealed = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return str(self.id)
