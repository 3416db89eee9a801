"""Access reviews over the API: started, answered, closed, and as a file."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import PLAN, done, listed
from portal.api.framework import (
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    number_of,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.usecases.effects import EffectAnswer, effect_answer
from portal.usecases.personal_data import PersonalData
from portal.usecases.reviews.answer import keep_item, remove_item
from portal.usecases.reviews.start import WantedReview, begin_review, end_review
from portal.usecases.reviews.visible import (
    ShownItem,
    exported_review,
    visible_review,
    visible_reviews,
)
from protection.selectors.reviews import ReviewFacts
from protection.services.reviews import KINDS

QUARTER: Final[dict[str, Any]] = {
    "id": PLAN,
    "number": 3,
    "name": "Every quarter",
    "kinds": ["roles", "applications"],
    "reviewers": ["ada@contoso.example"],
    "started_by": "ada@contoso.example",
    "started_at": "2026-11-29T09:00:00Z",
    "due_at": "2026-12-13T09:00:00Z",
    "every_months": 3,
    "next_at": "2027-02-27T09:00:00Z",
    "removes": False,
    "state": "open",
    "items": 12,
    "open": 4,
    "kept": 7,
    "removed": 1,
    "closed_at": None,
    "closed_by": "",
}
ITEM: Final[dict[str, Any]] = {
    "id": 17,
    "kind": "roles",
    "whom": "olga@contoso.example",
    "what": "the role Auditor",
    "since": "2026-03-01T09:00:00Z",
    "given_by": "Ada Adams",
    "last_used": "2026-11-20T09:00:00Z",
    "answer": "kept",
    "reason": "Still audits",
    "answered_by": "ada@contoso.example",
    "answered_at": "2026-11-30T09:00:00Z",
    "failure": "",
    "may_answer": False,
}
STATES: Final = ("open", "overdue", "closed")
_SHOWN: Final = (
    "number",
    "name",
    "started_by",
    "every_months",
    "next_at",
    "removes",
    "state",
    "items",
    "open",
    "kept",
    "removed",
)


class ReviewBody(Confirmed):
    """What is to be reviewed, by whom, until when."""

    name = serializers.CharField(max_length=200)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=list(KINDS)), help_text="Roles, super users and so on; at least one."
    )
    groups = serializers.ListField(
        child=serializers.CharField(max_length=320),
        required=False,
        default=list,
        help_text="Addresses of the groups whose direct members are reviewed; with the kind groups alone.",
    )
    reviewers = serializers.ListField(
        child=serializers.CharField(max_length=320),
        required=False,
        default=list,
        help_text="Addresses of administrators; left out, all of them.",
    )
    days = serializers.IntegerField(required=False, default=14, help_text="Days until it is due.")
    every_months = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="After how many months the next one begins by itself."
    )
    removes = serializers.BooleanField(
        required=False, default=False, help_text="Whether what nobody keeps is taken away on the due day."
    )


class ReviewShown(Answer):
    """One review."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    name = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    reviewers = serializers.ListField(child=serializers.CharField())
    started_by = serializers.CharField()
    started_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    every_months = serializers.IntegerField(allow_null=True)
    next_at = serializers.DateTimeField(
        allow_null=True, help_text="When the next one begins by itself; null where none does, or it has begun."
    )
    removes = serializers.BooleanField()
    state = serializers.ChoiceField(choices=list(STATES))
    items = serializers.IntegerField()
    open = serializers.IntegerField(help_text="Items that nobody has answered.")
    kept = serializers.IntegerField()
    removed = serializers.IntegerField()
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField(allow_blank=True)


class ReviewItemShown(Answer):
    """One item of a review."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=list(KINDS))
    whom = serializers.CharField()
    what = serializers.CharField(help_text="In the caller's language.")
    since = serializers.DateTimeField(allow_null=True)
    given_by = serializers.CharField(allow_blank=True)
    last_used = serializers.DateTimeField(allow_null=True, help_text="Or last seen here; null for never.")
    answer = serializers.CharField(allow_blank=True, help_text="kept, removed, or gone; empty while it is open.")
    reason = serializers.CharField(allow_blank=True)
    answered_by = serializers.CharField(allow_blank=True, help_text="Empty where it was taken away by itself.")
    answered_at = serializers.DateTimeField(allow_null=True)
    failure = serializers.CharField(allow_blank=True, help_text="Why it could not be taken away by itself.")
    may_answer = serializers.BooleanField(help_text="Whether the caller may keep or remove it.")


class ReviewFileShown(Answer):
    """A review as a file."""

    name = serializers.CharField()
    content_type = serializers.CharField()
    text = serializers.CharField()


class Reviews(OrganizationView):
    """Access reviews."""

    needs = {"GET": Permission.AUDIT_READ, "POST": Permission.ROLES_MANAGE}

    @extend_schema(
        summary="List access reviews, the newest first",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=page_answer("ReviewList", ReviewShown),
        examples=[OpenApiExample("Reviews", listed(QUARTER))],
    )
    def get(self, request: Request) -> Response:
        """Answer with one page."""
        cursor = request.query_params.get("cursor", "")
        before = number_of(cursor, "cursor") if cursor else None
        found = visible_reviews(caller=self.caller, before=before, limit=limit_of(request))
        return page([_review(one) for one in found.rows], "" if found.next is None else str(found.next))

    @extend_schema(
        summary="Start an access review",
        description=(
            "Of what there is now. With removes it is asked first and needs a recent sign-in: confirm is the number of"
            " items. Reviewers are mailed, and reminded three days before it is due."
        ),
        request=ReviewBody,
        responses={
            201: effect_answer("ReviewStarted", id=serializers.UUIDField(), items=serializers.IntegerField()),
        },
        examples=[
            OpenApiExample(
                "Roles", {"name": "Every quarter", "kinds": ["roles"], "every_months": 3}, request_only=True
            ),
            OpenApiExample(
                "Started",
                done("The review “Every quarter” has begun, with 12 items.", id=PLAN, items=12),
                response_only=True,
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Begin it."""
        body = checked(ReviewBody, request.data)
        wanted = WantedReview(**{name: value for name, value in body.items() if name not in Confirmed().fields})
        stated = self.stated(body)
        made = begin_review(caller=self.caller, organization=self.organization, wanted=wanted, stated=stated)
        return effect_response(made, 201)


class ReviewDetail(OrganizationView):
    """One access review."""

    needs = {"GET": Permission.AUDIT_READ}

    @extend_schema(
        summary="Show an access review",
        responses=ReviewShown,
        examples=[OpenApiExample("Review", QUARTER)],
    )
    def get(self, request: Request, review_id: UUID) -> Response:
        """Answer with how many items are answered how."""
        return Response(_review(visible_review(caller=self.caller, review_id=review_id, limit=1).review))


class ReviewItems(OrganizationView):
    """The items of an access review."""

    needs = {"GET": Permission.AUDIT_READ}
    reads = {"GET": PersonalData.PEOPLE}

    @extend_schema(
        summary="List the items of an access review",
        parameters=[
            OpenApiParameter("open", bool, description="Only what nobody has answered."),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("ReviewItemList", ReviewItemShown),
        examples=[OpenApiExample("Items", listed(ITEM))],
    )
    def get(self, request: Request, review_id: UUID) -> Response:
        """Answer with who may what, since when, given by whom, and when it was last used."""
        after = number_of(request.query_params.get("cursor") or "0", "cursor")
        answer = "" if request.query_params.get("open") == "true" else None
        found = visible_review(
            caller=self.caller, review_id=review_id, after=after, limit=limit_of(request), answer=answer
        )
        return page([_item(one) for one in found.items], "" if found.next is None else str(found.next))


class ReviewFileView(OrganizationView):
    """An access review as a file."""

    needs = {"GET": Permission.AUDIT_READ}
    reads = {"GET": PersonalData.PEOPLE}

    @extend_schema(
        summary="Export an access review with its answers",
        parameters=[OpenApiParameter("as", str, description="csv or json.")],
        responses=ReviewFileShown,
        examples=[
            OpenApiExample("CSV", {"name": "review-3.csv", "content_type": "text/csv", "text": "id,kind,whom\r\n"})
        ],
    )
    def get(self, request: Request, review_id: UUID) -> Response:
        """Answer with the name, the kind and the text of the file."""
        form = "json" if request.query_params.get("as") == "json" else "csv"
        found = exported_review(caller=self.caller, review_id=review_id, form=form)
        return Response({"name": found.name, "content_type": found.content_type, "text": found.text})


class KeepItem(OrganizationView):
    """Attest one item."""

    needs = {"POST": Permission.ROLES_MANAGE}

    @extend_schema(
        summary="Keep what is reviewed",
        description="Asked first: confirm is whom it concerns. Needs a reason. Not about oneself.",
        request=Confirmed,
        responses={200: EffectAnswer},
        examples=[
            OpenApiExample(
                "Kept", {"confirm": "olga@contoso.example", "reason": "Still administers"}, request_only=True
            )
        ],
    )
    @idempotent
    def post(self, request: Request, review_id: UUID, item: int) -> Response:
        """Keep it, with the reason."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(keep_item(caller=self.caller, review_id=review_id, item=item, stated=stated))


class RemoveItem(OrganizationView):
    """Take one item away."""

    needs = {"POST": Permission.ROLES_MANAGE}

    @extend_schema(
        summary="Remove what is reviewed",
        description="Asked first: confirm is whom it concerns. Needs a reason and a recent sign-in. Not about oneself.",
        request=Confirmed,
        responses={200: EffectAnswer},
        examples=[
            OpenApiExample("Removed", {"confirm": "olga@contoso.example", "reason": "Moved on"}, request_only=True)
        ],
    )
    @idempotent
    def post(self, request: Request, review_id: UUID, item: int) -> Response:
        """Take it away at once, as where it stands."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(remove_item(caller=self.caller, review_id=review_id, item=item, stated=stated))


class CloseReview(OrganizationView):
    """Close one access review."""

    needs = {"POST": Permission.ROLES_MANAGE}

    @extend_schema(
        summary="Close an access review and stop repeating it",
        description=(
            "Asked first where something is open or it is repeated: confirm is its name. One that closed by itself on"
            " its day is closed again to stop repeating it."
        ),
        request=Confirmed,
        responses={200: EffectAnswer},
        examples=[OpenApiExample("Close", {"confirm": "Every quarter"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, review_id: UUID) -> Response:
        """Let nothing in it be answered any more."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(end_review(caller=self.caller, review_id=review_id, stated=stated))


def _review(one: ReviewFacts) -> dict[str, Any]:
    return {
        "id": str(one.id),
        **{name: getattr(one, name) for name in _SHOWN},
        "kinds": list(one.kinds),
        "reviewers": list(one.reviewer_addresses),
        "started_at": one.started_at,
        "due_at": one.due_at,
        "closed_at": one.closed_at,
        "closed_by": one.closed_by,
    }


def _item(one: ShownItem) -> dict[str, Any]:
    names = ("id", "kind", "whom", "since", "given_by", "last_used", "answer", "reason", "answered_by", "answered_at")
    found = {name: getattr(one.item, name) for name in names}
    return {**found, "what": one.what, "failure": one.item.failure, "may_answer": one.answers}
