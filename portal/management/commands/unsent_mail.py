"""List mail that could not be sent, send it again, or drop it."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from portal.management.operator import OperatorCommand
from portal.notifications import outbox
from portal.usecases.unsent_mail import drop_mail, retry_mail
from tenants.actor import OPERATOR


class Command(OperatorCommand):
    """``manage.py unsent_mail``."""

    help = "List mail that could not be sent; --retry sends it again, --drop forgets it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to do, and the ids of messages for which to do it."""
        todo = parser.add_mutually_exclusive_group()
        todo.add_argument("--retry", nargs="*", metavar="ID", help="send these again now; without an id, all of them")
        todo.add_argument("--drop", nargs="+", metavar="ID", help="forget these; nobody gets them")

    def handle(self, *_: Any, retry: list[str] | None, drop: list[str] | None, **__: Any) -> None:
        """Do it and say what was done."""
        if drop:
            self.stdout.write(drop_mail(ids=_ids(drop), actor=OPERATOR).message)
        elif retry is not None:
            self.stdout.write(retry_mail(ids=_ids(retry) or None, actor=OPERATOR).message)
        else:
            self._list()

    def _list(self) -> None:
        found = outbox.unsent()
        if not found:
            self.stdout.write("All mail has been sent, or is only minutes old.")
        for one in found:
            state = "failed" if one.failed else f"next attempt {one.due_at:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"{one.id}  {one.created_at:%Y-%m-%d %H:%M} UTC  to {one.to}")
            self.stdout.write(f"    {state}; {one.attempts} attempts; {one.reason or 'no attempt has ended'}")


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise CommandError("An id is what the list shows at the beginning of a line.") from None
