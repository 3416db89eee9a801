"""The API around licenses: certificates, publishing, registering, the feed, reports.

Licenses themselves are answered by ``portal.fastpath``.
"""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.errors import InvalidObject, InvalidPolicy
from chancery.objects import jws
from chancery.policy.days import LAST_MOMENT
from chancery.policy.permission import Permission
from chancery.policy.policy import parse_policy
from chancery.policy.reasons import WORDS
from chancery.texts import message
from portal import clock
from portal.api.errors import problem_response
from portal.api.examples import EMPLOYEES_ONLY, OPENING, PLAN
from portal.api.framework import ANYBODY, OrganizationView, Refused, checked, members, number_of
from portal.api.policies import PolicyField
from portal.languages import translate
from portal.license_requests import whole_item_of
from portal.problems import Problem
from portal.subjects.directory import DirectoryOf
from portal.subjects.owners import Owner, owner_known_as, require_owner
from portal.usecases.protecting import may_protect
from protection.selectors.protecting import Excluded
from protection.services.certify import DeviceKeys, licensor_certificate
from protection.services.license_request import LicenseRequest
from protection.services.protecting import WHY, step_of
from protection.services.publish import Publication, publish_online
from protection.services.receive_checkpoint import receive_checkpoint
from protection.services.register import RegistrationRefused
from protection.services.register_on_first_use import register_on_first_use
from protection.services.report import Reported, report
from protection.services.state_feed import feed_statement

PROOF = OpenApiParameter(
    "Chancery-Proof", str, OpenApiParameter.HEADER, required=True, description="The device proof of this request."
)


class Certificates(OrganizationView):
    """Client licensor certificates."""

    needs = {"GET": Permission.FILES_PROTECT, "POST": Permission.FILES_PROTECT}

    @extend_schema(
        summary="Ask whether you may protect here, before anything is asked of you",
        parameters=[OpenApiParameter("platform", str, description="The kind of device that is to protect.")],
        responses=inline_serializer(
            "ProtectingStanding",
            {
                "allowed": serializers.BooleanField(),
                "message": serializers.CharField(allow_blank=True),
                "next_step": serializers.CharField(allow_blank=True),
            },
        ),
        examples=[
            OpenApiExample(
                "Not in a group",
                {
                    "allowed": False,
                    "message": WHY[Excluded.NOT_IN_GROUP],
                    "next_step": step_of(Excluded.NOT_IN_GROUP, ""),
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Answer with whom to ask where you may not."""
        found = may_protect(caller=self.caller, platform=request.query_params.get("platform", ""))
        said = {"message": translate(found.why), "next_step": translate(found.next_step)}
        return Response({"allowed": found.allowed, **said})

    @extend_schema(
        summary="Get the certificate with which this device may publish",
        parameters=[PROOF],
        request=None,
        responses=inline_serializer(
            "LicensorCertificate",
            {
                "certificate": serializers.CharField(),
                "delegation": serializers.CharField(),
                "feed": serializers.ListField(child=serializers.CharField()),
            },
        ),
        examples=[
            OpenApiExample(
                "Certificate",
                {"certificate": "eyJhbGci…", "delegation": "eyJhbGci…", "feed": ["q83v…"]},
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Issue a certificate for 31 days."""
        device = self.device()
        licensor = licensor_certificate(
            organization=self.organization.id,
            actor=self.caller.actor,
            device=DeviceKeys(device.id, device.person, device.signing, device.encryption, device.platform),
            device_feed_id=device.feed_id,
            directory=DirectoryOf(self.organization.id),
            now=clock.now(),
            owner_other=self.caller.may(Permission.FILES_PROTECT_FOR_OTHERS),
        )
        feed = [jws.b64(feed_id) for feed_id in licensor.feed]
        return Response({"certificate": licensor.certificate, "delegation": licensor.delegation, "feed": feed})


class NewPublication(serializers.Serializer[dict[str, Any]]):
    """What is to be published."""

    template = serializers.UUIDField(required=False)
    policy = PolicyField(required=False)
    title = serializers.CharField(required=False, allow_blank=True, max_length=255, default="")
    expires = serializers.IntegerField(required=False, min_value=0, max_value=LAST_MOMENT)
    offline_days = serializers.IntegerField(required=False, min_value=-1, max_value=65_535)
    label = serializers.UUIDField(required=False)  # type: ignore[assignment]  # the one linked to the template
    owner = serializers.CharField(
        required=False, max_length=320, help_text="The address of another member who is to own it; takes a permission."
    )


class Publications(OrganizationView):
    """Online publishing."""

    needs = {"POST": Permission.FILES_PROTECT}

    @extend_schema(
        summary="Publish online: the service makes key and license, the client encrypts",
        parameters=[PROOF],
        request=NewPublication,
        responses={
            201: inline_serializer(
                "Publication",
                {
                    "cid": serializers.UUIDField(),
                    "publishing_license": serializers.CharField(),
                    "use_license": serializers.CharField(),
                    "delegation": serializers.CharField(),
                },
            )
        },
        examples=[
            OpenApiExample("By template", {"template": EMPLOYEES_ONLY, "title": "plan.docx"}, request_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Answer with the publishing license and the caller's own use license; no key crosses in clear."""
        device = self.device()
        wanted = checked(NewPublication, request.data)
        if ("template" in wanted) == ("policy" in wanted):
            raise InvalidObject(
                message("Name either a template or a policy."), remedy=message("Send exactly one of the two.")
            )
        owner = self._owner(wanted["owner"]) if "owner" in wanted else None
        published = publish_online(
            request=LicenseRequest(
                organization=self.organization.id,
                iss=settings.CHANCERY_BASE_URL,
                device=DeviceKeys(device.id, device.person, device.signing, device.encryption, device.platform),
                device_name=device.name,
                ip=self.caller.ip,
                source=self.caller.source,
                directory=DirectoryOf(self.organization.id),
            ),
            actor=self.caller.actor,
            device_feed_id=device.feed_id,
            publication=Publication(
                policy=parse_policy(wanted["policy"]) if "policy" in wanted else None,
                template=wanted.get("template"),
                title=wanted["title"],
                expires=wanted.get("expires"),
                offline_days=wanted.get("offline_days"),
                label=wanted.get("label"),
                owner=None if owner is None else owner.id,
                owner_address="" if owner is None else owner.address,
            ),
            now=clock.now(),
        )
        body = {
            "cid": str(published.cid),
            "publishing_license": published.publishing_license,
            "use_license": published.use_license,
            "delegation": published.delegation,
        }
        return Response(body, status=HTTPStatus.CREATED)

    def _owner(self, address: str) -> Owner:
        """Return the future owner of the document.  Raises Refused for people who may not name another owner."""
        if not self.caller.may(Permission.FILES_PROTECT_FOR_OTHERS):
            raise Refused(_("You may not protect documents for another owner."))
        found = owner_known_as(self.organization.id, address)
        if found is None:
            raise InvalidPolicy(
                message("No member of the organization has the address {address}.", address=address),
                remedy=message("Name the address of a member."),
            )
        require_owner(
            self.organization.id, found, application=self.caller.person if self.caller.is_application else None
        )
        return found


REGISTRATION = inline_serializer(
    "Registration", {"cid": serializers.UUIDField(), "registration": serializers.CharField()}
)


class Registrations(OrganizationView):
    """Documents protected offline, made known."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Register a document that was protected offline",
        parameters=[PROOF],
        request=inline_serializer(
            "NewRegistration",
            {"publishing_license": serializers.CharField(), "body_seal": serializers.CharField()},
        ),
        responses={200: REGISTRATION, 201: REGISTRATION},
        examples=[
            OpenApiExample("Document", {"publishing_license": "eyJhbGci…", "body_seal": "eyJhbGci…"}, request_only=True)
        ],
    )
    def post(self, request: Request) -> Response:
        """Register the document; 200 when it was already, 201 when it is new."""
        self.device()
        wanted = whole_item_of(members(request))
        outcome = register_on_first_use(
            organization=self.organization.id,
            item=wanted,
            directory=DirectoryOf(self.organization.id),
            actor=self.caller.actor,
            member=self.caller.member,
            now=clock.now(),
        )
        if isinstance(outcome, RegistrationRefused):
            words = WORDS[outcome.reason]
            more = {"reason": outcome.reason.value, "event": str(outcome.event)}
            code = outcome.reason.value
            return problem_response(Problem(HTTPStatus.CONFLICT, code, words.person, words.next_step, more=more))
        status = HTTPStatus.CREATED if outcome.fresh else HTTPStatus.OK
        return Response({"cid": str(outcome.cid), "registration": outcome.registration.value}, status=status)


class Feed(OrganizationView):
    """The revocation feed."""

    for_outsiders = frozenset({"GET"})

    needs = {"GET": ANYBODY}
    while_disabled = True

    @extend_schema(
        summary="Fetch the revocation feed",
        parameters=[
            OpenApiParameter("since", int, description="The number of the last statement; 0 for all."),
            OpenApiParameter(
                "Chancery-Checkpoint",
                str,
                OpenApiParameter.HEADER,
                description="The newest checkpoint that the client knows, in base64url.",
            ),
        ],
        responses=inline_serializer(
            "FeedStatement", {"statement": serializers.CharField(), "delegation": serializers.CharField()}
        ),
        examples=[OpenApiExample("Feed", {"statement": "eyJhbGci…", "delegation": "eyJhbGci…"})],
    )
    def get(self, request: Request) -> Response:
        """Answer with everything revoked since, and a heartbeat."""
        since = number_of(request.query_params.get("since", "0"), "since")
        known = request.headers.get("Chancery-Checkpoint")
        if known is not None:
            note = jws.unb64(known).decode(errors="replace")
            receive_checkpoint(organization=self.organization.id, note=note, actor=self.caller.actor)
        statement, delegation = feed_statement(organization=self.organization.id, since=since)
        return Response({"statement": statement, "delegation": delegation})


class ReportedEvent(serializers.Serializer[dict[str, Any]]):
    """One thing that happened on the client."""

    id = serializers.UUIDField()
    cid = serializers.UUIDField()
    action = serializers.CharField(
        max_length=16, help_text="opened, printed, copied, edited, saved, exported, refused or tampered."
    )
    at = serializers.IntegerField(min_value=0, max_value=LAST_MOMENT)
    allowed = serializers.BooleanField(default=True, help_text="false for an attempt that the client refused.")
    license = serializers.UUIDField(
        default=None, allow_null=True, help_text="The id (jti) of the license under which it happened."
    )
    kept = serializers.BooleanField(
        default=False,
        help_text="Whether that license was kept from an earlier opening. An opening by one that was just fetched is"
        " recorded already, and its report adds nothing.",
    )


class Events(OrganizationView):
    """What clients report of their own doing."""

    for_outsiders = frozenset({"POST"})

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Report what happened on this device",
        parameters=[PROOF],
        request=inline_serializer("Reports", {"events": ReportedEvent(many=True)}),
        responses={202: inline_serializer("Accepted", {"accepted": serializers.IntegerField()})},
        examples=[
            OpenApiExample(
                "Opened",
                {"events": [{"id": OPENING, "cid": PLAN, "action": "opened", "at": 1798675200}]},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Take reports durably before answering; reporting again is harmless."""
        device = self.device()
        events = members(request).get("events")
        if not isinstance(events, list):
            raise InvalidObject(message("'events' is a list."))
        rows = ReportedEvent(data=events, many=True)
        rows.is_valid(raise_exception=True)
        reports = [Reported(**row) for row in rows.validated_data]
        taken = report(
            actor=self.caller.actor,
            member=self.caller.member,
            device=device.id,
            reports=reports,
            now=clock.now(),
        )
        return Response({"accepted": taken}, status=HTTPStatus.ACCEPTED)
