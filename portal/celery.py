"""The background worker and its schedule.

A message only starts work early: what has to happen is a row in PostgreSQL, and the sweeps below find what a lost
worker or broker left (redelivery after a kill took 91 s when it was measured).  The schedule names tasks, it does not
import them.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from kombu import Queue

from portal.broker import filter_broker_messages
from portal.checks import refuse_unsafe
from portal.runtime.heartbeat import keep_beating

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# Django's own checks load every page and interface, of which a worker serves none: more than a third of its start.
# What is unsafe is refused below, and ``up`` and the web application look at the rest.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

filter_broker_messages()
VIEWER_QUEUE = "chancery-viewer"
"""What draws viewer-only documents is asked for here, so that workers of its own can be had for it."""
app = Celery("chancery", task_cls="tenants.worker:OrganizationTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=300,
    task_queues=(Queue("chancery"), Queue(VIEWER_QUEUE)),
    task_default_queue="chancery",
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    # Nobody steers the worker through the broker: anybody who can write there could stop it or read its settings.
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 600},
    timezone="UTC",
)
app.autodiscover_tasks()

# Seconds between two sweeps of a task over all active organizations; a task adds its line here.
SWEEPS: dict[str, float] = {
    "portal.answer_previews": 1.0,
    "portal.hand_over": 1.0,
    "portal.super_users": 10.0,
    "portal.read_permissions": 10.0,
    "portal.role_ends": 10.0,
    "portal.reviews": 10.0,
    "portal.everywhere": 1.0,
    "portal.directory_servers": 5.0,
    "portal.revoke_due": 1.0,
    "portal.mail_notices": 5.0,
    "portal.raise_alarms": 1.0,
    "portal.tell_pauses": 1.0,
    "portal.tell_owners": 10.0,
    "protection.seal_ledger": 1.0,
}
# What is due at the same moments is looked for by one message: taking a message costs more than looking.
app.conf.beat_schedule = {
    f"sweep every {seconds:g} s": {
        "task": "portal.sweep",
        "schedule": seconds,
        "args": [name for name, found in SWEEPS.items() if found == seconds],
        "options": {"expires": seconds * 5},
    }
    for seconds in sorted(set(SWEEPS.values()))
} | {
    "propagate revocations": {"task": "portal.propagate_revocations", "schedule": 1.0, "options": {"expires": 5}},
    "send notifications": {"task": "portal.send_notifications", "schedule": 1.0, "options": {"expires": 5}},
    "warn of certificates": {
        "task": "portal.warn_of_certificates",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "warn of credentials": {
        "task": "portal.warn_of_credentials",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "recheck domains": {"task": "portal.recheck_domains", "schedule": 300.0, "options": {"expires": 300}},
    "end home sign-ins": {"task": "portal.end_home_sign_ins", "schedule": 60.0, "options": {"expires": 60}},
    "expire secrets": {"task": "portal.expire", "schedule": 3600.0, "options": {"expires": 3600}},
}


@worker_init.connect
def refuse_to_work_unsafely(**_kwargs: Any) -> None:
    """Stop the worker when its settings are unsafe, as the web application does."""
    refuse_unsafe()
    keep_beating("worker")


@beat_init.connect
def record_scheduler_heartbeat(**_kwargs: Any) -> None:
    """Show it to the supervisor."""
    keep_beating("scheduler")
