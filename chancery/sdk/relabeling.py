"""What the service does with a document that gets another label."""

from pathlib import Path
from uuid import UUID

from chancery.sdk.organization import Organization
from chancery.sdk.results import Relabeled


def relabeled(
    place: Organization, source: Path, cid: UUID, label: str, *, justification: str, confirm: str
) -> Relabeled:
    """Ask the service to give a document this label, by name or id; what is left to do at the file, the answer says.

    Raises Refused and ServiceError; then nothing has changed.
    """
    chosen = place.label_for(cid, label)
    asked = {"label": chosen["id"], "justification": justification, "confirm": confirm}
    answer = place.call("POST", f"/api/v1/documents/{cid}/label", asked)
    return Relabeled(source, cid, answer["outcome"], chosen["id"], answer)
