"""Offer what people protect by, and stop offering it: the same for templates and labels."""

from collections.abc import Callable

from portal.languages import reader_languages
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed
from portal.usecases.effects import Effect, effect
from protection.selectors.labels import ShownLabel
from protection.selectors.templates import Template


def published(found: Template | ShownLabel, publish: Callable[[], bool], done: str, state: str) -> Effect:
    """Publish what is archived; what is published already stays so."""
    name = found.name(*reader_languages())
    return effect(publish(), done.format(name=name), state.format(name=name))


def archived(
    found: Template | ShownLabel,
    stated: Stated,
    prompt: Callable[[], ConfirmationPrompt],
    archive: Callable[[], object],
    done: str,
    state: str,
) -> Effect:
    """Archive what is offered, asked first; what is archived is not asked about."""
    name, changed = found.name(*reader_languages()), found.status == "published"
    if changed:
        confirmed(prompt(), stated, lambda _reason: archive())
    return effect(changed, done.format(name=name), state.format(name=name))
