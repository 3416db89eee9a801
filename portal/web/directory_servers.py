"""Directory servers: from where people and groups come, how up to date they are, and what each run came to."""

from typing import Any, Final, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from chancery.errors import ChanceryError
from chancery.policy.permission import Permission
from portal.usecases.confirmation import Stated
from portal.usecases.directory_servers.reading import Tested
from portal.usecases.directory_servers.runs import MODES, ask, give_up, let_through
from portal.usecases.directory_servers.settings import SETTINGS, change, connect, end, tested
from portal.usecases.effects import Effect
from portal.usecases.personal_data import PersonalData, personal_data_read
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, carried_out, page, paged, show, words_of
from portal.words.directory_servers import ATTRIBUTES, COUNTS, KINDS, OUTCOMES, SECURITIES
from portal.words.directory_servers import MODES as MODE_WORDS
from portal.words.directory_servers import STATES as STATE_WORDS
from portal.words.kept_texts import told
from tenants.directory.errors import DirectoryRefused
from tenants.directory.selectors.domains import domains_in
from tenants.directory_servers.selectors import (
    FoundRows,
    RunFacts,
    ServerFacts,
    run_in,
    runs_of,
    server_in,
    servers_in,
)
from tenants.naming import NameRefused

RUNS: Final = 10
"""How many runs the page of a server shows."""


class PlaceForm(forms.Form):
    """Where a server is and who reads there."""

    host = forms.CharField(
        label=gettext_lazy("Server"), max_length=253, help_text=gettext_lazy("Its name, as in its certificate.")
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port"),
        min_value=1,
        max_value=65_535,
        initial=636,
        help_text=gettext_lazy("636 for ldaps and 389 for StartTLS, usually."),
    )
    security = forms.ChoiceField(
        label=gettext_lazy("Encryption"), choices=list(SECURITIES.items()), initial="ldaps", widget=forms.RadioSelect
    )
    authority = forms.CharField(
        label=gettext_lazy("Certificate of the authority"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("As PEM, where your company signs certificates itself. Else leave it empty."),
    )
    bind_name = forms.CharField(
        label=gettext_lazy("Account that reads"),
        max_length=500,
        help_text=gettext_lazy("Its distinguished name. It needs to read people and groups, and nothing else."),
    )
    people_base = forms.CharField(
        label=gettext_lazy("People are below"),
        max_length=500,
        help_text=gettext_lazy("A distinguished name, such as OU=Staff,DC=contoso,DC=example."),
    )
    groups_base = forms.CharField(
        label=gettext_lazy("Groups are below"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Leave it empty to read no groups."),
    )


class NewForm(PlaceForm):
    """A server to be."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("How it appears in the audit log.")
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=list(KINDS.items()), widget=forms.RadioSelect)
    group_domain = forms.ChoiceField(
        label=gettext_lazy("Mail domain of groups without an address"),
        required=False,
        help_text=gettext_lazy("Each group gets an address in it, so that policies can name the group."),
    )
    roles = forms.BooleanField(
        label=gettext_lazy("People who hold a role, too"),
        required=False,
        help_text=gettext_lazy(
            "It may disable administrators and auditors. It never gives a role. Only an administrator who signed in"
            " with a second factor can allow this."
        ),
    )

    field_order = ("name", "kind", "host", "port", "security", "authority", "bind_name", "people_base", "groups_base")


class SettingsForm(PlaceForm):
    """What is set about a server."""

    people_filter = forms.CharField(
        label=gettext_lazy("Which entries are people"),
        max_length=2000,
        help_text=gettext_lazy("A filter as in RFC 4515."),
    )
    groups_filter = forms.CharField(label=gettext_lazy("Which entries are groups"), required=False, max_length=2000)
    every_minutes = forms.IntegerField(
        label=gettext_lazy("Read changes every how many minutes"),
        min_value=0,
        max_value=1440,
        help_text=gettext_lazy("0 for never by itself. Everything is read once a day besides."),
    )
    most_percent = forms.IntegerField(
        label=gettext_lazy("Percent it takes away unasked"),
        min_value=1,
        max_value=100,
        help_text=gettext_lazy("A run that would disable or remove more people or groups stops, and asks you."),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Add a field for each attribute."""
        super().__init__(*arguments, **named)
        for name, words in ATTRIBUTES.items():
            self.fields[f"attribute_{name}"] = forms.CharField(
                label=str(words), required=name in {"id", "address"}, max_length=500
            )

    def settings(self) -> dict[str, Any]:
        """Return what was typed."""
        plain = {name: self.cleaned_data[name] for name in SETTINGS if name != "attributes"}
        return {**plain, "attributes": {name: self.cleaned_data[f"attribute_{name}"] for name in ATTRIBUTES}}


@require_GET
@page(Permission.APPLICATIONS_MANAGE)
def directory_servers(request: PageRequest) -> HttpResponse:
    """Show all servers."""
    return show(request, "directory_servers", "people", {"rows": servers_in(request.organization.id)})


@require_http_methods(["GET", "POST"])
@page(Permission.APPLICATIONS_MANAGE)
def directory_server_new(request: PageRequest) -> HttpResponse:
    """Connect a server."""
    form = NewForm(request.POST or None)
    proven = [one.domain for one in domains_in(request.organization.id) if one.proven_at is not None]
    cast(forms.ChoiceField, form.fields["group_domain"]).choices = [(domain, domain) for domain in proven]
    if request.method == "POST" and form.is_valid():
        try:
            given = dict(form.cleaned_data)
            values = {name: given.pop(name) for name in SETTINGS if name in given}
            made = connect(caller=request.caller, organization=request.organization, values=values, **given)
        except (ChanceryError, DirectoryRefused, NameRefused) as error:
            form.add_error(None, words_of(error))
        else:
            carried_out(request, lambda: made.effect)
            return redirect("directory_server", made.server.id)
    return show(request, "directory_server_new", "people", {"form": form, "proven": proven})


@require_http_methods(["GET", "POST"])
@never_cache
@page(Permission.APPLICATIONS_MANAGE)
def directory_server(request: PageRequest, server_id: UUID) -> HttpResponse:
    """Show a server; test it, run it, change it, give it a password, and end it."""
    found = server_in(request.organization.id, server_id)
    act = request.POST.get("act", "")
    form = SettingsForm(request.POST if act == "change" else None, initial=_initial(found))
    test, problem = None, ""
    if act == "test":
        try:
            test = tested(caller=request.caller, organization=request.organization, server_id=server_id)
            personal_data_read(caller=request.caller, organization=request.organization, what=PersonalData.PEOPLE)
        except (ChanceryError, DirectoryRefused) as error:
            problem = words_of(error)
    elif act and (act != "change" or form.is_valid()):
        answer = _changed(request, found, act, form)
        if answer is not None:
            return answer
    return show(request, "directory_server", "people", _context(request, found, form, test, problem))


def _changed(request: PageRequest, found: ServerFacts, act: str, form: SettingsForm) -> HttpResponse | None:
    """Do what a form asks for; None shows the page again with what was typed."""
    here = reverse("directory_server", args=[found.id])
    whom: dict[str, Any] = {"caller": request.caller, "server_id": found.id}
    if act == "end":
        return confirmed(request, here, lambda stated: end(**whom, stated=stated), section="people")
    if act in MODES:
        carried_out(request, lambda: ask(**whom, mode=act))
        return redirect(here)
    if act not in {"change", "password"}:
        raise Http404
    changes = form.settings() if act == "change" else {"password": request.POST.get("password", "")}
    made = carried_out(request, lambda: change(**whom, organization=request.organization, changes=changes))
    return redirect(here) if made or act == "password" else None


def _context(
    request: PageRequest, found: ServerFacts, form: SettingsForm, test: Tested | None, problem: str
) -> dict[str, Any]:
    facts = server_in(request.organization.id, found.id)
    runs = runs_of(found.id, organization_id=request.organization.id, limit=RUNS)
    return {
        "found": facts,
        "kind": KINDS[facts.kind],
        "form": form,
        "test": test,
        "problem": problem,
        "runs": [{"facts": one, **_words(one)} for one in runs],
        "goes_on": any(one.active for one in runs),
    }


@require_http_methods(["GET", "POST"])
@never_cache
@page(Permission.APPLICATIONS_MANAGE, reads=PersonalData.PEOPLE)
def directory_server_run(request: PageRequest, server_id: UUID, run_id: UUID) -> HttpResponse:
    """Show what a run came to; let it through, or give it up."""
    server, run = server_in(request.organization.id, server_id), run_in(request.organization.id, run_id)
    if run.server_id != server.id:
        raise Http404
    here = reverse("directory_server_run", args=[server_id, run_id])
    whom: dict[str, Any] = {"caller": request.caller, "server_id": server_id, "run_id": run_id}
    if request.method == "POST":
        if request.POST.get("act") == "give-up":
            carried_out(request, lambda: give_up(**whom))
            return redirect(here)

        def act(stated: Stated) -> Effect:
            return let_through(**whom, stated=stated)

        return confirmed(request, here, act, section="people")
    outcome = request.GET.get("outcome", "")
    rows = FoundRows(run_id, organization_id=request.organization.id, outcome=outcome if outcome in OUTCOMES else "")
    shown = paged(request, rows)
    if run.active:
        messages.info(request, gettext_lazy("This run goes on. Load the page again to see how far it is."))
    context = {
        "server": server,
        "run": run,
        **_words(run),
        "rows": shown,
        "lines": [{"facts": one, "outcome": OUTCOMES[one.outcome], "why": told(one.reason)} for one in shown],
        "outcomes": list(OUTCOMES.items()),
        "outcome": outcome,
    }
    return show(request, "directory_server_run", "people", context)


def _words(run: RunFacts) -> dict[str, Any]:
    return {
        "mode": MODE_WORDS[run.mode],
        "state": STATE_WORDS[run.state],
        "counts": [(words, run.counts[name]) for name, words in COUNTS.items() if run.counts.get(name)],
        "failure": told(run.failure),
        "remedy": told(run.remedy),
    }


def _initial(found: ServerFacts) -> dict[str, Any]:
    plain = {name: getattr(found, name) for name in SETTINGS if name != "attributes"}
    return {**plain, **{f"attribute_{name}": found.attributes.get(name, "") for name in ATTRIBUTES}}
