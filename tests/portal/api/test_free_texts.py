"""Reasons, notes, messages and descriptions follow one rule, wherever they are typed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.urls import get_resolver
from rest_framework import serializers

from portal.api.framework import Answer, FreeText
from portal.usecases.effects import EffectAnswer
from portal.web.fields import FreeTextField
from tests.cast import Cast, Player
from tests.portal.api.test_malformed_requests import call

FREE = {"reason", "note", "message", "description", "descriptions", "justification"}
BELL = "ring\x07"
RING = "A text may hold line breaks and tabs, but no other control characters and no marks that reorder text."


@pytest.fixture(scope="module")
def ada(cast: Cast) -> Player:
    return cast.ada


def all_of(kind: type[Any]) -> Iterator[type[Any]]:
    """Return every class of this kind that the service has."""
    for urls in ("portal.urls_base", "portal.urls_organization"):
        assert get_resolver(urls).url_patterns  # Every module with a view is imported by this.
    for one in kind.__subclasses__():
        yield from all_of(one)
        if one.__module__.startswith("portal."):
            yield one


def test_every_free_text_that_is_sent_follows_the_rule() -> None:
    named = [
        (one, name, field.child if isinstance(field, serializers.DictField) else field)
        for one in all_of(serializers.Serializer)
        for name, field in one._declared_fields.items()
        if name in FREE and not issubclass(one, Answer | EffectAnswer)
    ]
    assert len(named) > 8
    assert [f"{one.__name__}.{name}" for one, name, field in named if not isinstance(field, FreeText)] == []


def test_every_free_text_of_a_form_follows_the_rule() -> None:
    named = [
        (one, name, field) for one in all_of(forms.Form) for name, field in one.base_fields.items() if name in FREE
    ]
    assert len(named) > 4
    assert [f"{one.__name__}.{name}" for one, name, field in named if not isinstance(field, FreeTextField)] == []


def test_the_answer_says_what_is_wrong(ada: Player) -> None:
    body = {"address": "board@contoso.example", "name": "Board", "description": BELL}
    answer = call(ada, "POST", "/api/v1/groups", json.dumps(body))
    assert (answer.status_code, answer.json()["errors"]) == (400, {"description": [RING]})
    body["description"] = "first\r\nsecond"
    made = call(ada, "POST", "/api/v1/groups", json.dumps(body))
    assert made.status_code == 201
    group = call(ada, "GET", f"/api/v1/groups/{made.json()['id']}").json()
    assert group["description"] == "first\nsecond"


def test_a_reason_of_a_dangerous_act_follows_the_rule(ada: Player) -> None:
    body = json.dumps({"reason": "\u202eneddirb", "confirm": "contoso"})
    answer = call(ada, "POST", "/api/v1/service/deactivate", body)
    assert (answer.status_code, answer.json()["errors"]) == (400, {"reason": [RING]})
