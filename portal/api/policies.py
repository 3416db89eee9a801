"""Policies as the API's description declares them.

What they mean is decided by ``chancery.policy``, which reads them strictly; these serializers only describe.
"""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chancery.policy.days import LAST_MOMENT
from chancery.policy.policy import MAX_OFFLINE_DAYS, MAX_OPENING_DAYS, Enforcement, Strength
from portal.api.framework import Answer

WHO = "An e-mail address, address:, domain: or organization: with a value, or authenticated."

ENFORCEMENT = "viewer: readers see pages that the service draws, and only owners and people with EXPORT get the key."
UNTIL = "The grant's own end in seconds since 1970, from which it gives nothing; left out where it has none."
WATERMARK = "Whether reader, time and document are shown over the content; left out where not."


STRENGTHS: Final = [one.value for one in Strength]


class PolicyGrant(serializers.Serializer[dict[str, Any]]):
    """One entry that grants rights."""

    who = serializers.CharField(max_length=320, help_text=WHO)
    rights = serializers.ListField(
        child=serializers.CharField(max_length=320), help_text="Codes of rights; a request may name levels too."
    )
    until = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=LAST_MOMENT, help_text=UNTIL
    )


class PolicyConditions(serializers.Serializer[dict[str, Any]]):
    """What an opening must meet beyond being granted; what is left out is no condition."""

    strength = serializers.ChoiceField(
        choices=STRENGTHS, required=False, help_text="The weakest sign-in that is enough."
    )
    networks = serializers.ListField(child=serializers.CharField(max_length=320), required=False)
    times = serializers.ListField(
        child=serializers.CharField(max_length=320),
        required=False,
        help_text="When it opens, like “mon-fri 08:00-18:00 Europe/Berlin”.",
    )
    platforms = serializers.ListField(child=serializers.CharField(max_length=320), required=False)
    not_before = serializers.IntegerField(required=False, min_value=0, max_value=LAST_MOMENT)
    not_after = serializers.IntegerField(required=False, min_value=0, max_value=LAST_MOMENT)
    post_quantum = serializers.BooleanField(required=False)
    account_required = serializers.BooleanField(required=False, help_text="Whether a mailed code is not enough.")
    enforced = serializers.ListField(
        child=serializers.CharField(max_length=320),
        required=False,
        help_text="Rights that a program must enforce for people who were not granted them.",
    )


class ShownPolicy(Answer):
    """A policy in its canonical form."""

    v = serializers.IntegerField()
    grants = PolicyGrant(many=True)
    deny = serializers.ListField(child=serializers.CharField())
    expires = serializers.IntegerField(allow_null=True, help_text="Seconds since 1970; null for never.")
    expires_after_opening_days = serializers.IntegerField(
        required=False, help_text="Days from a person's own first opening; left out for no such end."
    )
    offline_days = serializers.IntegerField(help_text="-1 for no limit of its own, 0 for a license at each opening.")
    lease = serializers.IntegerField(
        allow_null=True, help_text="Seconds for which a cached license counts without a fresh feed."
    )
    enforcement = serializers.ChoiceField(choices=[one.value for one in Enforcement], help_text=ENFORCEMENT)
    watermark = serializers.BooleanField(required=False, help_text=WATERMARK)
    conditions = PolicyConditions()


class WrittenPolicy(serializers.Serializer[dict[str, Any]]):
    """A policy as a request states it; what is left out takes its safe default."""

    v = serializers.IntegerField(required=False, min_value=1, max_value=1)
    grants = PolicyGrant(many=True, required=False)
    deny = serializers.ListField(child=serializers.CharField(max_length=320, help_text=WHO), required=False)
    expires = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=LAST_MOMENT)
    expires_after_opening_days = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_OPENING_DAYS
    )
    offline_days = serializers.IntegerField(required=False, allow_null=True, min_value=-1, max_value=MAX_OFFLINE_DAYS)
    lease = serializers.IntegerField(required=False, allow_null=True, min_value=60, max_value=30 * 86_400)
    enforcement = serializers.ChoiceField(
        choices=[one.value for one in Enforcement], required=False, help_text=ENFORCEMENT
    )
    watermark = serializers.BooleanField(required=False, help_text=WATERMARK)
    conditions = PolicyConditions(required=False)


class PolicyConditionsPatch(serializers.Serializer[dict[str, Any]]):
    """What is to be different of the conditions; null removes one."""

    strength = serializers.ChoiceField(choices=STRENGTHS, required=False, allow_null=True)
    networks = serializers.ListField(child=serializers.CharField(max_length=320), required=False, allow_null=True)
    times = serializers.ListField(child=serializers.CharField(max_length=320), required=False, allow_null=True)
    platforms = serializers.ListField(child=serializers.CharField(max_length=320), required=False, allow_null=True)
    not_before = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=LAST_MOMENT)
    not_after = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=LAST_MOMENT)
    post_quantum = serializers.BooleanField(required=False, allow_null=True)
    account_required = serializers.BooleanField(required=False, allow_null=True)
    enforced = serializers.ListField(child=serializers.CharField(max_length=320), required=False, allow_null=True)


_RIGHTS: Final = {"type": "array", "items": {"type": "string", "maxLength": 320}}
_GIVEN: Final = {
    "type": "object",
    "properties": {
        "rights": _RIGHTS,
        "until": {"type": "integer", "nullable": True, "minimum": 0, "maximum": LAST_MOMENT},
    },
    "required": ["rights"],
    "additionalProperties": False,
}


@extend_schema_field({"oneOf": [_RIGHTS, _GIVEN, {"type": "array", "items": _GIVEN, "minItems": 1}], "nullable": True})
class GivenField(serializers.Field[Any, Any, Any, Any]):
    """What one entry gives, which ``patched`` reads: rights, rights with their end, or several of these."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class PolicyPatch(WrittenPolicy):
    """A JSON merge patch of a policy; null removes an entry or a member."""

    v = None  # type: ignore[assignment]  # how the framework leaves out an inherited member
    grants = serializers.DictField(  # type: ignore[assignment]  # by whom they mean, not a list
        child=GivenField(allow_null=True),
        required=False,
        allow_null=True,
        help_text=(
            "What is granted, by whom it is granted to, in the place of all that they were granted: rights,"
            " or an object of rights and until, or a list of such objects. Rights alone have no end."
        ),
    )
    deny = serializers.DictField(  # type: ignore[assignment]  # as above
        child=serializers.BooleanField(allow_null=True), required=False, allow_null=True, help_text="true to deny."
    )
    enforcement = serializers.ChoiceField(choices=[one.value for one in Enforcement], required=False, allow_null=True)
    watermark = serializers.BooleanField(required=False, allow_null=True)
    conditions = PolicyConditionsPatch(  # type: ignore[assignment]  # as above
        required=False, allow_null=True
    )


@extend_schema_field(WrittenPolicy)
class PolicyField(serializers.DictField):
    """A whole policy, which ``parse_policy`` reads."""


@extend_schema_field(PolicyPatch)
class PolicyPatchField(serializers.DictField):
    """A patch of a policy, which ``patched`` reads."""


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "integer"},
            {"type": "boolean"},
            {"type": "array", "items": {"type": "string"}},
            _GIVEN,
            {"type": "array", "items": _GIVEN, "minItems": 1},
        ],
        "nullable": True,
    }
)
class MemberValue(serializers.Field[Any, Any, Any, Any]):
    """The value of one member of a policy; null where the member is not there, a grant's in the forms of a patch."""


class PolicyDifference(Answer):
    """One member that differs between two policies."""

    member = serializers.CharField(help_text="Its name in the policy, as in conditions.strength.")
    who = serializers.CharField(allow_blank=True, help_text="Whom the entry of grants or deny is about.")
    before = MemberValue()
    after = MemberValue()


class ShownGrant(PolicyGrant):
    """One entry that grants rights, with the level that these rights make."""

    level = serializers.CharField(allow_null=True)


class PersonalGrant(Answer):
    """What one person was granted on a document beside its policy."""

    who = serializers.CharField()
    rights = serializers.ListField(child=serializers.CharField())
    until = serializers.IntegerField(allow_null=True, help_text="Seconds since 1970; null for no end of its own.")
    given_at = serializers.DateTimeField()
    taken = serializers.BooleanField(help_text="Whether access was revoked for this person.")
