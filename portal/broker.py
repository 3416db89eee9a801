"""The worker's side of the broker: messages that this service cannot have sent are set aside before Celery sees them.

Celery trusts its broker.  A message that is no JSON, lacks a member or holds one of another type ends the worker, or
stays with it for ever and takes one of its few places.  Nothing is lost with such a message: what has to happen is a
row in the database.
"""

import base64
import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from queue import Empty
from typing import Any, Final

import kombu.transport
from celery import current_app
from kombu.transport import redis

logger = logging.getLogger(__name__)

_MALFORMED: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)

Check = Callable[[Any], bool]


class NotOurs(ValueError):
    """A message that the service did not send."""


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 1_000


def _text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, int)


def _moment(value: Any) -> bool:
    return value is None or (isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None)


def _limits(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(one is None or _number(one) for one in value)


def _none(value: Any) -> bool:
    return value is None


_HEADERS: Final[Mapping[str, Check]] = {
    "task": _text,
    "id": _text,
    "lang": _text,
    "root_id": _text_or_none,
    "parent_id": _text_or_none,
    "origin": _text_or_none,
    "argsrepr": _text_or_none,
    "kwargsrepr": _text_or_none,
    "group": _none,
    "retries": _number,
    "timelimit": _limits,
    "eta": _none,
    "expires": _moment,
    "stamped_headers": _none,
    "stamps": lambda value: value in (None, {}),
    "compression": _none,
    "shadow": _none,
}
_NEEDED: Final = ("task", "id", "lang", "retries", "timelimit", "eta", "expires")
_PROPERTIES: Final[Mapping[str, Check]] = {
    "delivery_tag": _text,
    "correlation_id": _text,
    "body_encoding": lambda value: value == "base64",
    "delivery_info": lambda value: _text_or_none(value["exchange"]) and _text_or_none(value["routing_key"]),
    "priority": _number,
}
_MEMBERS: Final[Mapping[str, Check]] = {
    "body": _text,
    "content-type": lambda value: value == "application/json",
    "content-encoding": lambda value: value == "utf-8",
}


def check(message: Any) -> None:
    """Raise unless a message has the shape of those that this service sends, and names a task of this service."""
    if not isinstance(message, dict):
        raise NotOurs("it is no object")
    _check(message, _MEMBERS, _MEMBERS)
    _check(message["headers"], _HEADERS, _NEEDED)
    _check(message["properties"], _PROPERTIES, _PROPERTIES)
    if message["headers"]["task"] not in current_app.tasks:
        raise NotOurs("it names no task of this service")
    args, kwargs, embedded = json.loads(base64.b64decode(message["body"], validate=True))
    if not (isinstance(args, list) and all(_text(one) for one in args)) or kwargs != {}:
        raise NotOurs("its arguments are of no task of this service")
    if any(embedded.values()):
        raise NotOurs("it brings further tasks")


def _check(members: Any, checks: Mapping[str, Check], needed: Any) -> None:
    if not isinstance(members, dict):
        raise NotOurs("a part of it is no object")
    for name in needed:
        if name not in members:
            raise NotOurs(f"it has no {name!r}")
    for name, holds in checks.items():
        if name in members and not holds(members[name]):
            raise NotOurs(f"its {name!r} is none that this service writes")


class _Unfinished(redis.QoS):
    """What workers took and have not finished, which Redis keeps for the case that they never do."""

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        """Put a message back into its queue; one that is none goes, or it would end every worker that looks again."""
        try:
            super().restore_by_tag(tag, client, leftmost)
        except _MALFORMED as error:
            _set_aside(error)
            # The stubs leave both out.
            with self.channel.conn_or_acquire(client) as connection:  # type: ignore[attr-defined]
                self._remove_from_indices(tag, connection.pipeline()).execute()  # type: ignore[attr-defined]


class _Channel(redis.Channel):
    QoS = _Unfinished

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # The stubs do not know it.
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            _set_aside(error)
            raise Empty from error


class Transport(redis.Transport):
    """Redis as the broker, behind ``check``."""

    Channel = _Channel

    def _deliver(self, message: Any, queue: Any) -> None:
        # Other queues hold what workers tell each other, where somebody lets them.
        if queue in {one.name for one in current_app.conf.task_queues}:
            try:
                check(message)
            except _MALFORMED as error:
                _set_aside(error)
                return
        super()._deliver(message, queue)


def _set_aside(error: Exception) -> None:
    """Say so without the message, which may hold anything."""
    why = str(error) if isinstance(error, NotOurs) else type(error).__name__
    logger.warning("A message in the broker was set aside: %s.", why)


def filter_broker_messages() -> None:
    """Let every connection to Redis as a broker use this transport."""
    for scheme in ("redis", "rediss", "redis+socket"):
        kombu.transport.TRANSPORT_ALIASES[scheme] = "portal.broker:Transport"
