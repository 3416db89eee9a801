"""Keys of authenticator apps and seeds of recovery codes, sealed under the root key, which no database dump holds."""

import base64
from datetime import datetime
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Max

from chancery.crypto import aead, labels

SEALED: Final = "sealed:"


def seal(text: str) -> str:
    """Return what is kept of a second factor's secret."""
    wrapped = aead.wrap(settings.CHANCERY_ROOT_KEY, text.encode(), labels.SECOND_FACTOR)
    return SEALED + base64.b64encode(wrapped).decode()


def unseal(kept: str) -> str:
    """Return the secret; raises CannotUnseal for what was not sealed here."""
    wrapped = base64.b64decode(kept.removeprefix(SEALED))
    return aead.unwrap(settings.CHANCERY_ROOT_KEY, wrapped, labels.SECOND_FACTOR).decode()


def newest_second_factor(person_id: UUID) -> datetime | None:
    """Return when the person last set up a second factor, recovery codes included; None without any."""
    newest: datetime | None = Authenticator.objects.filter(user_id=person_id).aggregate(at=Max("created_at"))["at"]
    return newest


def has_second_factor(person_id: UUID) -> bool:
    """Tell whether the person has set up an authenticator app or a passkey."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user_id=person_id, type__in=kinds).exists())
