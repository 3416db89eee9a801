"""Runs of directory servers over the API: asked for, looked at, let through and given up."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import OPENING, listed
from portal.api.framework import (
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    number_of,
    page,
    page_answer,
)
from portal.usecases.directory_servers.runs import MODES, ask, give_up, let_through
from portal.usecases.effects import effect_answer
from portal.usecases.personal_data import PersonalData
from portal.words.kept_texts import told
from tenants.directory_servers.selectors import RunFacts, found_in, runs_of, server_in
from tenants.directory_servers.services.runs import run_or_refuse

RUN = {
    "id": OPENING,
    "mode": "changes",
    "state": "done",
    "asked_at": "2026-11-30T09:30:00Z",
    "ended_at": "2026-11-30T09:30:04Z",
    "let_through": False,
    "counts": {"person.add": 2, "person.disable": 1, "group.change": 3},
    "failure": "",
    "remedy": "",
}
FOUND = {
    "kind": "person",
    "what": "max@contoso.example",
    "outcome": "change",
    "changes": ["title: Engineer → Lead"],
    "reason": "",
}


class AskedRun(serializers.Serializer[dict[str, Any]]):
    """A run to be."""

    mode = serializers.ChoiceField(
        choices=MODES, help_text="Everything, what has changed, or everything without changing anything."
    )


class RunItem(Answer):
    """One run."""

    id = serializers.UUIDField()
    mode = serializers.ChoiceField(choices=MODES)
    state = serializers.CharField(help_text="waiting, comparing, changing, stopped, done, failed or abandoned.")
    asked_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    let_through = serializers.BooleanField(help_text="Whether an administrator let it take away many.")
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many of each kind came to which outcome, as person.add."
    )
    failure = serializers.CharField(allow_blank=True, help_text="Why it failed, in the caller's language.")
    remedy = serializers.CharField(allow_blank=True)


class DirectoryServerRuns(OrganizationView):
    """The latest runs of a server."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE, "POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="List runs of a directory server",
        parameters=[OpenApiParameter("limit", int)],
        responses=page_answer("DirectoryServerRunList", RunItem),
        examples=[OpenApiExample("Runs", listed(RUN))],
    )
    def get(self, request: Request, server_id: UUID) -> Response:
        """Answer with the latest runs, newest first; thirty are kept."""
        found = server_in(self.organization.id, server_id)
        rows = runs_of(found.id, organization_id=self.organization.id, limit=limit_of(request))
        return page([_run(one) for one in rows])

    @extend_schema(
        summary="Run a directory server",
        request=AskedRun,
        responses=effect_answer("DirectoryServerRunAsked", id=serializers.UUIDField()),
        examples=[OpenApiExample("Try", {"mode": "try"}, request_only=True)],
    )
    def post(self, request: Request, server_id: UUID) -> Response:
        """Let a run begin within seconds."""
        mode = checked(AskedRun, request.data)["mode"]
        return effect_response(ask(caller=self.caller, server_id=server_id, mode=mode))


class DirectoryServerRun(OrganizationView):
    """One run."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Show a run of a directory server",
        responses=RunItem,
        examples=[OpenApiExample("Run", RUN)],
    )
    def get(self, request: Request, server_id: UUID, run_id: UUID) -> Response:
        """Answer with how far it is and what it came to."""
        return Response(_run(run_or_refuse(self.organization.id, server_id, run_id)))


class FoundItem(Answer):
    """One person or group of a run."""

    kind = serializers.CharField(help_text="person or group.")
    what = serializers.CharField(help_text="The address of the person or the name of the group.")
    outcome = serializers.CharField(help_text="add, change, disable, remove or set_aside.")
    changes = serializers.ListField(child=serializers.CharField(), help_text="What differs.")
    reason = serializers.CharField(allow_blank=True, help_text="Why it was set aside, wholly or in part.")


class DirectoryServerFound(OrganizationView):
    """What a run changes, takes away, or sets aside."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE}
    reads = {"GET": PersonalData.PEOPLE}

    @extend_schema(
        summary="List what a run of a directory server came to",
        parameters=[
            OpenApiParameter("limit", int),
            OpenApiParameter("outcome", str, description="add, change, disable, remove or set_aside."),
            OpenApiParameter("cursor", str),
        ],
        responses=page_answer("DirectoryServerFoundList", FoundItem),
        examples=[OpenApiExample("Found", listed(FOUND))],
    )
    def get(self, request: Request, server_id: UUID, run_id: UUID) -> Response:
        """Answer with one part of the list, in the order in which it was read."""
        run = run_or_refuse(self.organization.id, server_id, run_id)
        limit, after = limit_of(request), number_of(request.query_params.get("cursor") or "0", "cursor")
        rows = found_in(
            run.id,
            organization_id=self.organization.id,
            outcome=request.query_params.get("outcome", ""),
            after=after,
            limit=limit,
        )
        body = [
            {
                "kind": one.kind,
                "what": one.label,
                "outcome": one.outcome,
                "changes": list(one.changes),
                "reason": told(one.reason),
            }
            for one in rows
        ]
        return page(body, str(rows[-1].id) if len(rows) == limit else "")


class LetRunThrough(OrganizationView):
    """What lets a stopped run go on."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Let a run of a directory server take away many",
        request=Confirmed,
        responses=effect_answer("DirectoryServerRunLetThrough"),
        examples=[OpenApiExample("Confirmed", {"confirm": "Contoso AD", "reason": "Planned"}, request_only=True)],
    )
    def post(self, request: Request, server_id: UUID, run_id: UUID) -> Response:
        """Let it go on, this one run."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(let_through(caller=self.caller, server_id=server_id, run_id=run_id, stated=stated))


class GiveUpRun(OrganizationView):
    """The end of a run that is stopped or goes on."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Give up a run of a directory server",
        request=None,
        responses=effect_answer("DirectoryServerRunGivenUp"),
    )
    def post(self, request: Request, server_id: UUID, run_id: UUID) -> Response:
        """End it; what it has changed stays."""
        return effect_response(give_up(caller=self.caller, server_id=server_id, run_id=run_id))


def _run(facts: RunFacts) -> dict[str, Any]:
    return {
        "id": str(facts.id),
        "mode": facts.mode,
        "state": facts.state,
        "asked_at": facts.asked_at,
        "ended_at": facts.ended_at,
        "let_through": facts.let_through,
        "counts": dict(facts.counts),
        "failure": told(facts.failure),
        "remedy": told(facts.remedy),
    }
