"""A document's tracking beside its page: from where it was opened, and files to take along."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from chancery.errors import InvalidObject
from portal.usecases.personal_data import PersonalData
from portal.usecases.tracking_export import document_places, export_tracking
from portal.web.framework import PageRequest, page, show
from protection.selectors.documents import document_for

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/x-ndjson"}


@require_GET
@page(reads=PersonalData.DOCUMENT)
def document_places_page(request: PageRequest, cid: UUID) -> HttpResponse:
    """Show from which networks and organizations a document was opened."""
    row = document_for(request.caller.actor, cid).row
    context = {"row": row, "places": document_places(caller=request.caller, cid=cid)}
    return show(request, "document_places", "documents", context)


@require_GET
@page(reads=PersonalData.DOCUMENT)
def document_export(request: PageRequest, cid: UUID) -> HttpResponse:
    """Send the recipients or the timeline as a file."""
    what, form = request.GET.get("what", ""), request.GET.get("as", "")
    try:
        made = export_tracking(caller=request.caller, organization=request.organization, cid=cid, what=what, form=form)
    except InvalidObject as error:
        raise Http404 from error
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return HttpResponse(made.text, content_type=TYPES[form], headers=headers)
