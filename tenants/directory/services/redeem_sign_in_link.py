"""Exchange a sign-in link for the person it was issued to, once."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.directory import one_time
from tenants.directory.errors import CodeRefused
from tenants.directory.models import SignInLink


@transaction.atomic
def redeem_sign_in_link(*, token: str) -> tuple[UUID, str]:
    """Use the link up; return the person and where the link leads."""
    now = timezone.now()
    rows = SignInLink.objects.filter(
        token_hash=one_time.token_hash(token), used_at__isnull=True, expires_at__gt=now, person__is_active=True
    )
    found = rows.values_list("person_id", "goes_to").first()
    if found is None or rows.update(used_at=now) != 1:
        raise CodeRefused(_("This link is not valid."))
    return found
