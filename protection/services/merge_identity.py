"""A person's account takes in another one of theirs, with what that one was granted and refused here (decision 48).

What was recorded keeps the id of the account of then, and so do the documents that it protected.
"""

from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Least

from audit.selectors.schemas import schemas_where
from protection.models import (
    AccessRequest,
    ContentRevocation,
    FirstOpening,
    GrantBinding,
    PersonalGrant,
    RequestState,
)

_NAMED: Final = (
    "exists (select from {schema}.audit_eventpersonal where person_id = {person})"
    " or exists (select from {schema}.protection_grantbinding where identity = {person})"
    " or exists (select from {schema}.protection_contentrevocation where identity = {person})"
)


def schemas_naming(person: UUID, schemas: list[str]) -> list[str]:
    """Return the schemas in which something is known of a person: elsewhere there is nothing to move."""
    return schemas_where(_NAMED, schemas, person=person)


@transaction.atomic
def merge_identity(*, kept: UUID, merged: UUID, address: str) -> None:
    """Put what the current organization granted ``merged``, and took back from them, under ``kept``.

    ``address`` is what ``kept`` is called.  Where both have rights of their own on a document, those given last count;
    the days after the first opening count from the earlier one.
    """
    GrantBinding.objects.filter(identity=merged).update(identity=kept)
    ContentRevocation.objects.filter(identity=merged).update(identity=kept)
    _merge_first_openings(kept, merged)
    _merge_personal_grants(kept, merged, address)
    open_ones = AccessRequest.objects.filter(person_id=kept, state=RequestState.OPEN)
    rows = AccessRequest.objects.filter(person_id=merged)
    rows.filter(state=RequestState.OPEN, content_id__in=open_ones.values("content_id")).delete()
    rows.update(person_id=kept, address=address)


def _merge_first_openings(kept: UUID, merged: UUID) -> None:
    rows, own = (FirstOpening.objects.filter(person_id=one) for one in (merged, kept))
    earlier = rows.filter(content_id=OuterRef("content_id")).values("at")[:1]
    own.filter(content_id__in=rows.values("content_id")).update(at=Least(F("at"), Subquery(earlier)))
    rows.filter(content_id__in=own.values("content_id")).delete()
    rows.update(person_id=kept)


def _merge_personal_grants(kept: UUID, merged: UUID, address: str) -> None:
    rows, own = (PersonalGrant.objects.filter(person_id=one) for one in (merged, kept))
    given = dict(own.values_list("content_id", "given_at"))
    older = [row.pk for row in rows.filter(content_id__in=given) if row.given_at <= given[row.content_id]]
    rows.filter(pk__in=older).delete()
    own.filter(content_id__in=rows.values("content_id")).delete()
    rows.update(person_id=kept, address=address)
