"""Issue a code with which one device of a person can be enrolled without a browser."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants.actor import Actor
from tenants.directory import one_time
from tenants.directory.change import note_of_person
from tenants.directory.known_secrets import remember
from tenants.directory.models import ApiClient, EnrollmentCode
from tenants.events import DirectoryKind


@transaction.atomic
def issue_enrollment_code(*, person_id: UUID, actor: Actor) -> str:
    """Return a fresh code, good for ten minutes and one use; codes of before are withdrawn."""
    EnrollmentCode.objects.filter(person_id=person_id, used_at__isnull=True).delete()
    code = one_time.new_code()
    EnrollmentCode.objects.create(
        code_hash=one_time.code_hash(code), person_id=person_id, expires_at=timezone.now() + one_time.LIFETIME
    )
    application = ApiClient.objects.of_installation().filter(person_id=person_id).first()
    if application is not None:
        remember(application, actor)
    note_of_person(kind=DirectoryKind.ENROLLMENT_CODE_ISSUED, person_id=person_id, actor=actor)
    return code
