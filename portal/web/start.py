"""The start page of the installation, and the way from nothing to an organization."""

from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from portal.languages import reason_of
from portal.request_facts import client_address
from portal.usecases.embedded_sign_in import sign_in_link
from portal.usecases.operators import operator_here
from portal.usecases.organizations import CreatedOrganization, create_organization
from portal.web.account_pages import actor_of, person_of, to_sign_in
from portal.web.framework import attempt
from portal.words.roles import roles_in_words
from tenants import naming
from tenants.directory.selectors.people import memberships_of, person_with_login
from tenants.directory.selectors.roles import roles_by_place
from tenants.organizations.selectors import organization_by_slug

READY = "chancery.organization_ready"
MADE_IN_AN_HOUR = 10
HOUR = 3600


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Say what this is and let people in; a signed-in person sees their organizations."""
    context: dict[str, Any] = {"may_create": settings.CHANCERY_OPEN_SIGNUP}
    if request.user.is_authenticated:
        context["operates"] = operator_here(person_of(request)) is not None
        places = [place for place in memberships_of(person_of(request)) if not place.disabled]
        roles = roles_by_place(person_of(request), {place.organization_id: place.guest for place in places})
        context["places"] = [
            {
                "place": place,
                "origin": settings.CHANCERY_BASE.origin_of(place.host),
                "roles": roles_in_words(roles[place.organization_id]),
            }
            for place in places
        ]
    return render(request, "pages/start.html", context)


class OrganizationForm(forms.Form):
    """A new organization and its first administrator."""

    name = forms.CharField(
        label=gettext_lazy("Name of the organization"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    slug = forms.CharField(
        label=gettext_lazy("Short name"), max_length=40, widget=forms.TextInput(attrs={"spellcheck": "false"})
    )
    mail_domain = forms.CharField(label=gettext_lazy("Mail domain"), required=False, max_length=253)
    administrator = forms.EmailField(
        label=gettext_lazy("First administrator's e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=gettext_lazy("The person who reads this mailbox administers the organization."),
    )
    administrator_name = forms.CharField(
        label=gettext_lazy("First administrator's name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def __init__(self, *args: Any, own_address: str = "", **kwargs: Any) -> None:
        """Leave the administrator out where only the signed-in person can become it."""
        super().__init__(*args, **kwargs)
        host = settings.CHANCERY_BASE.netloc
        self.fields["slug"].help_text = _("It becomes the address of your pages: {name} leads to {address}.").format(
            name="contoso", address=f"contoso.{host}"
        )
        self.fields["mail_domain"].help_text = (
            _("For example contoso.example. Addresses in it then belong to your organization.")
            if settings.CHANCERY_EMBEDDED
            else _("For example contoso.example. You prove it afterwards with a TXT record.")
        )
        self.own_address = own_address
        if own_address:
            del self.fields["administrator"], self.fields["administrator_name"]

    def clean_slug(self) -> str:
        """Return the short name in its normal form, while it is free."""
        try:
            slug = naming.slug(self.cleaned_data["slug"])
        except naming.NameRefused as error:
            raise forms.ValidationError(reason_of(error)) from error
        if organization_by_slug(slug) is not None:
            raise forms.ValidationError(_("This short name is taken. Choose another one."))
        return slug

    def clean_mail_domain(self) -> str:
        """Return the mail domain in its normal form, nothing where none is named."""
        named = self.cleaned_data["mail_domain"]
        try:
            return naming.mail_domain(named) if named else ""
        except naming.NameRefused as error:
            refused = _("{reason} Write it like contoso.example.").format(reason=reason_of(error))
            raise forms.ValidationError(refused) from error


@require_http_methods(["GET", "POST"])
def organization_new(request: HttpRequest) -> HttpResponse:
    """Create an organization: by anybody at an embedded installation's own machine, else by who has an account."""
    if not settings.CHANCERY_OPEN_SIGNUP:
        return render(request, "pages/organization_closed.html", status=HTTPStatus.FORBIDDEN)
    if not settings.CHANCERY_EMBEDDED and not request.user.is_authenticated:
        return to_sign_in(request)
    own = "" if settings.CHANCERY_EMBEDDED else str(cast(Any, request.user).email)
    form = OrganizationForm(request.POST or None, own_address=own, initial=_known(request))
    if request.method == "POST" and form.is_valid():
        known_before = None if own else person_with_login(form.cleaned_data["administrator"])
        made: list[CreatedOrganization] = []
        if _too_many(request):
            messages.error(request, _("You have created many organizations just now. Try again in an hour."))
        elif attempt(
            request,
            _("{name} is ready.").format(name=form.cleaned_data["name"]),
            lambda: made.append(_found(request, form)),
        ):
            request.session[READY] = _ready(request, made[0], is_new=known_before is None and not own)
            return redirect("organization_ready")
    return render(request, "pages/organization_new.html", {"form": form})


@require_GET
def organization_ready(request: HttpRequest) -> HttpResponse:
    """Show the way into the organization that was just made in this browser."""
    ready = request.session.get(READY)
    if ready is None:
        return redirect("base_home")
    return render(request, "pages/organization_ready.html", {"ready": ready})


def _found(request: HttpRequest, form: OrganizationForm) -> CreatedOrganization:
    data, user = form.cleaned_data, cast(Any, request.user)
    try:
        return create_organization(
            name=data["name"],
            slug=data["slug"],
            mail_domain=data["mail_domain"],
            administrator=form.own_address or data["administrator"],
            administrator_name=user.name if form.own_address else data["administrator_name"],
            actor=actor_of(request),
        )
    except IntegrityError as error:
        # Somebody was faster by less than a second, after the form had been checked.
        raise naming.NameRefused("This short name is taken. Choose another one.") from error


def _ready(request: HttpRequest, made: CreatedOrganization, *, is_new: bool) -> dict[str, str | bool]:
    """Return what the next page shows.

    The person at an embedded installation gets a link that signs the new administrator in, since no mail leaves the
    machine; never for a person who existed before, and never over a network.
    """
    origin = made.organization.origin
    administrator, link = made.administrator.email, ""
    if is_new and settings.CHANCERY_EMBEDDED and _near(request):
        link = sign_in_link(address=administrator, goes_to=f"{origin}/signin/", actor=actor_of(request)).url
    return {
        "name": made.organization.name,
        "origin": origin,
        "administrator": administrator,
        "needs_code": not link and getattr(request.user, "email", "") != administrator,
        "domain_text": "" if settings.CHANCERY_EMBEDDED else made.domain_text,
        "enter": link or f"{origin}{reverse('signin')}",
    }


def _known(request: HttpRequest) -> dict[str, str]:
    user = cast(Any, request.user)
    return {"administrator": user.email, "administrator_name": user.name} if user.is_authenticated else {}


def _near(request: HttpRequest) -> bool:
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _too_many(request: HttpRequest) -> bool:
    """Count what one person or one network address creates, so that nobody fills the installation."""
    if settings.CHANCERY_EMBEDDED:
        return False
    who = request.user.pk or client_address(request)
    key = f"organizations-made:{who}"
    cache.add(key, 0, timeout=HOUR)
    return cache.incr(key) > MADE_IN_AN_HOUR
