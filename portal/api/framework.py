"""What all API views share: caller and permission, problems, pages of results, idempotent writes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar, Final, NoReturn
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import exceptions, serializers
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chancery.policy.permission import Permission
from portal.identity.bearer import Authenticated, caller, token_shown
from portal.identity.proof import ProvenDevice, prove, proven_device, refuse_replay
from portal.languages import reason_of
from portal.request_facts import client_address
from portal.subjects.subject import may_act
from portal.throttle import retry_after
from portal.usecases.caller import Caller, caller_at
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.personal_data import PersonalData, personal_data_read
from portal.usecases.refused_calls import call_refused
from tenants.actor import Actor as DirectoryActor
from tenants.directory.selectors.devices import device_of
from tenants.naming import NameRefused, address, free_text
from tenants.organizations.selectors import OrganizationFacts


def plain(request: Request) -> HttpRequest:
    """Return Django's own request, for code that runs before the framework as well."""
    found: HttpRequest = request._request  # noqa: SLF001 - documented by the framework as the way to it
    return found


def members(request: Request) -> Mapping[str, Any]:
    """Return the body's members; a body that is no object is refused."""
    if not isinstance(request.data, Mapping):
        raise exceptions.ValidationError({"body": [_("Send a JSON object.")]})
    return request.data


class TooManyRequests(APIException):
    """The person's rate limit is used up."""

    status_code = HTTPStatus.TOO_MANY_REQUESTS
    default_code = "too_many_requests"
    default_detail = gettext_lazy("Too many requests.")

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = wait


class Refused(APIException):
    """The person may not do this here."""

    status_code = HTTPStatus.FORBIDDEN
    default_code = "not_permitted"
    default_detail = gettext_lazy("You may not do this here.")


class MayCall(BasePermission):
    """Asks the view which permission it needs; a view of an organization that names none refuses."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the standing permits this method."""
        if not isinstance(view, OrganizationView):
            return False
        if not view.while_disabled:
            if view.organization.id in token_shown(request).blocked_at:
                raise Refused(BLOCKED)
            if not view.caller.active:
                return False
        needed = view.needs.get(request.method or "")
        if needed is None:
            return request.method == "OPTIONS"
        return needed == ANYBODY or view.caller.may(Permission(needed)) or (needed == MEMBER and view.caller.member)


MAX_DIGITS: Final = 15
"""Digits of the largest number of a query parameter; more fit into no column."""
ANYBODY: Final = "anybody"
"""Any signed-in person: what they see or do is decided by the use case."""
BLOCKED: Final = gettext_lazy("An administrator of this organization has blocked this device here.")
MEMBER: Final = "member"
"""Any member of the organization, guests excluded."""


class BaseView(APIView):
    """A view at the base domain: any signed-in person, about themselves."""

    permission_classes: Sequence[type[BasePermission]] = (Authenticated,)
    without_proof: ClassVar[bool] = False
    """Whether a device that does not know yet that it is enrolled may write here: the enrollment."""
    for_outsiders: ClassVar[frozenset[str]] = frozenset()
    """The methods that are open to a person without an account, who has proven an address by a mailed code."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the rate limit after authentication, and that a write comes from the device of its token.

        Who copies a token on its way has none of the device's keys, so they change nothing with it.  A sign-in that has
        enrolled no device, an application's for one, has nothing to prove with.
        """
        super().initial(request, *args, **kwargs)
        wait = retry_after(f"api:{caller(request).id}")
        if wait:
            raise TooManyRequests(wait)
        own = token_shown(request).devices
        writes = request.method not in SAFE_METHODS and not self.without_proof
        if writes and own and self.device().id not in own:
            raise Refused(_("The proof is made by another device than the one that this token belongs to."))

    def device(self) -> ProvenDevice:
        """Return the device that proves to have sent this request, for the first time."""
        device = prove(plain(self.request), caller(self.request).id)
        refuse_replay(plain(self.request))
        return device


class OrganizationView(BaseView):
    """A view at an organization's host.  ``needs`` maps each method to the permission it takes."""

    permission_classes = (Authenticated, MayCall)
    needs: ClassVar[Mapping[str, str]] = {}
    reads: ClassVar[Mapping[str, PersonalData]] = {}
    """What a method shows of others, which is put on record; whom it is about is in its address."""
    while_disabled: ClassVar[bool] = False
    """Whether a person or device that is shut out here may call it: the feed, which tells the device so."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Put on record what this call is about to show of others."""
        super().initial(request, *args, **kwargs)
        what = self.reads.get(request.method or "")
        if what is not None:
            self.record_reading(what, next((one for one in kwargs.values() if isinstance(one, UUID)), None))

    def record_reading(self, what: PersonalData, about: UUID | None = None) -> None:
        """Put on record that the caller reads others' data."""
        personal_data_read(caller=self.caller, organization=self.organization, what=what, about=about)

    @property
    def organization(self) -> OrganizationFacts:
        """The organization whose host was asked."""
        found: OrganizationFacts = plain(self.request).organization  # type: ignore[attr-defined]  # by middleware
        return found

    @property
    def caller(self) -> Caller:
        """What the caller is here; built once per request."""
        if not hasattr(self, "_standing"):
            self._standing = caller_at(
                self.organization,
                caller(self.request),
                ip=client_address(plain(self.request)),
                source="api",
                strength=token_shown(self.request).authentication.strength,
            )
        return self._standing

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> NoReturn:
        """Record what a member tried without its permission, and refuse it."""
        needed = self.needs.get(request.method or "", "")
        if request.successful_authenticator and self.caller.active and needed in set(Permission):
            self.refuse(Permission(needed))
        super().permission_denied(request, message, code)

    def refuse(self, missing: Permission) -> None:
        """Record that the caller lacks a permission for this request."""
        operation = f"{self.request.method} {self.request.path}"
        call_refused(caller=self.caller, organization=self.organization, missing=missing, operation=operation)

    def stated(self, wanted: Mapping[str, Any]) -> Stated:
        """Return what the caller states about an act that asks first."""
        return stated_by(self.request, wanted)

    def device(self) -> ProvenDevice:
        """Return the device that proves to have sent this request, and record it with whatever is done."""
        if hasattr(self, "_device"):
            return self._device
        device = proven_device(plain(self.request), caller(self.request).id, self.organization)
        # Its keys may be kept for seconds, whether it is revoked is read now.
        facts = device_of(caller(self.request).id, device.id)
        if facts is None or facts.revoked_at is not None:
            raise Refused(_("This device has been revoked; sign in again to enroll it anew."))
        if self.organization.id in facts.blocked_by:
            raise Refused(BLOCKED)
        self._standing = replace(self.caller, device=device.id, device_name=device.name)
        self._device: ProvenDevice = device
        return device


def directory_actor(request: Request) -> DirectoryActor:
    """Return the caller as the directory records them, for views at the base domain."""
    person = caller(request)
    return DirectoryActor(
        person_id=person.id,
        name=person.name or person.email,
        source="api",
        ip=client_address(plain(request)),
        address=person.email,
        application=person.is_service,
    )


def refuse_disabled(person: UUID) -> None:
    """Refuse certificates to people whom their own organization has disabled."""
    if not may_act(person):
        raise Refused(_("Your account is disabled by your organization."))


def stated_by(request: Request, wanted: Mapping[str, Any]) -> Stated:
    """Return what a caller states, with the sign-in behind the token; an application has none."""
    token = token_shown(request)
    authentication = token.authentication if token.application_of is None else None
    return Stated(wanted.get("confirm", ""), wanted.get("reason", ""), authentication)


def checked(serializer: type[serializers.Serializer[Any]], data: object) -> dict[str, Any]:
    """Return the validated input; unknown members are refused, since one may be a misspelled restriction."""
    bound = serializer(data=data)
    bound.is_valid(raise_exception=True)
    if isinstance(data, Mapping):
        unknown = sorted(set(data) - set(bound.fields))
        if unknown:
            raise exceptions.ValidationError({name: [_("This member is not known.")] for name in unknown})
        numbers = [name for name, field in bound.fields.items() if _is_number_for_text(field, data.get(name))]
        if numbers:
            raise exceptions.ValidationError({name: [_("This is not a text.")] for name in numbers})
    return dict(bound.validated_data)


def _is_number_for_text(field: serializers.Field[Any, Any, Any, Any], value: object) -> bool:
    """Tell whether a number stands where the description says text, which the framework would take."""
    if isinstance(field, serializers.CharField):
        return isinstance(value, int | float)
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return any(_is_number_for_text(field.child, one) for one in value)
    if isinstance(field, serializers.Serializer) and isinstance(value, Mapping):
        return any(_is_number_for_text(one, value.get(name)) for name, one in field.fields.items())
    return False


class FreeText(serializers.CharField):
    """A reason, note, message or description, which may have several lines."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text with line feeds as its only line ends."""
        try:
            return free_text(super().to_internal_value(data))
        except NameRefused as error:
            raise exceptions.ValidationError(reason_of(error)) from None


class Answer(serializers.Serializer[Any]):
    """Part of an answer; it only describes, since views make their answers themselves."""


class Confirmed(serializers.Serializer[Any]):
    """What confirms an act that asks first."""

    confirm = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=400,
        help_text="The name of what it is done to. Without it 409 confirmation_required says what would happen.",
    )
    reason = FreeText(
        required=False, allow_blank=True, default="", max_length=500, help_text="Why; recorded, needed where asked."
    )


TOTAL: Final = serializers.IntegerField(
    required=False, help_text="How many match, with the first page; left out where it is not known."
)
UNTIL: Final = serializers.DateTimeField(
    allow_null=True, required=False, help_text="Until when cached licenses can open something; null for no license."
)


def page_answer(name: str, item: Any, /, **members: Any) -> Any:
    """Return the serializer of a page of results, for the API's description; ``item`` describes one result."""
    is_serializer = isinstance(item, type) and issubclass(item, serializers.Serializer)
    results = item(many=True) if is_serializer else serializers.ListField(child=item)
    following = serializers.CharField(allow_blank=True, help_text="The cursor of the next page; empty on the last one.")
    return inline_serializer(name, {"results": results, "next": following, **members})


def effect_response(effect: Effect, status: int = HTTPStatus.OK) -> Response:
    """Answer what a write has changed for whom."""
    return Response(effect.as_json(), status=status)


def page(results: Sequence[object], next_cursor: str = "", total: int | None = None) -> Response:
    """Return one page of results and the cursor of the next, "" at the end; ``total`` where it is known."""
    counted = {} if total is None else {"total": total}
    return Response({"results": results, "next": next_cursor, **counted})


def limit_of(request: Request, default: int = 50, largest: int = 200) -> int:
    """Return how many results the caller wants."""
    return max(1, min(number_of(request.query_params.get("limit", str(default)), "limit"), largest))


@extend_schema_field({"type": "string", "format": "email"})
class MailAddress(serializers.CharField):
    """A mail address by the rule of the directory and of policies, in its normal form."""

    def to_internal_value(self, data: Any) -> str:
        """Return the normal form."""
        try:
            return address(super().to_internal_value(data))
        except NameRefused as error:
            raise exceptions.ValidationError(reason_of(error)) from None


def number_of(text: str, name: str) -> int:
    """Return a number out of a query parameter: of entries, statements or bytes, as a database can count them."""
    if not (text.isascii() and text.isdigit()) or len(text) > MAX_DIGITS:
        raise exceptions.ValidationError({name: [_("This is not a number.")]})
    return int(text)


def uuid_of(text: str, name: str) -> UUID:
    """Return an id out of a query parameter."""
    try:
        return UUID(text)
    except ValueError:
        raise exceptions.ValidationError({name: [_("This is not an id.")]}) from None
