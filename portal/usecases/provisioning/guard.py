"""A connection that shuts out many people at once is stopped, until an administrator has looked at it."""

from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.notifications.provisioning import mail_connection_stopped
from portal.usecases.provisioning.connections import administrators, connection_page
from portal.usecases.provisioning.provisioner import Provisioner
from tenants.connections.services.change_connection import stop_connection
from tenants.connections.services.keep import lock_resource, shut_out_since
from tenants.directory.selectors.people import count_members

WINDOW: Final = 3600
"""Seconds within which people are counted."""


class TooManyShutOut(Exception):
    """The connection has shut out as many people as it may; the request is not carried out, and it is stopped."""

    def __init__(self, shut_out: int) -> None:
        super().__init__(_("Too many people were disabled or deleted within an hour."))
        self.shut_out = shut_out


def allowance(members: int) -> int:
    """Return how many people a connection may shut out within the window."""
    return max(settings.CHANCERY_PROVISIONING_LEAST, members * settings.CHANCERY_PROVISIONING_PERCENT // 100)


def require_allowance(provisioner: Provisioner) -> None:
    """Let pass who may shut out one more person.  Raises TooManyShutOut.

    One at a time: two requests at once could both be the last that is allowed.
    """
    organization, connection = provisioner.organization.id, provisioner.connection
    unguarded = connection.unguarded_until
    if provisioner.counted or (unguarded is not None and unguarded > timezone.now()):
        return
    lock_resource(connection.id)
    shut_out = shut_out_since(organization_id=organization, connection_id=connection.id, seconds=WINDOW)
    # Those who are shut out already were members when the hour began.
    if shut_out >= allowance(count_members(organization) + shut_out):
        raise TooManyShutOut(shut_out)


@transaction.atomic
def stop(provisioner: Provisioner, error: TooManyShutOut) -> None:
    """Stop the connection and mail the administrators; outside the transaction that was given up."""
    organization, connection = provisioner.organization, provisioner.connection
    stopped = stop_connection(
        organization_id=organization.id,
        connection_id=connection.id,
        shut_out=error.shut_out,
        actor=provisioner.caller.directory_actor,
    )
    if stopped:
        page = connection_page(organization, connection.id)
        readers = administrators(organization.id)
        mail_connection_stopped(readers, connection=connection.name, people=error.shut_out, page=page)
