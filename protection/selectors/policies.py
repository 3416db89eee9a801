"""The policy that counts for a content now: its own, or its template's current version (docs/protocol.md P4)."""

import json
from dataclasses import replace
from functools import lru_cache
from typing import Final

from django.db.models import F

from chancery.policy.policy import Policy, parse_policy
from protection.models import Content, ExpiryOption, TemplateVersion

DAY: Final = 86_400
_CACHED_POLICIES: Final = 2_048


def registered_policy(content: Content) -> Policy:
    """Return the policy of a content row; an unknown template gives the empty policy, which grants nothing."""
    if content.policy is not None:
        return limited(parse_policy(content.policy), content.expires, offline_days=content.offline_days)
    version = (
        TemplateVersion.objects.filter(template_id=content.template_id).filter(number=F("template__current")).first()
    )
    if version is None:
        return Policy()
    published = int(content.published_at.timestamp())
    end = template_expiry(version.expiry_option, version.expires, version.expires_after_days, published)
    return limited(parse_policy(version.policy), content.expires, end, offline_days=content.offline_days)


def template_expiry(option: str, expires: int | None, days: int | None, published: int) -> int | None:
    """Return when content expires by its template's rule, or None for never."""
    if option == ExpiryOption.ON_DATE:
        return expires
    if option == ExpiryOption.AFTER_DAYS and days is not None:
        return published + days * DAY
    return None


def limited(policy: Policy, *ends: int | None, offline_days: int | None = None) -> Policy:
    """Return the policy with the earliest of its own and the given ends, and the shorter of two offline rules."""
    known = [end for end in (policy.expires, *ends) if end is not None]
    earliest = min(known) if known else None
    days = policy.offline_days
    if offline_days is not None and offline_days != -1:
        days = offline_days if days == -1 else min(days, offline_days)
    if (earliest, days) == (policy.expires, policy.offline_days):
        return policy
    return replace(policy, expires=earliest, offline_days=days)


@lru_cache(maxsize=_CACHED_POLICIES)
def parsed(text: str) -> Policy:
    """Return the policy that a JSON text means; kept by value, so that it can never be stale (P25)."""
    return parse_policy(json.loads(text))
