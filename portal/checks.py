"""What may not be wrong outside the embedded mode.

Each refusal has a stable id; ``docs/configuration.md`` lists them and a test compares.  The embedded mode is exempt
because it listens on loopback and makes its own secrets.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, run_checks

from portal import env, locations

TAG = "portal"
MODES = frozenset({"embedded", "production"})

REFUSALS: dict[str, str] = {
    "portal.E001": "CHANCERY_SECRET_KEY must have at least 50 characters, at least 10 of them different.",
    "portal.E002": "CHANCERY_ROOT_KEY must be 32 bytes in base64url.",
    "portal.E003": "CHANCERY_BASE_URL must begin with https://.",
    "portal.E004": "CHANCERY_BASE_URL must name a host under which organizations can have theirs, not an address.",
    "portal.E005": "DATABASE_URL must be set.",
    "portal.E006": "REDIS_URL must be set.",
    "portal.E007": "CHANCERY_MAIL_HOST must be set: people prove their addresses by mail.",
    "portal.E008": "CHANCERY_MAIL_SECURITY must be starttls or tls.",
    "portal.E009": "CHANCERY_SECRET_KEY and CHANCERY_ROOT_KEY must differ.",
    "portal.E010": "CHANCERY_MODE must be embedded or production.",
    "portal.E011": "DEBUG must be off.",
    "portal.E012": "CHANCERY_DATABASE_ROLE must be chancery_app for web and worker processes.",
}


class UnsafeSettings(Exception):
    """The process would serve with settings that are refused in production."""


def safe_settings(app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Return a refusal for every unsafe setting; in the embedded mode there are none."""
    if settings.CHANCERY_MODE not in MODES:
        return [_refusal("portal.E010")]
    return [] if settings.CHANCERY_EMBEDDED else [_refusal(identifier) for identifier in _unsafe()]


def refuse_unsafe() -> None:
    """Stop a serving process before its first request when its settings are unsafe."""
    messages = [message for message in run_checks(tags=[TAG]) if message.is_serious()]
    if not settings.CHANCERY_EMBEDDED and settings.CHANCERY_DATABASE_ROLE != "chancery_app":
        messages.append(_refusal("portal.E012"))
    if messages:
        raise UnsafeSettings("\n".join(f"{message.id}: {message.msg}" for message in messages))


def _refusal(identifier: str) -> Error:
    return Error(REFUSALS[identifier], hint="See docs/configuration.md.", id=identifier)


def _unsafe() -> Iterator[str]:
    yield from _unsafe_secrets(env.secret("CHANCERY_SECRET_KEY"), env.secret("CHANCERY_ROOT_KEY"))
    yield from _unsafe_addresses()
    if not settings.EMAIL_HOST:
        yield "portal.E007"
    if not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        yield "portal.E008"
    if settings.DEBUG:
        yield "portal.E011"


def _unsafe_secrets(secret_key: str, root_key: str) -> Iterator[str]:
    if len(secret_key) < 50 or len(set(secret_key)) < 10:
        yield "portal.E001"
    if len(settings.CHANCERY_ROOT_KEY) != locations.ROOT_KEY_BYTES or not any(settings.CHANCERY_ROOT_KEY):
        yield "portal.E002"
    if secret_key and secret_key == root_key:
        yield "portal.E009"


def _unsafe_addresses() -> Iterator[str]:
    if settings.CHANCERY_BASE.scheme != "https":
        yield "portal.E003"
    if not _carries_hosts(settings.CHANCERY_BASE.host):
        yield "portal.E004"
    if not env.secret("DATABASE_URL"):
        yield "portal.E005"
    if not env.secret("REDIS_URL"):
        yield "portal.E006"


def _carries_hosts(host: str) -> bool:
    """Tell whether organizations can have hosts under this one."""
    try:
        ip_address(host)
    except ValueError:
        return "." in host and not host.endswith(".localhost")
    return False
