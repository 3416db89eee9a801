"""Keys, settings and the service's switch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.policy.permission import Permission
from portal.subjects.named_groups import group_addresses
from portal.subjects.untracked import untracked_address
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.invalidate_licenses import invalidate_licenses
from portal.usecases.keys import activate_key, create_key, mark_key_compromised, rotate_key
from portal.usecases.settings import change_settings, switch_service
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, page, show
from portal.web.policies import PLATFORMS as SYSTEMS
from portal.web.policies import SIGNED_IN, TIMES_HELP
from protection.selectors.organization import keys as all_keys
from protection.selectors.organization import settings as service_settings
from protection.selectors.protecting import APPLICATION
from protection.services.configure import CLIENTS, PLATFORMS, Configuration
from tenants.directory.selectors.groups import group_at
from tenants.directory.session_limits import UNITS, limits_of, most

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SUITES = [
    ("hybrid", gettext_lazy("Hybrid: post-quantum and classical together (recommended)")),
    ("p256", gettext_lazy("P-256: for FIPS environments and hardware tokens")),
]


@require_GET
@page(Permission.KEYS_READ)
def keys(request: PageRequest) -> HttpResponse:
    """Show all tenant keys."""
    context = {
        "keys": all_keys(),
        "manages": request.caller.may(Permission.KEYS_MANAGE),
        "suites": SUITES,
    }
    return show(request, "keys", "keys", context)


@require_http_methods(["GET", "POST"])
@page(Permission.KEYS_MANAGE)
def key_rotate(request: PageRequest) -> HttpResponse:
    """Make a new key and use it from now on; says first what that means."""
    if request.method == "POST":
        suite, activate = request.POST.get("suite") or None, bool(request.POST.get("activate"))

        def act(stated: Stated) -> Effect:
            if activate:
                return rotate_key(caller=request.caller, suite=suite, stated=stated)
            return create_key(caller=request.caller, suite=suite)

        return confirmed(request, reverse("keys"), act, section="keys")
    return show(request, "key_rotate", "keys", {"suites": SUITES, "current": service_settings().suite})


@require_http_methods(["GET", "POST"])
@page(Permission.KEYS_MANAGE)
def key_change(request: PageRequest, key_id: UUID) -> HttpResponse:
    """Activate a key, or mark it as compromised; both ask first."""
    act = activate_key if request.GET.get("act", "activate") == "activate" else mark_key_compromised
    return confirmed(
        request,
        reverse("keys"),
        lambda stated: act(caller=request.caller, key_id=key_id, stated=stated),
        section="keys",
    )


TRACKING: Final = [
    ("named", gettext_lazy("Who opened them, when and from where")),
    ("pseudonymous", gettext_lazy("How often they were opened, without names")),
    ("off", gettext_lazy("Nothing")),
]


DEVICES: Final[Mapping[str, str | Promise]] = {
    **SYSTEMS,
    "browser": gettext_lazy("Browser"),
    APPLICATION: gettext_lazy("Applications"),
}


def _bound(name: str) -> "_StrPromise":
    """Return what is said of a limit that the operator bounds."""
    return format_lazy(gettext_lazy("Up to {most}, the limit of the installation; 0 leaves that."), most=most(name))


class SettingsForm(forms.Form):
    """How the service behaves."""

    contact = forms.EmailField(
        label=gettext_lazy("Whom to ask"),
        required=False,
        help_text=gettext_lazy("Shown to people who are refused when no owner is known."),
    )
    alarm_address = forms.EmailField(
        label=gettext_lazy("Who is mailed about alarms"),
        required=False,
        help_text=gettext_lazy("The address of a team, for example. Owners and auditors are mailed in any case."),
    )
    max_license_days = forms.IntegerField(
        label=gettext_lazy("Days a document may be opened without a network, at most"),
        min_value=0,
        max_value=65_535,
        help_text=gettext_lazy("0 means never: each opening asks the service. Policies can only shorten it."),
    )
    lease_seconds = forms.IntegerField(
        label=gettext_lazy("Seconds a cached license lives without hearing from the service"),
        min_value=0,
        max_value=2_592_000,
        help_text=gettext_lazy("At least 60: connected devices hear from it every minute. 0 means no such limit."),
    )
    suite = forms.ChoiceField(
        label=gettext_lazy("Algorithms of new keys"),
        choices=SUITES,
        help_text=gettext_lazy("Programs call them a suite."),
    )
    registration_days = forms.IntegerField(
        label=gettext_lazy("Days in which a document protected without a network has to be registered"),
        min_value=0,
        max_value=3650,
        help_text=gettext_lazy(
            "Counted from the end of the certificate that its device had then."
            " A document registered later waits for an administrator."
        ),
    )
    keep_titles = forms.BooleanField(
        label=gettext_lazy("Keep file names"),
        required=False,
        help_text=gettext_lazy("Shows documents by name in lists and in the audit log."),
    )
    account_required = forms.BooleanField(
        label=gettext_lazy("Readers need an account"),
        required=False,
        help_text=gettext_lazy(
            "Otherwise people outside can open a document in the browser with a code that is mailed to their address,"
            " for an hour at a time. Templates and documents can ask for an account too."
        ),
    )

    strength = forms.ChoiceField(
        label=gettext_lazy("Everybody must have signed in"),
        required=False,
        choices=[("", gettext_lazy("In any way")), *((way.value, words) for way, words in SIGNED_IN.items())],
        help_text=gettext_lazy("To open anything of your organization; owners and super users too."),
    )
    networks = forms.CharField(
        label=gettext_lazy("Nothing opens but from these networks"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy("One in each line, like 192.0.2.0/24 or 2001:db8::/32. Left empty, from anywhere."),
    )
    times = forms.CharField(
        label=gettext_lazy("Nothing opens but at these times of the week"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=TIMES_HELP,
    )
    platforms_off = forms.MultipleChoiceField(
        label=gettext_lazy("Nothing opens on these kinds of device"),
        required=False,
        choices=[(name, DEVICES.get(name, name)) for name in PLATFORMS],
        widget=forms.CheckboxSelectMultiple,
    )
    protectors = forms.CharField(
        label=gettext_lazy("Only members of these groups protect"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "The address of a group in each line; who is in a group inside it counts too. Left empty, everybody does."
            " Opening is not limited by that, and applications protect by their permission."
        ),
    )
    protectors_on = forms.MultipleChoiceField(
        label=gettext_lazy("That holds on these kinds of device only"),
        required=False,
        choices=[(name, DEVICES.get(name, name)) for name in PLATFORMS],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: on all."),
    )
    protecting_off = forms.MultipleChoiceField(
        label=gettext_lazy("Nothing is protected with these kinds of program and device"),
        required=False,
        choices=[(name, DEVICES.get(name, name)) for name in CLIENTS],
        widget=forms.CheckboxSelectMultiple,
    )
    browser_idle_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes without use until a browser is signed out"),
        required=False,
        min_value=0,
        help_text=_bound("browser_idle_minutes"),
    )
    browser_hours = forms.IntegerField(
        label=gettext_lazy("Hours until a browser is signed out in any case"),
        required=False,
        min_value=0,
        help_text=_bound("browser_hours"),
    )
    program_idle_days = forms.IntegerField(
        label=gettext_lazy("Days without use until a command line or another program has to sign in again"),
        required=False,
        min_value=0,
        help_text=_bound("program_idle_days"),
    )
    program_days = forms.IntegerField(
        label=gettext_lazy("Days until such a program has to sign in again in any case"),
        required=False,
        min_value=0,
        help_text=_bound("program_days"),
    )
    tracking = forms.ChoiceField(
        label=gettext_lazy("What owners see of those who open their documents"),
        choices=TRACKING,
        help_text=gettext_lazy(
            "Everything is recorded in any case. With counts only, seeing names on one document takes a reason and the"
            " approval of an auditor; numbers of fewer than five people are not shown. Names that were hidden are shown"
            " again when an auditor approves it, under “Requests for names”."
        ),
    )
    untracked_group = forms.EmailField(
        label=gettext_lazy("Group whose members owners do not see"),
        required=False,
        help_text=gettext_lazy(
            "Its address. Auditors and administrators still see what its members do. Another group, or none, has to be"
            " approved by an auditor where it shows somebody, under “Requests for names”."
        ),
    )
    owners_restore = forms.BooleanField(
        label=gettext_lazy("Owners may undo what administrators took back"),
        required=False,
        help_text=gettext_lazy(
            "Otherwise only administrators give back access to a document that an administrator took back."
        ),
    )

    grouped: Final = (
        (gettext_lazy("Readers"), ("contact", "account_required", "owners_restore")),
        (gettext_lazy("Every opening"), ("strength", "networks", "times", "platforms_off")),
        (gettext_lazy("Who may protect"), ("protectors", "protectors_on", "protecting_off")),
        (gettext_lazy("Signed in"), (*UNITS,)),
        (gettext_lazy("Without a network"), ("max_license_days", "lease_seconds", "registration_days")),
        (gettext_lazy("What is kept"), ("keep_titles",)),
        (gettext_lazy("Tracking"), ("tracking", "untracked_group", "alarm_address")),
        (gettext_lazy("Cryptography"), ("suite",)),
    )
    """Which settings are about the same thing, and what that is."""

    def groups(self) -> list[tuple[Promise, list[forms.BoundField]]]:
        """Return the fields by what they are about."""
        return [(words, [self[name] for name in names]) for words, names in self.grouped]


def _present(organization: UUID) -> dict[str, object]:
    """Return the settings as the form shows them."""
    found = service_settings()
    return {
        "contact": found.contact,
        "alarm_address": found.alarm_address,
        "max_license_days": found.max_license_days,
        "lease_seconds": found.lease_seconds or 0,
        "suite": found.suite,
        "registration_days": found.registration_days,
        "keep_titles": found.keep_titles,
        "account_required": found.account_required,
        "tracking": found.tracking,
        "untracked_group": untracked_address(organization, found.untracked_group),
        "owners_restore": found.owners_restore,
        "strength": found.strength,
        "networks": "\n".join(found.networks),
        "times": "\n".join(found.times),
        "platforms_off": list(found.platforms_off),
        "protectors": "\n".join(group_addresses(organization, found.protectors)),
        "protectors_on": list(found.protectors_on),
        "protecting_off": list(found.protecting_off),
        **limits_of(organization),
    }


@require_http_methods(["GET", "POST"])
@page(Permission.SETTINGS_READ)
def settings(request: PageRequest) -> HttpResponse:
    """Show and change the settings, and switch the service on or off."""
    manages = request.caller.may(Permission.SETTINGS_MANAGE)
    form = SettingsForm(request.POST or None, initial=_present(request.organization.id))
    if request.method == "POST" and manages and form.is_valid():
        data = form.cleaned_data
        wanted = Configuration(
            contact=data["contact"],
            alarm_address=data["alarm_address"].lower(),
            max_license_days=data["max_license_days"],
            lease_seconds=data["lease_seconds"],
            suite=data["suite"],
            registration_days=data["registration_days"],
            keep_titles=data["keep_titles"],
            account_required=data["account_required"],
            tracking=data["tracking"],
            owners_restore=data["owners_restore"],
            strength=data["strength"],
            networks=data["networks"].split(),
            times=[line for line in data["times"].splitlines() if line.strip()],
            protectors_on=data["protectors_on"],
            protecting_off=data["protecting_off"],
            platforms_off=data["platforms_off"],
        )

        group = data["untracked_group"].lower()
        return confirmed(
            request,
            reverse("settings"),
            lambda stated: change_settings(
                caller=request.caller,
                configuration=wanted,
                limits={name: data[name] for name in UNITS if data[name] is not None},
                untracked_group=group,
                protectors=data["protectors"].split(),
                stated=stated,
            ),
            section="settings",
            refused=lambda: show(request, "settings", "settings", {"form": form, "manages": manages}),
        )
    return show(request, "settings", "settings", {"form": form, "manages": manages})


@require_POST
@page(Permission.SERVICE_SWITCH)
def service_switch(request: PageRequest) -> HttpResponse:
    """Switch the service on or off."""
    on = request.POST.get("state") == "on"
    return confirmed(
        request,
        reverse("settings"),
        lambda stated: switch_service(caller=request.caller, organization=request.organization, on=on, stated=stated),
        section="settings",
    )


@require_POST
@page(Permission.SERVICE_SWITCH)
def licenses_invalidate(request: PageRequest) -> HttpResponse:
    """Let devices ask for new licenses: everybody's, or those of a group's people."""
    group = request.POST.get("group", "")
    found = group_at(request.organization.id, group) if group else None
    return confirmed(
        request,
        reverse("settings") if found is None else reverse("group", args=[found]),
        lambda stated: invalidate_licenses(
            caller=request.caller, organization=request.organization, stated=stated, group=group
        ),
        section="settings" if found is None else "people",
    )
