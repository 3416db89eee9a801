"""Protecting a file inside a web page that its recipient opens with a double click (docs/format.md, section 9)."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from chancery.sdk.errors import Misused
from chancery.sdk.licensed import READ_AND_WRITE, untaken
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from chancery.sealing import html_form
from chancery.sealing.atomic import creating
from chancery.sealing.read import Progress
from chancery.texts import message


def protect_in_page(
    session: Session,
    source: Path,
    options: ProtectOptions,
    *,
    target: Path | None = None,
    organization: str | None = None,
    progress: Progress | None = None,
) -> Protected:
    """Seal a file into a web page; otherwise like ``Session.protect``.

    ``target`` defaults to the source's name with ``.html`` behind it.  Raises Misused for what is too large.
    """
    target = source.with_name(source.name + html_form.SUFFIX) if target is None else target
    if source.is_file() and source.stat().st_size > html_form.MAX_CONTENT:
        raise Misused(
            message("{file} is too large for a page, which goes by mail.", file=source),
            remedy=message("Protect it without --html."),
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with untaken(target), TemporaryDirectory(prefix="chancery-") as folder:
        sealed = Path(folder) / "sealed"
        done = session.protect(source, options, target=sealed, organization=organization, progress=progress)
        me, place = session.me(), session.own_organization(organization)
        head = html_form.head(
            address=f"{session.account.iss}/open/",
            sender=me["name"] or me["email"],
            organization=place.statement().name,
        )
        with sealed.open("rb") as file, creating(target) as sink:
            html_form.wrap(file, sink, head)
    target.chmod(source.stat().st_mode & READ_AND_WRITE)
    return replace(done, path=target)
