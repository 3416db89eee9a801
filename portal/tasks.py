"""Background work of the installation as a whole, which therefore stands in no organization's schema."""

from celery import Task, shared_task

from tenants.directory.services.expire import expire
from tenants.worker import fan_out


@shared_task(name="portal.sweep", base=Task)
def sweep(task_name: str) -> int:
    """Send the named task once for every active organization."""
    return fan_out(task_name)


@shared_task(name="portal.expire", base=Task)
def expire_secrets() -> int:
    """Delete one-time codes, links and spent tokens that are over."""
    return expire()
