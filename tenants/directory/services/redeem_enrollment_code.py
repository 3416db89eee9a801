"""Exchange an enrollment code for the person it was issued to, once."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.directory import one_time
from tenants.directory.errors import CodeRefused
from tenants.directory.models import EnrollmentCode


@transaction.atomic
def redeem_enrollment_code(*, code: str) -> UUID:
    """Use the code up and return the person; counts as a sign-in of this moment.

    Compare and swap, so that two devices with the same code cannot both succeed.
    """
    now = timezone.now()
    rows = EnrollmentCode.objects.filter(
        code_hash=one_time.code_hash(code), used_at__isnull=True, expires_at__gt=now, person__is_active=True
    )
    person_id = rows.values_list("person_id", flat=True).first()
    if person_id is None or rows.update(used_at=now) != 1:
        raise CodeRefused(_("This code is not valid."))
    return person_id
