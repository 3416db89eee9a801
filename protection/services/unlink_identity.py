"""A person who had left comes back as somebody new: what was theirs here stays with an identity of before."""

from uuid import UUID, uuid4

from django.db import transaction

from protection.models import (
    AccessRequest,
    Certificate,
    Content,
    Edition,
    FirstOpening,
    GrantBinding,
    HandOver,
    PersonalGrant,
)


@transaction.atomic
def unlink_identity(person: UUID) -> UUID:
    """Leave documents, grants and certificates of a person to an id that nobody ever has; return that id.

    Their account goes on elsewhere under its own id, so it is this organization that tells the two apart.  Access that
    was taken back from them stays taken back.
    """
    former = uuid4()
    Content.objects.filter(issuer_id=person).update(issuer_id=former)
    Content.objects.filter(owner_id=person).update(owner_id=former)
    HandOver.objects.filter(former_owner=person).update(former_owner=former)
    GrantBinding.objects.filter(identity=person).update(identity=former)
    for model in (Edition, FirstOpening, PersonalGrant, AccessRequest, Certificate):
        model.objects.filter(person_id=person).update(person_id=former)
    return former
