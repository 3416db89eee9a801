"""Background work of both Django apps in the middle, and work of the installation as a whole.

What concerns the whole installation has Celery's own base and uses no organization's schema.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from celery import Task, shared_task
from celery.signals import worker_ready
from django.utils import timezone

from audit.selectors.pending_ledgers import unsealed
from portal.celery import VIEWER_QUEUE
from portal.models import IdempotentAnswer
from portal.notifications.outbox import forget_old
from portal.notifications.send import send_due
from portal.rendering.work import begin, keep_announcing
from portal.usecases.alarms import carry_on as raise_and_mail_alarms
from portal.usecases.application_credentials import warn_of_ends
from portal.usecases.directory_servers.carry_on import carry_on_directory_servers
from portal.usecases.domain_rechecks import recheck_domains
from portal.usecases.everywhere import carry_on_everywhere
from portal.usecases.hand_overs.carry_out import carry_on
from portal.usecases.mail_notices import carry_on as mail_notices
from portal.usecases.previews.answer import answer_next
from portal.usecases.read_permissions.carry_on import close_permissions
from portal.usecases.reviews.carry_on import carry_on_reviews
from portal.usecases.revocations import propagate_revocations
from portal.usecases.role_ends import carry_on as carry_on_role_ends
from portal.usecases.role_ends import roles_ending
from portal.usecases.scheduled_revocations import carry_out_due
from portal.usecases.sign_on.certificates import warn_of_certificates
from portal.usecases.super_users.carry_on import close_and_tell
from portal.usecases.tell_owners import carry_on as tell_owners
from portal.usecases.tell_pauses import carry_on as tell_of_pauses
from protection.selectors.budgets import with_pauses_to_tell
from protection.selectors.decoys import with_alarms
from protection.selectors.everywhere import changing_everywhere
from protection.selectors.hand_overs import handing_over
from protection.selectors.notices import with_notices
from protection.selectors.previews import unanswered
from protection.selectors.read_permissions import permissions_due
from protection.selectors.reviews import reviews_due
from protection.selectors.scheduled import due_in
from protection.selectors.super_users import concerned
from protection.services.ask_preview import forget_previews
from protection.services.owner_notices import with_owners_to_tell
from tenants.directory.services.claim_groups import expire_claims
from tenants.directory.services.expire import expire
from tenants.directory_servers.selectors import organizations_with_work
from tenants.sign_on.services.sessions import end_home_sessions, expire_sign_on
from tenants.worker import fan_out

ANSWERS_KEPT: Final = timedelta(days=1)
"""How long a client may repeat a write under the same key."""

BUSY: Final[Mapping[str, Callable[[Iterable[str]], set[str]]]] = {
    "portal.answer_previews": unanswered,
    "portal.hand_over": handing_over,
    "portal.super_users": concerned,
    "portal.read_permissions": permissions_due,
    "portal.revoke_due": due_in,
    "portal.reviews": reviews_due,
    "portal.role_ends": roles_ending,
    "portal.mail_notices": with_notices,
    "portal.raise_alarms": with_alarms,
    "portal.tell_pauses": with_pauses_to_tell,
    "portal.tell_owners": with_owners_to_tell,
    "portal.everywhere": changing_everywhere,
    "portal.directory_servers": organizations_with_work,
    "protection.seal_ledger": unsealed,
}
"""How to find out, for all organizations at once, which of them a sweep concerns; without an entry it concerns all."""


@shared_task(name="portal.sweep", base=Task)
def sweep(*task_names: str) -> int:
    """Send each named task once for every active organization that has something to do.

    One that cannot look does not keep the others from it: errors are raised when all have looked.
    """
    sent: int = 0
    failed: list[Exception] = []
    for name in task_names:
        try:
            sent += fan_out(name, BUSY.get(name))
        except Exception as error:  # noqa: BLE001  # raised below
            failed.append(error)
    if failed:
        raise ExceptionGroup("Some sweeps could not look for work.", failed)
    return sent


@shared_task(name="portal.answer_previews")
def answer_previews(organization_id: str) -> int:
    """Forget old previews of one organization and answer those that wait; return how many were answered."""
    forget_previews()
    answered = 0
    while answer_next(UUID(organization_id)):
        answered += 1
    return answered


@shared_task(name="portal.hand_over")
def hand_over_documents(organization_id: str) -> int:
    """Hand over what one organization's people asked for; return how many documents got their new owner."""
    return carry_on(UUID(organization_id))


@shared_task(name="portal.super_users")
def end_grants_and_tell_owners(organization_id: str) -> int:
    """End the super-user grants whose time is over, and tell owners what was opened under one; return how many."""
    return close_and_tell(UUID(organization_id))


@shared_task(name="portal.tell_owners")
def tell_owners_of_applications(organization_id: str) -> int:
    """Mail people of one organization for whom applications protected documents; return how many."""
    return tell_owners(UUID(organization_id))


@shared_task(name="portal.read_permissions")
def end_read_permissions(organization_id: str) -> int:
    """End the read permissions of one organization whose time is over; return how many."""
    return close_permissions(UUID(organization_id))


@shared_task(name="portal.role_ends")
def announce_and_record_role_ends(organization_id: str) -> int:
    """Record the roles of one organization that have ended, and mail about those that end soon; return how many."""
    return carry_on_role_ends(UUID(organization_id))


@shared_task(name="portal.reviews")
def carry_on_access_reviews(organization_id: str) -> int:
    """Remind reviewers of one organization, take away what nobody kept, and begin reviews anew; return how many."""
    return carry_on_reviews(UUID(organization_id))


@shared_task(name="portal.everywhere")
def change_documents_everywhere(organization_id: str) -> int:
    """Change the documents that one organization's people asked for; return how many were looked at."""
    return carry_on_everywhere()


@shared_task(name="portal.directory_servers")
def read_directory_servers(organization_id: str) -> int:
    """Read the directory servers of one organization whose time has come; return how many runs were worked on."""
    return carry_on_directory_servers(UUID(organization_id))


@shared_task(name="portal.revoke_due")
def revoke_due(organization_id: str) -> int:
    """Revoke what was set to end by now at one organization; return how many revocations that were."""
    return carry_out_due(UUID(organization_id))


@shared_task(name="portal.mail_notices")
def mail_due_notices(organization_id: str) -> int:
    """Tell owners of one organization what happened to their documents; return how many mails were written."""
    return mail_notices(UUID(organization_id))


@shared_task(name="portal.raise_alarms")
def raise_alarms(organization_id: str) -> int:
    """Raise and mail alarms about decoys of one organization; return how many mails were written."""
    return raise_and_mail_alarms(UUID(organization_id))


@shared_task(name="portal.tell_pauses")
def tell_pauses(organization_id: str) -> int:
    """Record and mail who was paused at one organization; return how many people."""
    return tell_of_pauses(UUID(organization_id))


@worker_ready.connect
def announce_what_draws(sender: Any, **_kwargs: Any) -> None:
    """Let a worker that takes documents to draw say so."""
    if VIEWER_QUEUE in sender.app.amqp.queues.consume_from:
        keep_announcing()


@shared_task(name="portal.draw")
def draw_document(organization_id: str, event_id: str) -> None:
    """Begin to draw a viewer-only document for the reader whose opening was recorded under this id.

    It is done beside the pool of tasks: a reader who sends slowly must not keep others from their work.
    """
    begin(UUID(organization_id), UUID(event_id))


@shared_task(name="portal.propagate_revocations", base=Task)
def propagate_directory_revocations() -> int:
    """Put into the organizations' feeds what the directory withdrew and no request has put there yet."""
    return propagate_revocations()


@shared_task(name="portal.send_notifications", base=Task)
def send_notifications() -> int:
    """Send the mail that is due; return how many messages were sent."""
    return send_due()


@shared_task(name="portal.recheck_domains", base=Task)
def recheck_domain_records() -> int:
    """Look for the DNS records of proven mail domains whose turn it is; return how many were looked for."""
    return recheck_domains()


@shared_task(name="portal.warn_of_certificates", base=Task)
def warn_of_ending_certificates() -> int:
    """Mail administrators whose identity provider's certificate ends soon; return for how many connections."""
    return warn_of_certificates()


@shared_task(name="portal.warn_of_credentials", base=Task)
def warn_of_ending_credentials() -> int:
    """Mail administrators before the last secret or key of an application ends; return for how many."""
    return warn_of_ends()


@shared_task(name="portal.end_home_sign_ins", base=Task)
def end_home_sign_ins() -> int:
    """End what came out of sign-ins at other installations that are over by now; return how many."""
    return end_home_sessions()


@shared_task(name="portal.expire", base=Task)
def expire_secrets() -> int:
    """Delete one-time codes, links, spent tokens, old mail and answers to repeated writes that are over."""
    answers, _by_model = IdempotentAnswer.objects.filter(made_at__lt=timezone.now() - ANSWERS_KEPT).delete()
    return expire() + expire_sign_on() + expire_claims() + answers + forget_old()
