"""People, and the accounts of applications."""

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from tenants.directory.managers import People


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


class MergeCode(models.Model):
    """A code with which a person lets another account of theirs take this one in: kept hashed, a quarter of an hour."""

    code_hash = models.CharField(max_length=64, primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"merge code of {self.person_id}"
