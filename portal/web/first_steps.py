"""What a new organization does first, ticked off from what is there."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.identity.second_factors import has_second_factor
from portal.web.framework import PageRequest
from protection.selectors.totals import Totals
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.groups import count_groups
from tenants.directory.selectors.people import count_in, people_in


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps, why it is one, whether it is done, and where it is done."""

    words: Promise
    why: Promise
    done: bool
    address: str


WORDS: Final = (
    (_("Prove your mail domain"), _("Addresses in it then belong to your organization.")),
    (_("Turn on two-step sign-in for yourself"), _("Keys, roles and the service are changed with it only.")),
    (
        _("Add a second administrator"),
        _("They can help when you lose your sign-in, and approve what one person may not do alone."),
    ),
    (
        _("Add the people who protect files"),
        _("They get a mail with a link. People outside need not be added to open files."),
    ),
    (
        _("Make groups of those who work together"),
        _("A template names a group once; who is in it changes later."),
    ),
    (_("Look through the templates"), _("People choose one of them when they protect a file.")),
    (_("Protect a first file and send it"), _("The page encrypts it in your browser.")),
    (_("See who opened it"), _("Each opening and each refusal is on the document's page.")),
)
"""The steps in their order, each with its reason."""


def first_steps(request: PageRequest, totals: Totals) -> tuple[Step, ...]:
    """Return the steps of the reader's organization, nothing when all is done."""
    organization, base = request.organization.id, settings.CHANCERY_BASE_URL
    administrators = people_in(organization, roles=["global_administrator"], limit=3)
    states = (
        (any(domain.proven_at for domain in domains_in(organization)), f"{reverse('people')}#domains"),
        (has_second_factor(request.caller.person), f"{base}/accounts/2fa/"),
        (sum(not one.disabled for one in administrators) > 1, reverse("person_new")),
        (count_in(organization) > len(administrators), reverse("person_new")),
        (count_groups(organization) > 0, reverse("group_new")),
        (totals.documents > 0, reverse("templates")),
        (totals.documents > 0, f"{base}/protect/"),
        (totals.opened > 0, f"{reverse('documents')}?scope=all"),
    )
    steps = tuple(Step(*words, *state) for words, state in zip(WORDS, states, strict=True))
    return () if all(step.done for step in steps) else steps
