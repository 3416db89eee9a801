"""What a person who goes leaves behind: said in the question before, and again in what came of it."""

from uuid import UUID

from django.utils.translation import ngettext

from portal.languages import grouped
from protection.selectors.documents import owned_by


def before_they_go(documents: int) -> tuple[str, ...]:
    """Return what becomes of the documents that somebody owns when they go; nothing where they own none."""
    if not documents:
        return ()
    return (
        ngettext(
            "{number} document is theirs. Recipients open it as before, but no one answers requests or changes who may"
            " open it until it has another owner. It can be handed over before or afterwards.",
            "{number} documents are theirs. Recipients open them as before, but no one answers requests or changes who"
            " may open them until they have another owner. They can be handed over before or afterwards.",
            documents,
        ).format(number=grouped(documents)),
    )


def after_they_went(person: UUID) -> str:
    """Return what is left to do about the documents of somebody who has gone, "" where there are none."""
    documents = owned_by(person)
    if not documents:
        return ""
    return ngettext(
        "{number} document is left without an owner who is here. Hand it over: People, then People who left, or"
        " chancery hand-over all.",
        "{number} documents are left without an owner who is here. Hand them over: People, then People who left, or"
        " chancery hand-over all.",
        documents,
    ).format(number=grouped(documents))
