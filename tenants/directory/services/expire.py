"""Delete one-time secrets that are over, so that tables of hashes do not grow for ever."""

from allauth.idp.oidc.models import Token
from django.db import transaction
from django.utils import timezone

from tenants.directory.models import BrowserSession, EnrollmentCode, SignInLink, SpentSecret


@transaction.atomic
def expire() -> int:
    """Delete codes, links, sessions, tokens and spent tokens whose time is over; return how many.

    Nothing is recorded: what they could do ended when they expired.
    """
    now = timezone.now()
    count = 0
    for model in (EnrollmentCode, SignInLink, SpentSecret, Token):
        deleted, _by_model = model.objects.filter(expires_at__lt=now).delete()
        count += deleted
    return count + BrowserSession.objects.filter(expire_date__lt=now).delete()[0]
