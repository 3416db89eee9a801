"""Every route of both hosts, and four people who call them with a browser or a token each."""

import io
import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.views import APIView

from chancery.policy.labels import Effect
from chancery.policy.policy import Principal
from chancery.sdk.errors import Refused
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from portal.fastpath.middleware import BATCH, ONE
from portal.middleware import SESSION_HOST
from portal.usecases.caller import caller_at
from portal.usecases.previews.ask import ask_about_person
from protection.models import Alarm, Budget, Pause, ReadPermissionKind, ReviewItem
from protection.selectors.organization import keys
from protection.selectors.scopes import Scope
from protection.selectors.templates import templates
from protection.services.everywhere import Everywhere, begin_everywhere
from protection.services.hand_over import Person as Owner
from protection.services.hand_over import Which, ask_hand_over
from protection.services.publish_template import archive_template
from protection.services.read_permissions import ask_permission
from protection.services.reviews import NewItem, ReviewTerms, start_review
from protection.services.revoke import Revocation
from protection.services.save_label import LabelDraft, create_label
from protection.services.schedule_revocation import schedule_revocation
from protection.services.super_user_grants import ask_grant
from tenants.connections.services.create_connection import create_connection
from tenants.connections.services.tokens import make_token
from tenants.context import in_schema
from tenants.directory.models import Block, Person
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.sessions import sessions_in_use
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_group import create_group
from tenants.directory.services.give_role import give_role
from tenants.directory_servers.models import Run
from tenants.directory_servers.services.servers import create_server
from tenants.sign_on.models import SignOnConnection
from tests.cast import ACTOR, BASE, Cast, Player
from tests.portal.identity.browser import Browser
from tests.protection.steps import proof_for

URLCONFS = {"base": "portal.urls_base", "organization": "portal.urls_organization"}
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NOBODY = UUID("00000000-0000-4000-8000-000000000000")
# What a call needs to come as far as its object; what is in angle brackets is one of the site's.
BODIES: dict[str, object] = {
    "api/v1/documents/<uuid:cid>/label": {"label": "<label_id>"},
    "api/v1/documents/<uuid:cid>/policy": {
        "policy": {"grants": [{"who": "max@contoso.example", "rights": ["VIEW"]}], "offline_days": 0}
    },
    "api/v1/super-user-grants/<uuid:grant_id>/present": {"key": "AAAA"},
    "api/v1/previews": {"kind": "group", "id": str(NOBODY), "change": {}},
}


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One method at one route of one host."""

    place: str
    route: str
    method: str

    @property
    def is_api(self) -> bool:
        """Tell whether it is opened by a token."""
        return self.route.startswith("api/v1/")


@dataclass
class Site:
    """Contoso's objects, by the names that routes give them; browsers are kept as long as nothing was changed."""

    cast: Cast
    objects: dict[str, str]
    _browsers: dict[tuple[str, UUID], Browser] = field(default_factory=dict)

    def request(self, endpoint: Endpoint, player: Player | None, **instead: str) -> Any:
        """Send a request with nothing in it as somebody, or as nobody, and return the answer."""
        path = "/" + self._filled(endpoint.route, instead)
        origin = BASE if endpoint.place == "base" else BASE.replace("localhost", "contoso.localhost")
        host, headers, body = urlsplit(origin).netloc, {}, b""
        if endpoint.is_api:
            browser, body = Browser(host), self._body(endpoint, instead)
            if player is not None:
                token = player.session.service._tokens.for_origin(player.session.account, origin)
                headers["Authorization"] = f"Bearer {token}"
                headers["Chancery-Proof"] = proof_for(
                    player, endpoint.method, origin + path.partition("?")[0], token, body
                )
        else:
            browser = Browser(host) if player is None else self.browser(host, player, keep=endpoint.method == "GET")
        kind = "application/json" if endpoint.is_api else "application/octet-stream"
        return browser.generic(endpoint.method, path, body, content_type=kind, headers=headers)

    def _body(self, endpoint: Endpoint, instead: dict[str, str]) -> bytes:
        return self._filled(json.dumps(BODIES[endpoint.route]), instead).encode() if endpoint.route in BODIES else b""

    def _filled(self, text: str, instead: dict[str, str]) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: instead.get(part[1]) or self.objects[part[1]], text)

    def browser(self, host: str, player: Player, *, keep: bool = True) -> Browser:
        """Return a browser in which this person has signed in at this host."""
        if keep and (host, player.id) in self._browsers:
            return self._browsers[host, player.id]
        browser = Browser(host)
        browser.force_login(Person.objects.get(id=player.id), backend=BACKEND)
        session = browser.session
        session[SESSION_HOST] = host.partition(":")[0]
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "code", "at": time.time()}]
        session.save()
        if keep:
            self._browsers[host, player.id] = browser
        return browser


def furnish(cast: Cast, folder: Path) -> Site:
    """Make one of everything at Contoso; the document is Olga's, the device a second one of Ada's."""
    contoso = cast.organizations["contoso"]
    plan = folder / "plan.txt"
    plan.write_text("the plan", encoding="utf-8")
    document = cast.olga.session.protect(plan, ProtectOptions(grants=("max@contoso.example:VIEW",)))
    request = asked_for(cast, document)
    group = create_group(
        organization_id=contoso.id, address="board@contoso.example", name="Board", members=(), actor=ACTOR
    )
    with in_schema(contoso.schema_name):
        template, key = templates(published_only=True)[0], keys()[0]
        caller = caller_at(contoso, Person.objects.get(id=cast.ada.id), ip="", source="test")
        # Archived, so that it is nothing that members are offered.
        archive_template(actor=caller.actor, template=template.id)
        label = create_label(actor=caller.actor, draft=LabelDraft({"en": "Internal"}, 10, Effect.NONE), publish=True)
        preview = ask_about_person(caller=caller, organization_id=contoso.id, person_id=cast.max.id, role="auditor").id
        waiting = ask_hand_over(
            actor=caller.actor,
            former=Owner(cast.olga.id, cast.olga.address),
            new=Owner(cast.asker.id, cast.asker.address),
            which=Which(cids=(document.cid,)),
            waits=True,
        ).id
        grant = ask_grant(actor=caller.actor, scope=Scope(cids=(document.cid,)), hours=1, reason="A test").id
        application = create_application(organization_id=contoso.id, name="Search", actor=ACTOR)
        permission = ask_permission(
            actor=caller.actor,
            application=application.person_id,
            name="Search",
            kind=ReadPermissionKind.ALL,
            scope=Scope(),
            days=1,
            reason="A test",
        ).id
        everywhere = begin_everywhere(
            actor=caller.actor, asked=Everywhere(act="remove", who=Principal.of_address("gone@contoso.example"))
        ).id
        ends = schedule_revocation(
            actor=caller.actor, cid=document.cid, revocation=Revocation(), at=int(time.time()) + 86_400
        ).id
        blocked = Block.objects.create(
            organization_id=contoso.id, kind="domain", value="blocked.example", reason="A test"
        ).id
        raised = Alarm.objects.create(
            content_id=document.cid,
            under_grant=False,
            event_id=uuid4(),
            first_at=timezone.now(),
            last_at=timezone.now(),
        ).id
        looked_at = start_review(
            actor=caller.actor,
            terms=ReviewTerms(
                name="Every quarter",
                kinds=("groups",),
                groups=(group.id,),
                reviewers=((cast.ada.id, cast.ada.address),),
                days=1,
                every_months=None,
                removes=False,
            ),
            items=[NewItem(kind="groups", subject="address:gone@contoso.example", whom="gone", group=group.id)],
        )
        item = ReviewItem.objects.get(review_id=looked_at).id
        limit = Budget.objects.create(
            openings=1_000, seconds=600, who="people", owner_id=cast.ada.id, owner_address="", made_by=cast.ada.id
        )
        paused = Pause.objects.create(person_id=uuid4(), budget=limit, told_at=timezone.now()).id
    provider = create_connection(organization_id=contoso.id, name="Entra ID", may=["people"], actor=ACTOR).id
    given = give_role(organization_id=contoso.id, role="key_manager", group_id=group.id, actor=ACTOR)
    assert given is not None
    role = given.id
    secret = make_token(organization_id=contoso.id, connection_id=provider, actor=ACTOR).id
    sign_on = SignOnConnection.objects.create(
        organization_id=contoso.id,
        name="Entra ID",
        issuer="https://idp.example",
        metadata={"authorization_endpoint": "https://idp.example/auth", "algorithms": ["RS256"]},
        read_at=timezone.now(),
        client_id="chancery",
        state="test",
    ).id
    server = create_server(
        organization_id=contoso.id,
        name="Contoso LDAP",
        may=["people"],
        group_domain="",
        values={"kind": "openldap", "host": "localhost", "port": 636, "security": "ldaps", "people_base": "dc=contoso"},
        actor=ACTOR,
    ).id
    run = Run.objects.create(organization_id=contoso.id, server_id=server, mode="try", state="done").id
    phone = cast.enroll("phone", cast.ada.id, cast.ada.address).session.account.device
    objects = {
        "cid": document.cid,
        "request_id": request,
        "template_id": template.id,
        "number": 1,
        "label_id": label,
        "preview_id": preview,
        "group_id": group.id,
        "assignment_id": role,
        "key_id": key.id,
        "person_id": cast.max.id,
        "device_id": phone,
        "session_id": str(sessions_in_use(cast.ada.id)[0].id),
        "domain": domains_in(contoso.id)[0].domain,
        "organization_id": contoso.id,
        "event_id": NOBODY,
        "rendering_id": NOBODY,
        "contact_id": NOBODY,
        "hand_over_id": waiting,
        "grant_id": grant,
        "permission_id": permission,
        "scheduled_id": ends,
        "alarm_id": raised,
        "budget_id": limit.id,
        "block_id": blocked,
        "review_id": looked_at,
        "item": item,
        "pause_id": paused,
        "connection_id": provider,
        "token_id": secret,
        "sign_on_id": sign_on,
        "server_id": server,
        "run_id": run,
        "sign_on_session": NOBODY,
        "home_id": NOBODY,
        "change_id": everywhere,
        "message_id": NOBODY,
        "level": 0,
        "index": 0,
        "client_id": "nobody",
        "credential_id": NOBODY,
    }
    for other in ("token", "name", "key", "uidb36", "code", "pk", "provider", "provider_id", "organization_slug"):
        objects.setdefault(other, "nothing")
    return Site(cast, {name: str(value) for name, value in objects.items()} | {"pk": "0"})


def asked_for(cast: Cast, document: Protected) -> str:
    """Let a colleague be refused the document and ask for access; return the request's id."""
    asker = cast.join("asker", "contoso")
    with suppress(Refused):
        asker.session.open_stream(document.path, io.BytesIO())
    place, cid = asker.session.organization_of(document.path)
    return str(place.call("POST", f"/api/v1/documents/{cid}/access-requests", {})["id"])


def endpoints() -> Iterator[Endpoint]:
    """Return every interface there is; a route that is added later appears by itself."""
    for place, urlconf in URLCONFS.items():
        for route, pattern in _walk(get_resolver(urlconf), ""):
            view = getattr(pattern.callback, "view_class", None)
            methods: tuple[str, ...] = ("GET", "POST")
            if isinstance(view, type) and issubclass(view, APIView):
                methods = tuple(
                    name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)
                )
            for method in methods:
                yield Endpoint(place, route, method)
    # The fast path answers before any route is looked up.
    for path in (ONE, BATCH):
        yield Endpoint("organization", path.removeprefix("/"), "POST")


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = prefix + _plain(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            yield route, pattern


def _plain(route: str) -> str:
    """Return a route in one spelling, also one that is written as a regular expression."""
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route)
    return named.removeprefix("^").removesuffix("$").removesuffix("\\Z")
