"""What somebody tried that their role, or a limit on who protects, does not permit is recorded (promises C81, C50)."""

from typing import Final

from audit.services.count_unauthenticated import count_unauthenticated
from audit.services.hourly_count import nth_this_hour
from chancery.policy.permission import Permission
from portal.usecases.caller import Caller
from portal.usecases.permissions import ADMINISTRATIVE
from protection.services.protecting import ProtectingNotAllowed, refuse_protecting
from protection.services.refuse_call import refuse_call
from tenants.organizations.selectors import OrganizationFacts

RECORDED_AN_HOUR: Final = 20
"""How many refused calls of one person an organization records in an hour, in each process; further ones it counts."""
LONGEST: Final = 200


def call_refused(*, caller: Caller, organization: OrganizationFacts, missing: Permission, operation: str) -> None:
    """Record a call that takes a permission of administrators or auditors and was refused for want of it.

    ``operation`` is the method and the path that was asked for.  What people do every day is left out: a guest whose
    program asks for templates has not tried to administer anything.  Calls of strangers, who have no place in the
    organization, are counted like those of people not signed in, as anybody can have an account.
    """
    if missing not in ADMINISTRATIVE:
        return
    number = nth_this_hour(place=f"{organization.schema_name} calls", who=str(caller.person)) if caller.roles else 0
    if not 1 <= number <= RECORDED_AN_HOUR:
        count_unauthenticated(place=organization.schema_name, address=caller.ip)
        return
    refuse_call(
        actor=caller.actor,
        operation=operation[:LONGEST],
        missing=missing.value,
        last=number == RECORDED_AN_HOUR,
    )


def protecting_refused(*, caller: Caller, organization: OrganizationFacts, error: ProtectingNotAllowed) -> None:
    """Record that a member who may not protect here tried to; of many within an hour the first ones."""
    number = nth_this_hour(place=f"{organization.schema_name} protecting", who=str(caller.person))
    if number <= RECORDED_AN_HOUR:
        refuse_protecting(
            actor=caller.actor,
            excluded=error.excluded,
            platform=error.platform,
            last=number == RECORDED_AN_HOUR,
        )
