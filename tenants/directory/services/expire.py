"""Delete one-time secrets that are over, so that tables of hashes do not grow for ever."""

from datetime import timedelta
from typing import Final

from allauth.idp.oidc.models import Token
from django.db import transaction
from django.utils import timezone

from tenants.directory.models import (
    AddressCode,
    BrowserSession,
    CodeSession,
    Device,
    EnrollmentCode,
    LossCode,
    SignInLink,
    SpentSecret,
)
from tenants.directory.services.limit_sessions import end_sessions_over_limits
from tenants.directory.services.note_browser import forget_browsers

COUNTED_FOR: Final = timedelta(days=1)
"""How long mailed codes are kept: by them it is counted how often somebody asks."""


@transaction.atomic
def expire() -> int:
    """Delete codes, links, sessions, tokens, spent tokens and tabs of outsiders whose time is over; return how many.

    Nothing is recorded: what they could do ended when they expired.
    """
    now = timezone.now()
    count = 0
    for model in (EnrollmentCode, LossCode, SignInLink, SpentSecret, Token):
        deleted, _by_model = model.objects.filter(expires_at__lt=now).delete()
        count += deleted
    count += Device.objects.filter(ends_at__lt=now).delete()[0]
    for codes in (CodeSession, AddressCode):
        count += codes.objects.filter(asked_at__lt=now - COUNTED_FOR).delete()[0]
    count += end_sessions_over_limits() + forget_browsers()
    return count + BrowserSession.objects.filter(expire_date__lt=now).delete()[0]
