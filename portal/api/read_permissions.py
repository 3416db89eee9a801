"""Read permissions of applications over the API: asked for, approved by another person, used, withdrawn."""

from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from chancery.policy.rights import Right
from portal.api.examples import PLAN, done, listed
from portal.api.framework import (
    ANYBODY,
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
from portal.api.read_permission_items import (
    FIRST,
    PERMISSION,
    PermissionBody,
    PermissionItem,
    PermissionShown,
    Query,
    ReadableAnswer,
    answer_of,
    permission_json,
    read_json,
)
from portal.api.scopes import scope_members
from portal.api.sealed_reports import ReportFile
from portal.license_requests import person_named
from portal.usecases.read_permissions.answer import approve, decline, withdraw
from portal.usecases.read_permissions.ask import PermissionRequest, ask
from portal.usecases.read_permissions.query import held_permission, readable_documents
from portal.usecases.read_permissions.report import permission_report
from portal.usecases.read_permissions.visible import VisiblePermission, visible_permission, visible_permissions
from protection.selectors.approvals import STATES
from tenants.directory.selectors.people import person_known_as


class ReadPermissions(OrganizationView):
    """Read permissions of the organization's applications."""

    needs = {"GET": ANYBODY, "POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="List read permissions of applications",
        description="Administrators and auditors see all, an application its own.",
        parameters=[
            OpenApiParameter("state", str, enum=list(STATES)),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("ReadPermissionList", PermissionItem),
        examples=[OpenApiExample("Permissions", listed(PERMISSION))],
    )
    def get(self, request: Request) -> Response:
        """Answer with the newest."""
        state, cursor = request.query_params.get("state", ""), request.query_params.get("cursor", "")
        if state and state not in STATES:
            raise serializers.ValidationError({"state": [_("There is no such state.")]})
        limit, before = limit_of(request), number_of(cursor, "cursor") if cursor else None
        found = visible_permissions(caller=self.caller, state=state, limit=limit, before=before).rows
        return page([permission_json(one) for one in found], str(found[-1].facts.number) if len(found) == limit else "")

    @extend_schema(
        summary="Ask for a read permission of an application",
        description=(
            "Asked first: the question says what it covers. Needs a reason and a recent sign-in, and the approval of"
            " an administrator who is independent of you."
        ),
        request=PermissionBody,
        responses=answer_of("ReadPermissionAsked"),
        examples=[
            OpenApiExample(
                "Everything",
                {
                    "application": "svc-1f",
                    "kind": "all",
                    "reason": "Full-text search for all members",
                    "confirm": "Search",
                },
                request_only=True,
            ),
            OpenApiExample(
                "Asked",
                done(
                    "Read permission 2 waits for the approval of another administrator.",
                    permission=FIRST,
                    number=2,
                    state="waiting",
                ),
                response_only=True,
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask, or say what would be asked for."""
        wanted = checked(PermissionBody, request.data)
        members = {name: wanted[name] for name in ("application", "kind", "days", "case")}
        requested = PermissionRequest(
            **members,
            **scope_members(wanted),
            people=tuple(dict.fromkeys(wanted["people"])),
            people_group=wanted["people_group"].strip().casefold(),
        )
        return effect_response(
            ask(caller=self.caller, organization=self.organization, requested=requested, stated=self.stated(wanted))
        )


class ReadPermissionDetail(OrganizationView):
    """One read permission."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Show one read permission and what was read by it",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=PermissionShown,
        examples=[OpenApiExample("Permission", {**PERMISSION, "documents_read": 0, "read": [], "next": ""})],
    )
    def get(self, request: Request, permission_id: UUID) -> Response:
        """Answer to administrators, auditors and the application; 404 for others."""
        cursor = request.query_params.get("cursor", "")
        found = visible_permission(
            caller=self.caller,
            permission_id=permission_id,
            limit=limit_of(request),
            after=number_of(cursor, "cursor") if cursor else 0,
        )
        shown = permission_json(VisiblePermission(found.facts, found.used_at))
        following = str(found.next_place) if found.next_place else ""
        read = [read_json(one) for one in found.read]
        return Response({**shown, "documents_read": found.documents, "read": read, "next": following})


class ApproveReadPermission(OrganizationView):
    """The approval of another administrator."""

    needs = {"POST": Permission.SUPER_USERS_APPROVE}

    @extend_schema(
        summary="Approve a read permission that another person asked for",
        description="Asked first: confirm is the permission's number. Needs a recent sign-in. Its days begin at once.",
        request=Confirmed,
        responses=answer_of("ReadPermissionApproved"),
        examples=[OpenApiExample("Approve", {"confirm": "2"}, request_only=True)],
    )
    def post(self, request: Request, permission_id: UUID) -> Response:
        """Let it begin."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            approve(caller=self.caller, organization=self.organization, permission_id=permission_id, stated=stated)
        )


class DeclineReadPermission(OrganizationView):
    """The answer no."""

    needs = {"POST": Permission.SUPER_USERS_APPROVE}

    @extend_schema(
        summary="Decline a read permission that waits for approval",
        request=Confirmed,
        responses=answer_of("ReadPermissionDeclined"),
        examples=[OpenApiExample("Decline", {"reason": "Name a template"}, request_only=True)],
    )
    def post(self, request: Request, permission_id: UUID) -> Response:
        """End the request."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            decline(caller=self.caller, organization=self.organization, permission_id=permission_id, stated=stated)
        )


class WithdrawReadPermission(OrganizationView):
    """The end at once."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Withdraw a read permission",
        description="By administrators and auditors. Asked first: confirm is the permission's number.",
        request=Confirmed,
        responses=answer_of("ReadPermissionWithdrawn"),
        examples=[OpenApiExample("Withdraw", {"confirm": "2"}, request_only=True)],
    )
    def post(self, request: Request, permission_id: UUID) -> Response:
        """Withdraw it."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            withdraw(caller=self.caller, organization=self.organization, permission_id=permission_id, stated=stated)
        )


class ReadPermissionReport(OrganizationView):
    """The sealed report."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Get the sealed report of a read permission",
        description=(
            "To administrators and auditors. A JSON object that chancery read-permission report --verify checks against"
            " the ledger: the signed report, an entry for each step and for the last reading of each document with its"
            " proof, and signed checkpoints."
        ),
        responses=ReportFile,
        examples=[
            OpenApiExample(
                "Report", {"report": "eyJhbGciOi…", "entries": [], "checkpoints": ["chancery.example/ledger/…"]}
            )
        ],
    )
    def get(self, request: Request, permission_id: UUID) -> Response:
        """Answer with the file; 409 while nothing was approved."""
        return Response(permission_report(caller=self.caller, permission_id=permission_id).members)


class ReadableDocuments(OrganizationView):
    """What a person may read now."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Ask which documents a person may read now",
        description=(
            "For an application with a permission to read for people, which shows search results to somebody. Decided"
            " as a license request would be, but nothing is opened. Recorded once. Needs a device proof."
        ),
        request=Query,
        responses=ReadableAnswer,
        examples=[
            OpenApiExample("Two", {"for_person": "max@contoso.example", "documents": [PLAN]}, request_only=True),
            OpenApiExample("One", {"documents": [PLAN]}, response_only=True),
        ],
    )
    def post(self, request: Request, permission_id: UUID) -> Response:
        """Answer with those of the documents."""
        held = held_permission(caller=self.caller, permission_id=permission_id)
        wanted, device = checked(Query, request.data), self.device()
        found = readable_documents(
            caller=self.caller,
            held=held,
            device=device.id,
            person=person_named(wanted["for_person"], lambda address: person_known_as(self.organization.id, address)),
            cids=wanted["documents"],
            enforces=frozenset(right for right in Right if right in wanted["enforces"]),
        )
        return Response({"documents": [str(cid) for cid in found.documents]})
