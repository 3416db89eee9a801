"""What is kept of users and groups; `/Schemas` says the same, and everything else that a client sends is ignored.

The classes describe themselves to clients: names, types and what may be changed are read off their fields.
"""

from typing import Annotated, Any, ClassVar, Final, Union

from pydantic import Field
from scim2_models import (
    CaseExact,
    ComplexAttribute,
    ExtensibleStringEnum,
    Extension,
    Mutability,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Uniqueness,
)
from scim2_models.resources.resource import AnyExtension
from scim2_models.urn import URN

MOST_EMAILS: Final = 20
MOST_RESULTS: Final = 200
MOST_OPERATIONS: Final = 100
MOST_BYTES: Final = 1_048_576


class Name(ComplexAttribute):
    """The parts of a person's name."""

    formatted: str | None = Field(None, max_length=200)
    family_name: str | None = Field(None, max_length=200)
    given_name: str | None = Field(None, max_length=200)


class Email(ComplexAttribute):
    """One address of a person."""

    class Type(ExtensibleStringEnum):
        """What it is for."""

        work = "work"
        home = "home"
        other = "other"

    value: str | None = Field(None, max_length=254)
    type: Type | None = None
    primary: bool | None = None


class User(Resource[AnyExtension]):
    """A member of the organization."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = Field(None, max_length=254)
    name: Name | None = None
    display_name: str | None = Field(None, max_length=200)
    title: str | None = Field(None, max_length=200)
    active: Annotated[bool | None, Required.true] = None
    emails: list[Email] | None = Field(None, max_length=MOST_EMAILS)


class EnterpriseUser(Extension):
    """What companies keep of a member."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    department: str | None = Field(None, max_length=200)


class GroupMember(ComplexAttribute):
    """A user or a group in a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[
        Reference[Union["User", "Group"]] | None,  # type: ignore[type-arg]  # names, which the library looks up
        Mutability.immutable,
    ] = Field(None, serialization_alias="$ref", validation_alias="$ref")
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User", "Group"])
    display: Annotated[str | None, Mutability.read_only] = None


class Group(Resource[Any]):
    """A group, which gives its members what policies grant to its address."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = Field(None, max_length=200)
    members: list[GroupMember] | None = None

    Members: ClassVar[type[ComplexAttribute]] = GroupMember


FullUser: Final = User[EnterpriseUser]

POLICY: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""Attributes that are not kept are ignored, and PATCH is read in the forms that Entra ID sends."""

CONFIG: Final = ServiceProviderConfig.model_validate(
    {
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": MOST_OPERATIONS, "maxPayloadSize": MOST_BYTES},
        "filter": {"supported": True, "maxResults": MOST_RESULTS},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token of a provisioning connection, from the page People, Provisioning.",
                "primary": True,
            }
        ],
    }
)

PROVIDER: Final = ScimProvider(
    models=[User, EnterpriseUser, Group],
    resource_types=[ResourceType.from_resource(FullUser), ResourceType.from_resource(Group)],
    config=CONFIG,
    policy=POLICY,
)
