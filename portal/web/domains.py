"""Mail domains: which addresses the organization answers for, and how the DNS proves that."""

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.policy.permission import Permission
from portal.languages import reason_of
from portal.usecases.domains import claim_domain, prove_domain, release_domain
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, carried_out, page, show
from portal.words.domain_checks import check_in_words
from tenants import naming
from tenants.directory.selectors.domains import DomainFacts, domains_in
from tenants.directory.selectors.people import called_here
from tenants.organizations.selectors import individuals_of


class DomainForm(forms.Form):
    """A mail domain."""

    domain = forms.CharField(
        label=gettext_lazy("Mail domain"),
        max_length=253,
        help_text=gettext_lazy(
            "For example contoso.com. Next you get a text to publish in its DNS, as the proof that it is yours."
        ),
    )

    def clean_domain(self) -> str:
        """Return the domain in its normal form."""
        try:
            return naming.mail_domain(self.cleaned_data["domain"])
        except naming.NameRefused as error:
            raise forms.ValidationError(reason_of(error)) from error


@require_http_methods(["GET", "POST"])
@page(Permission.DOMAINS_MANAGE)
def domain_new(request: PageRequest) -> HttpResponse:
    """Claim a mail domain."""
    form = DomainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        domain = form.cleaned_data["domain"]
        if carried_out(request, lambda: claim_domain(caller=request.caller, domain=domain)):
            return redirect("domain", domain)
    return show(request, "domain_new", "people", {"form": form})


@require_GET
@page(Permission.DOMAINS_MANAGE)
def domain_page(request: PageRequest, domain: str) -> HttpResponse:
    """Show the record that proves a mail domain, and what the DNS said when it was asked last."""
    found = next((one for one in domains_in(request.organization.id) if one.domain == domain), None)
    if found is None:
        raise Http404
    asker = called_here(request.organization.id, [found.checked_by]) if found.checked_by else {}
    context = {
        "found": found,
        "said": check_in_words(found.check_result, found.domain, resolver=found.check_resolver, seen=found.check_seen),
        "asker": asker.get(found.checked_by, "") if found.checked_by else "",
        "embedded": settings.CHANCERY_EMBEDDED,
        "individuals": _individuals(found),
    }
    return show(request, "domain", "people", context)


def _individuals(found: DomainFacts) -> str:
    """Return where the organization of the domain's individuals is taken over, "" where there is none."""
    if found.proven_at is None or individuals_of(found.domain) is None:
        return ""
    path = reverse("organization_take_over", args=[found.domain], urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    return f"{settings.CHANCERY_BASE_URL}{path}"


@require_POST
@page(Permission.DOMAINS_MANAGE)
def domain_prove(request: PageRequest, domain: str) -> HttpResponse:
    """Look for the text in the DNS and take the domain over when it is there."""
    without_dns = request.POST.get("act") == "accept"
    carried_out(request, lambda: prove_domain(caller=request.caller, domain=domain, without_dns=without_dns))
    return redirect("domain", domain)


@require_http_methods(["GET", "POST"])
@page(Permission.DOMAINS_MANAGE)
def domain_release(request: PageRequest, domain: str) -> HttpResponse:
    """Release a mail domain, once its consequences were seen."""
    return confirmed(
        request,
        reverse("people"),
        lambda stated: release_domain(
            caller=request.caller, organization=request.organization, domain=domain, stated=stated
        ),
        section="people",
    )
