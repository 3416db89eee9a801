"""Every kind of event has a sentence with an actor, whatever the event holds, in every language."""

import itertools
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import translation

from audit.selectors.events import EventRow
from chancery.cli.audit import DIRECTORY
from chancery.ledger.kinds import Kind, Outcome
from chancery.policy.reasons import WORDS, Reason
from portal.words.actors import shown_actor
from portal.words.event_sentences import SENTENCES
from portal.words.events import ShownEvent, shown_events
from tenants.events import DirectoryKind
from tenants.organizations.selectors import OrganizationFacts

KINDS = sorted({*Kind, *DirectoryKind})
FULL: dict[str, Any] = {
    "person": str(UUID(int=1)),
    "name": "Ada",
    "actor": "ada@contoso.example",
    "addresses": ["max@contoso.example"],
    "device_name": "Laptop",
    "title": "plan.pdf",
    "recipient": "rita@fabrikam.example",
    "issuer": "olga@contoso.example",
    "owner": "olga@contoso.example",
}
DETAILS: dict[str, Any] = {
    "document": {"template": str(UUID(int=2)), "version": 1, "label": str(UUID(int=3))},
    "key": "ab" * 32,
    "suite": "hybrid",
    "domain": "contoso.example",
    "role": "user",
    "rights": ["VIEW"],
    "reason": "A test",
}


def event(kind: str, outcome: str = "done", **more: Any) -> EventRow:
    values: dict[str, Any] = {"content_id": None, "reason": "", "source": "service", "seq": 1, **more}
    return EventRow(id=uuid4(), received_at=datetime.now(UTC), kind=kind, outcome=outcome, **values)


def shown(row: EventRow) -> ShownEvent:
    (found,) = shown_events([row], UUID(int=9), "Contoso")
    return found


def test_the_catalogue_of_sentences_is_that_of_kinds() -> None:
    assert sorted(SENTENCES) == KINDS
    for kind, sentences in SENTENCES.items():
        assert "" in sentences, f"{kind} has no sentence that needs nothing"
        assert all(str(sentence).startswith("{who} ") for sentence in sentences.values()), kind


def test_the_command_line_knows_every_object_of_an_event() -> None:
    assert sorted(DIRECTORY) == sorted({kind.partition(".")[0] for kind in set(DirectoryKind) - set(Kind)})


HELD: tuple[dict[str, Any], ...] = (
    {},
    {"source": "pages", "personal": {"ip": "192.0.2.1"}},
    {"personal": {"person": str(UUID(int=1))}},
    {"erased": True, "content_id": UUID(int=7)},
    {"personal": FULL, "details": DETAILS, "content_id": UUID(int=7), "reason": Reason.NOT_GRANTED.value},
)
"""What an event may hold: nothing, no person, a person without a name, nothing any more, everything."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_has_an_actor_and_a_whole_sentence(ledger_of_words: OrganizationFacts, kind: str) -> None:
    for outcome, language, values in itertools.product(Outcome, ("en", "de"), HELD):
        with translation.override(language):
            one = shown(event(kind, outcome, **values))
        assert one.who.strip()
        assert one.who in one.what
        assert not re.search(r"[{}]|  |“”|„“|\s[.;]", one.text), one.text
        assert "None" not in one.text


@pytest.mark.parametrize(
    ("values", "who"),
    [
        ({"source": "service"}, "The service"),
        ({"source": "command", "personal": {"name": "operator"}}, "An operator at the command line"),
        ({"source": "first-start", "personal": {"name": "the first start"}}, "The first start of the service"),
        ({"source": "pages", "personal": {"name": "somebody at this machine"}}, "A visitor who is not signed in"),
        ({"source": "api", "personal": {"person": str(UUID(int=1))}}, "A visitor who is not signed in"),
        ({"erased": True}, "A person whose data was erased"),
        (
            {"personal": {"person": str(UUID(int=1)), "name": "archive", "application": True}},
            "The application “archive”",
        ),
        ({"personal": FULL}, "ada@contoso.example"),
    ],
)
def test_who_acted_is_said_of_everybody(values: dict[str, Any], who: str) -> None:
    assert shown_actor(event("group.created", **values)).words == who


def test_events_of_older_versions_are_described_by_the_values_they_hold(ledger_of_words: OrganizationFacts) -> None:
    old = {"person": str(UUID(int=1)), "name": "Ada", "addresses": ["max@contoso.example"], "title": "Max"}
    role = shown(event("role.changed", personal=old, details={"before": "user", "after": "auditor"}))
    assert role.what == "Ada changed the role of max@contoso.example from user to auditor."
    own = {**old, "addresses": ["ada@contoso.example"]}
    template = shown(event("template.edited", personal=own, details={"template": str(uuid4()), "version": 2}))
    assert template.what == "ada@contoso.example edited a template."
    unknown = shown(event("content.teleported", personal={**old, "title": "plan.pdf"}))
    assert "content teleported" in unknown.what


def test_a_reason_of_an_earlier_version_is_described_like_that_of_today(ledger_of_words: OrganizationFacts) -> None:
    texts = [
        shown(event(Kind.CONTENT_REGISTERED.value, "refused", reason=reason)).why
        for reason in ("key_withdrawn", Reason.KEY_COMPROMISED.value)
    ]
    assert texts[0] == texts[1] == str(WORDS[Reason.KEY_COMPROMISED].owner)
