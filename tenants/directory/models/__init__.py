"""Who exists: people, their addresses, where they belong, and the devices and applications that act for them.

All of it is in the shared schema, because a policy may name a person or a group of another organization and
identity must resolve in one query.
"""

from tenants.directory.models.access import Block, LicensedAt, PendingRevocation, Revocation
from tenants.directory.models.addresses import Address, AddressCode, FormerAddressHolder
from tenants.directory.models.application_credentials import ApplicationCredential
from tenants.directory.models.contacts import Contact
from tenants.directory.models.devices import ApiClient, Device, EnrollmentCode, LossCode, new_feed_id
from tenants.directory.models.domains import FormerDomainOwner, MailDomain, TakeOver
from tenants.directory.models.groups import Group, GroupClaim, GroupMember
from tenants.directory.models.installation import IssuerKey, Operator
from tenants.directory.models.memberships import Membership
from tenants.directory.models.people import MergeCode, Person
from tenants.directory.models.roles import RoleAssignment, RoleReceipt
from tenants.directory.models.signing_in import (
    BrowserSession,
    CodeSession,
    KnownBrowser,
    SessionLimits,
    SignInLink,
    SpentSecret,
)

__all__ = [
    "Address",
    "AddressCode",
    "ApiClient",
    "ApplicationCredential",
    "Block",
    "BrowserSession",
    "CodeSession",
    "Contact",
    "Device",
    "EnrollmentCode",
    "FormerAddressHolder",
    "FormerDomainOwner",
    "Group",
    "GroupClaim",
    "GroupMember",
    "IssuerKey",
    "KnownBrowser",
    "LicensedAt",
    "LossCode",
    "MailDomain",
    "Membership",
    "MergeCode",
    "Operator",
    "PendingRevocation",
    "Person",
    "Revocation",
    "RoleAssignment",
    "RoleReceipt",
    "SessionLimits",
    "SignInLink",
    "SpentSecret",
    "TakeOver",
    "new_feed_id",
]
