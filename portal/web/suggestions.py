"""Suggested recipients for the people picker of forms."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from chancery.policy.permission import Permission
from portal.usecases.recipient_suggestions import suggest_recipients
from portal.web.framework import PageRequest, page
from portal.words.suggestions import suggestion_json

LONGEST = 320
"""Characters of an address, and so of what is looked for."""


@require_GET
@page(Permission.FILES_PROTECT)
def recipient_suggestions(request: PageRequest) -> HttpResponse:
    """Answer whom the text may mean, as the API does."""
    text = request.GET.get("text", "")[:LONGEST]
    found = suggest_recipients(caller=request.caller, organization=request.organization, text=text)
    return JsonResponse({"results": [suggestion_json(one, request.organization) for one in found.suggestions]})
