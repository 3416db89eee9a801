"""Viewer-only policies in the decision: what may be shown as pages, without the key (docs/protocol.md P23)."""

from dataclasses import replace
from typing import Final

from chancery.policy.case import Allow, Case, Deny, Request
from chancery.policy.evaluate import evaluate, is_viewer_only
from chancery.policy.programs import SHOWN_ON_PICTURES, Program, enforced_by

SHOWN_SECONDS: Final = 3_600
"""How long pages may stay on a screen before the document is asked for again."""


def in_viewer(case: Case) -> Allow | None:
    """Return what is allowed of pages that the service draws, or None where they are not how it is to be shown.

    A super user has every right, so nothing has to be drawn for them; an application that reads shows nothing.
    """
    if case.request.names_something:
        return None
    decision = evaluate(replace(case, request=Request(enforces=enforced_by(Program.VIEWER))))
    if isinstance(decision, Deny) or not is_viewer_only(case, decision):
        return None
    return replace(
        decision,
        rights=decision.rights & SHOWN_ON_PICTURES,
        offline_until=case.now,
        expires=min(decision.expires, case.now + SHOWN_SECONDS),
    )
