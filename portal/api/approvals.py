"""What waits for the caller's approval, over the API."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.examples import OPENING, listed
from portal.api.framework import ANYBODY, Answer, OrganizationView, limit_of, page, page_answer
from portal.usecases.approvals import waiting_approvals
from protection.selectors.approvals import Kind

APPROVAL = {
    "kind": "super_user_grant",
    "id": OPENING,
    "number": 3,
    "what": "Super-user grant 3",
    "asked_by": "olga@contoso.example",
    "asked_at": "2026-11-29T09:00:00Z",
    "reason": "Case 17",
}


class ApprovalItem(Answer):
    """One thing that waits."""

    kind = serializers.ChoiceField(choices=[one.value for one in Kind])
    id = serializers.UUIDField(help_text="By which it is approved or declined among those of its kind.")
    number = serializers.IntegerField(help_text="How people call it; 0 for what has no number.")
    what = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True)


class Approvals(OrganizationView):
    """What waits for the caller."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="List what waits for your approval",
        description="Super-user grants, read permissions, hand-overs and requests for names that the caller may approve"
        " now, and access reviews in which something waits for their answer, the oldest first.",
        parameters=[OpenApiParameter("limit", int)],
        responses=page_answer("ApprovalList", ApprovalItem),
        examples=[OpenApiExample("Waiting", listed(APPROVAL))],
    )
    def get(self, request: Request) -> Response:
        """Answer oldest first."""
        found = waiting_approvals(caller=self.caller).rows
        return page([ApprovalItem(one).data for one in found[: limit_of(request)]])
