"""``protect``, ``open``, ``unprotect``, ``info``, ``verify``: what is done with whole files."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from chancery.cli import progress
from chancery.cli.asking import may_ask
from chancery.cli.for_each_file import each_file
from chancery.cli.output import Output, moment
from chancery.cli.policy import DENY, EXPIRES, GRANT_HELP, limits
from chancery.cli.prelicensing import LICENSES, prelicensed_beside
from chancery.cli.protecting import check_one_source, computed_grants, protect_options, require_licenses_beside
from chancery.cli.saving import OFFLINE, WAITING
from chancery.cli.selection import FILES, STREAM, chosen_files, targets
from chancery.cli.session import dropped, reporting_session, signed_in
from chancery.cli.streams import opened_to_output, through_streams
from chancery.cli.under_grant import SUPER_USER, open_under
from chancery.cli.viewing import name_other_ways
from chancery.policy.words import rights_in_words
from chancery.sdk.errors import Misused, NoCopy
from chancery.sdk.in_page import protect_in_page
from chancery.sdk.licenses import Opening
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from chancery.sealing import html_form
from chancery.sealing.file_names import sealable
from chancery.sealing.layout import SUFFIX
from chancery.sealing.read import open_sealed
from chancery.texts import joined, message, plural_message

_PENDING: Final = message("(no one can open it until an administrator of your organization accepts it)")
_OLDER: Final = message("This is an older edition; ask for the newest.")


@click.command()
@FILES
@click.option("--template", help="Protect by this template (its name or id).")
@click.option("--label", help="Protect by this label (its name or id).")
@click.option("--owner", help="The address of the member who is to own it, if not you.")
@click.option(
    "--grant",
    "grants",
    multiple=True,
    metavar="WHO:RIGHTS",
    help=GRANT_HELP,
)
@click.option("--do-not-forward", "do_not_forward", multiple=True, metavar="WHO", help="Read and edit it only.")
@click.option("--encrypt-only", "encrypt_only", multiple=True, metavar="WHO", help="All but removing the protection.")
@DENY
@EXPIRES
@limits
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), help="Where to write; a folder for several.")
@click.option("--recursive", is_flag=True, help="Protect all files in the folders named.")
@click.option(
    "--html", "in_page", is_flag=True, help="Make web pages for mail that a double click opens in the browser."
)
@click.option("--prelicense", is_flag=True, help="Write licenses beside it, so that recipients open it offline.")
@click.option("--organization", help="Protect for this organization, if you belong to several.")
@click.option("--name", default="standard-input", help="What standard input is called in the sealed file.")
@OFFLINE
@click.pass_obj
def protect(
    output: Output,
    /,
    files: tuple[Path, ...],
    template: str | None,
    label: str | None,
    owner: str | None,
    grants: tuple[str, ...],
    do_not_forward: tuple[str, ...],
    encrypt_only: tuple[str, ...],
    deny: tuple[str, ...],
    expires: str | None,
    target: Path | None,
    organization: str | None,
    name: str,
    *,
    recursive: bool,
    in_page: bool,
    prelicense: bool,
    offline: bool,
    **options: Any,
) -> None:
    """Protect FILES: what may be done with them travels with them.

    - is standard input, and -o - standard output.

    By a template, or by grants of your own; with neither, only you can open them.  The originals are left untouched.
    """
    computed = computed_grants(do_not_forward, encrypt_only)
    check_one_source(template, label, own=bool(grants or computed or deny))
    places = _places(output, files, target, html_form.SUFFIX if in_page else SUFFIX, recursive=recursive)
    if in_page and STREAM in (*files, target):
        raise Misused(message("Web pages are made of files only."), remedy=message("Leave out --html, or name files."))
    if prelicense:
        require_licenses_beside(files, target, in_page=in_page, offline=offline)
    output.beside_data = target == STREAM or (target is None and STREAM in files)
    with reporting_session(output, online=not offline) as session:
        chosen_options = protect_options(session.zone(), template, (grants, computed), deny, expires, options)
        chosen_options = replace(chosen_options, template=template, label=label, owner=owner)
        if template:
            _note_age(output, session, organization)
        how = _How(chosen_options, name, organization, in_page, prelicense)
        each_file(output, list(places), lambda path: how.protect(output, session, path, places[path]))


@dataclass(frozen=True, slots=True)
class _How:
    """How each of several files is protected."""

    options: ProtectOptions
    name: str
    organization: str | None
    in_page: bool
    prelicense: bool

    def protect(self, output: Output, session: Session, path: Path, place: Path | None) -> tuple[dict[str, Any], str]:
        """Protect one file into a place; return what to say of it to programs and people."""
        if STREAM in (path, place):
            done = through_streams(session, path, place, self.options, name=self.name, organization=self.organization)
        else:
            protected = partial(protect_in_page, session) if self.in_page else session.protect
            with progress.bar(output, path.name) as report:
                done = protected(path, self.options, target=place, organization=self.organization, progress=report)
        ahead = prelicensed_beside(session, done.path) if self.prelicense else None
        return {**_members(path, done, ahead), "dropped": dropped(output, session)}, _line(path, done, ahead)


def _places(
    output: Output, files: tuple[Path, ...], target: Path | None, suffix: str, *, recursive: bool
) -> dict[Path, Path | None]:
    """Return where each file to be protected goes.  Raises Misused where there is none."""
    chosen = chosen_files(output, files, recursive=recursive, sealed=False)
    if not chosen:
        raise Misused(message("There is nothing to protect."), remedy=message("Name files that are not protected yet."))
    return targets(
        chosen, target, lambda one: one.below.with_name(sealable(one.below.name) + suffix), recursive=recursive
    )


def _note_age(output: Output, session: Session, organization: str | None) -> None:
    """Say how old the templates are by which is protected without a network."""
    age = session.own_organization(organization).offered().age(time.time())
    if age:
        output.note(age)


def _members(path: Path, done: Protected, ahead: tuple[dict[str, Any], str] | None) -> dict[str, Any]:
    members = {"file": str(path), "sealed": str(done.path), "cid": str(done.cid)}
    licenses = {} if ahead is None else ahead[0]
    return {**licenses, **members, "registered": done.registered, "pending": done.pending}


def _line(path: Path, done: Protected, ahead: tuple[dict[str, Any], str] | None) -> str:
    line = message("{file} → {target}", file=path, target=done.path)
    if done.pending:
        line = joined((line, _PENDING), " ")
    elif not done.registered:
        line = joined((line, WAITING), " ")
    return line if ahead is None else joined((line, ahead[1]), "\n")


@click.command("open")
@FILES
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), help="Where to write; a folder for several.")
@click.option("--recursive", is_flag=True, help="Open all sealed files in the folders named.")
@LICENSES
@SUPER_USER
@OFFLINE
@click.pass_obj
def open_(
    output: Output,
    files: tuple[Path, ...],
    target: Path | None,
    licenses: Path | None,
    grant: str,
    *,
    recursive: bool,
    offline: bool,
) -> None:
    """Write plain copies of sealed FILES; needs the right to export.

    By default they are written beside the sealed ones, under their true names.  - is standard input, whose content
    goes to standard output unless -o says otherwise.  To read a document without this right: chancery view
    """
    chosen = chosen_files(output, files, recursive=recursive, sealed=True)
    if not chosen:
        raise Misused(message("There is nothing to open."), remedy=message("Name files that are protected."))
    places = targets(chosen, target, lambda one: one.below.parent, recursive=recursive)
    output.beside_data = target == STREAM or (target is None and STREAM in files)
    into_folder = target is not None and (recursive or target.is_dir())
    with reporting_session(output, online=not offline) as session:
        open_under(session, grant)
        session.licenses = licenses

        def one(path: Path) -> tuple[dict[str, Any], str]:
            place = places[path]
            with may_ask(path), _shown_instead(session, path):
                if place == STREAM or (path == STREAM and place is None):
                    opened = opened_to_output(session, path)
                else:
                    source = sys.stdin.buffer if path == STREAM else path
                    at = {"folder": place} if into_folder else {"target": place}
                    with progress.bar(output, path.name) as report:
                        opened = session.open_file(source, **at, progress=report)
            return {**_opened_members(path, opened), "dropped": dropped(output, session)}, _opened_line(path, opened)

        each_file(output, list(places), one)


def _opened_members(path: Path, opened: Opening) -> dict[str, Any]:
    return {
        "file": str(path),
        "opened": str(opened.path),
        "name": opened.name,
        "cid": str(opened.cid),
        "rights": list(opened.rights),
        "source": opened.source,
        "offline_until": opened.offline_until,
        "edition": opened.edition,
        "status": opened.status,
    }


def _opened_line(path: Path, opened: Opening) -> str:
    rights = rights_in_words(opened.rights)
    line = message("{file} → {target} (you may: {rights}).", file=path, target=opened.path, rights=rights)
    return joined((line, _OLDER), " ") if opened.status == "superseded" else line


@click.command()
@FILES
@click.option("--yes", is_flag=True, help="Do not ask.")
@SUPER_USER
@OFFLINE
@click.pass_obj
def unprotect(output: Output, files: tuple[Path, ...], grant: str, *, yes: bool, offline: bool) -> None:
    """Put plain files in the place of sealed FILES.

    Needs the right to export.

    Access to the plain files is no longer controlled or recorded.
    """
    if not (yes or output.as_json):
        output.confirm(
            plural_message(
                "Remove the protection of {count} file?", "Remove the protection of {count} files?", len(files)
            )
        )
    with reporting_session(output, online=not offline) as session:
        open_under(session, grant)

        def one(path: Path) -> tuple[dict[str, Any], str]:
            with progress.bar(output, path.name) as report:
                opened = session.unprotect(path, progress=report)
            return {"file": str(path), "plain": str(opened.path), "cid": str(opened.cid)}, message(
                "{file} → {target}", file=path, target=opened.path
            )

        each_file(output, files, one)


@click.command()
@FILES
@click.pass_obj
def info(output: Output, files: tuple[Path, ...]) -> None:
    """Show what sealed FILES say of themselves.

    Needs no sign-in and proves nothing.
    """

    def one(path: Path) -> tuple[dict[str, Any], str]:
        with open_sealed(sys.stdin.buffer if path == STREAM else path) as file:
            license_, seal = file.publishing_license, file.body_seal
            members = {
                "file": str(path),
                "cid": str(license_.cid),
                "installation": license_.iss,
                "organization": str(license_.org),
                "suite": license_.suite,
                "protected": license_.iat,
                "size": file.plain_length,
                "edition": seal.facts.n,
                "published": "online" if license_.clc is None else "offline",
            }
        what = message(
            "{file}: document {cid}, edition {edition}, {size} bytes",
            file=path,
            cid=members["cid"],
            edition=members["edition"],
            size=members["size"],
        )
        how = message(
            "protected {moment} at {installation} with suite {suite}",
            moment=moment(license_.iat, UTC),
            installation=license_.iss,
            suite=license_.suite,
        )
        return members, joined((what, how), "\n  ")

    each_file(output, files, one)


@click.command()
@FILES
@OFFLINE
@click.pass_obj
def verify(output: Output, files: tuple[Path, ...], *, offline: bool) -> None:
    """Prove who sealed FILES and that they were not changed since.

    Nothing is opened, and no right is needed.
    """
    with signed_in(output, online=not offline) as session:

        def one(path: Path) -> tuple[dict[str, Any], str]:
            sealer = session.verify(sys.stdin.buffer if path == STREAM else path)
            members = {"file": str(path), "sealed_by": str(sealer.sub), "device": str(sealer.dev), "intact": True}
            if sealer.sub == session.account.person:
                return members, message("{file}: intact, sealed by you.", file=path)
            return members, message("{file}: intact, sealed by the person with the id {id}.", file=path, id=sealer.sub)

        each_file(output, files, one)


@contextmanager
def _shown_instead(session: Session, path: Path) -> Iterator[None]:
    """Tell a person who may read a document, but not save it, how they read it."""
    try:
        yield
    except NoCopy as refused:
        name_other_ways(refused, session, path)
        raise
