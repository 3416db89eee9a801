"""Vectors of signed objects: the profile, chains, licenses, seals, feeds and proofs, with attacks on each."""

import hashlib
from typing import Any

from chancery.crypto import bindings
from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.suites import ED25519, ES256, MLKEM768_X25519
from tests.vectors import forge, sealed
from tests.vectors.forge import b64, compact, identifier, seed
from tests.vectors.world import DAY, ISS, NOW, World, content_id, digest, public_of

Case = dict[str, Any]


class Book:
    """Collects cases; tokens are kept once each and cases name them, which keeps the file small."""

    def __init__(self, pool: forge.Pool) -> None:
        self._pool = pool
        self.tokens: dict[str, str] = {}
        self.cases: list[Case] = []
        self._names: dict[str, str] = {}

    def token(self, name: str, text: str) -> str:
        known = self._names.get(text)
        if known is not None:
            return known
        assert name not in self.tokens, name
        self.tokens[name] = self._pool.fold(text)
        self._names[text] = name
        return name

    def case(self, world: str, name: str, kind: str, token: str, expect: str = "ok", **arguments: Any) -> None:
        full = f"{world}/{kind}/{name}"
        case = {"name": full, "world": world, "object": kind, "token": self.token(full, token), "expect": expect}
        self.cases.append(case | arguments)


def profile() -> dict[str, Any]:
    """Vectors of the JWS profile alone."""
    key, edwards = forge.signing_key(ES256, "profile"), forge.signing_key(ED25519, "profile")
    claims = {"v": 1, "note": "ü"}
    header = {"alg": "ES256", "typ": "chancery-ul", "kid": b64(key.key_id)}
    good = forge.token("chancery-ul", claims, key)
    head, body, tail = good.split(".")
    raw = lambda h, c: forge.raw_token(h, c, key)  # noqa: E731  # a table reads better with a short name
    headed = lambda **changes: raw(compact(header | changes), compact(claims))  # noqa: E731  # as above
    text = compact(claims).decode()
    cases = [
        ("good", good, key, "ok"),
        ("good-edwards", forge.token("chancery-ul", claims, edwards), edwards, "ok"),
        ("other-key", good, forge.signing_key(ES256, "other"), "invalid_signature"),
        ("key-of-other-algorithm", good, edwards, "invalid_object"),
        ("minus-s", forge.high_s(good), key, "invalid_signature"),
        ("flipped-claims", f"{head}.{_flip(body)}.{tail}", key, None),
        ("padded-signature", good + "==", key, None),
        ("padded-claims", f"{head}.{body}=.{tail}", key, None),
        ("bits-left-over", good[:-1] + _next(good[-1]), key, None),
        ("standard-alphabet", good.replace("-", "+").replace("_", "/") + "+", key, None),
        ("line-break", good[:40] + "\n" + good[40:], key, None),
        ("white-space-before", " " + good, key, None),
        ("two-segments", f"{head}.{body}", key, None),
        ("four-segments", good + ".", key, None),
        ("no-signature", f"{head}.{body}.", key, "invalid_signature"),
        ("empty", "", key, None),
        ("duplicate-member", raw(compact(header), text.replace('"v":1', '"v":1,"v":1').encode()), key, None),
        ("duplicate-algorithm", raw(b'{"alg":"none",' + compact(header)[1:], compact(claims)), key, None),
        ("not-a-number", raw(compact(header), b'{"v":1,"note":NaN}'), key, None),
        ("fraction", raw(compact(header), b'{"v":1,"note":1.0}'), key, None),
        ("white-space-inside", raw(compact(header), b'{"v": 1}'), key, None),
        ("other-escapes", raw(compact(header), b'{"v":1,"note":"\\u00fc"}'), key, None),
        ("claims-not-an-object", raw(compact(header), b"[1]"), key, None),
        ("nine-levels", raw(compact(header), b'{"v":1,"note":' + b"[" * 8 + b"]" * 8 + b"}"), key, None),
        ("other-type", headed(typ="chancery-edit"), key, None),
        ("type-in-capitals", headed(typ="CHANCERY-UL"), key, None),
        ("no-type", raw(compact({k: v for k, v in header.items() if k != "typ"}), compact(claims)), key, None),
        ("algorithm-none", headed(alg="none"), key, None),
        ("algorithm-hmac", headed(alg="HS256"), key, None),
        ("brings-key", headed(jwk={"kty": "EC"}), key, None),
        ("brings-key-address", headed(jku="https://mallory.example"), key, None),
        ("brings-certificate", headed(x5c="AA"), key, None),
        ("critical", headed(crit="exp"), key, None),
        ("compressed", headed(zip="DEF"), key, None),
        ("header-member-not-text", headed(kid=1), key, None),
    ]
    listed = [
        {"name": name, "typ": "chancery-ul", "key": public_of(signer), "token": token}
        | {"expect": expect or "invalid_object"}
        for name, token, signer, expect in cases
    ]
    return {"cases": listed}


def _flip(segment: str) -> str:
    return segment[:-1] + ("A" if segment[-1] != "A" else "Q")


def _next(character: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(character) + 1]


def objects(worlds: dict[str, World], hostile: World) -> dict[str, Any]:
    pool = forge.Pool({name: text for world in worlds.values() for name, text in world.pool().items()})
    book = Book(pool)
    described = {}
    for name, world in worlds.items():
        described[name] = _describe(book, name, world)
        _good(book, name, world)
    world = worlds["p256"]
    for attack in (_statements, _certificates, _publishing, _editing, _seals, _licenses, _feeds, _proofs):
        attack(book, "p256", world, hostile)
    return {"pool": pool.texts, "worlds": described, "tokens": book.tokens, "cases": book.cases}


def _describe(book: Book, name: str, world: World) -> Case:
    rita = world.rita
    return {
        "iss": ISS,
        "now": NOW + 120,
        "org": str(world.org),
        "pinned": public_of(world.installation),
        "statement": book.token(f"{name}/statement", world.statement()),
        "delegation": book.token(f"{name}/delegation", world.delegation()),
        "sub": str(rita.sub),
        "dev": str(rita.dev),
        "account": book.token(f"{name}/account", world.account(rita)),
        "device_signing": public_of(rita.signing),
        "device_encryption": _pair(rita.encryption),
        "tenant_encryption": _pair(world.tenant_encryption),
    }


def _pair(key: EncryptionPrivateKey) -> Case:
    described = {"kem": key.kem.name, "private": b64(key.private_bytes())}
    return described if key.kem is MLKEM768_X25519 else described | {"public": b64(key.public.raw)}


def _first(world: World) -> sealed.Sealed:
    return sealed.build(sealed.olgas(world, b"hello", "small"))


def _cid(world: World) -> Any:
    return content_id(world.org, world.olga.signing.key_id, seed("nonce", 16))


def _good(book: Book, name: str, world: World) -> None:
    """One valid object of every type."""
    first, cid, rita = _first(world), _cid(world), world.rita
    key = {"content_key": b64(seed("content-key"))}
    book.case(name, "good", "statement", world.statement())
    book.case(name, "good", "delegation", world.delegation())
    book.case(name, "good", "account", world.account(rita))
    book.case(name, "good", "licensor", world.licensor(world.olga))
    found = {"cid": str(cid), "digest": b64(digest(first.license)), "within_certificate": True}
    book.case(name, "good", "publishing", first.license, result=found | key | {"issuer": str(world.olga.sub)})
    use = world.use(rita, first.license, cid, first.digest)
    opening = _opening(book, name, first)
    book.case(name, "good", "use", use, result=key)
    book.case(name, "good", "opening", use, **opening, result=key)
    edit = world.edit(rita, first.license, cid)
    book.case(name, "good", "edit", edit, license=opening["license"])
    second = sealed.build(sealed.edition(first, world, rita, b"hello again", "small2"))
    book.case(name, "first-edition", "seal", first.seal, license=opening["license"], result={"by_edit": False})
    book.case(name, "second-edition", "seal", second.seal, license=opening["license"], result={"by_edit": True})
    book.case(name, "good", "feed", world.feed(5, 0, [], NOW), statements=[], result={"seq": 5, "as_of": NOW})
    book.case(name, "good", "batch", _batch(world, first), result={"keys": [key["content_key"]]})
    book.case(name, "good", "proof", _proof(world), **_request())


def _opening(book: Book, name: str, first: sealed.Sealed, **changes: Any) -> Case:
    arguments = {
        "license": book.token(f"{name}/license", first.license),
        "seal": book.token(f"{name}/seal/{b64(first.digest)[:8]}", first.seal),
        "feed": [],
        "stored": False,
    }
    return arguments | changes


def _statements(book: Book, name: str, world: World, hostile: World) -> None:
    add = lambda case, token, expect, **more: book.case(name, case, "statement", token, expect, **more)  # noqa: E731  # a table
    add("other-installation-key", _resigned(world), "untrusted_key")
    add("other-issuer", world.statement(iss="https://mallory.example"), "wrong_binding")
    add("expired", world.statement(), "expired", now=NOW - 600 + DAY)
    add("two-days", world.statement(exp=NOW + 2 * DAY), "invalid_object")
    add("higher-version", world.statement(v=2), "invalid_object")
    add("unknown-member", world.statement(motd="hi"), "invalid_object")
    add("optional-addition", world.statement(ext={"motd": "hi"}), "ok")
    wrong_kid = world.tenant_key("enc") | {"kid": b64(seed("other"))}
    add("key-with-foreign-id", world.statement(tenant_keys=[wrong_kid]), "invalid_object")
    unknown_suite = world.tenant_key("enc") | {"suite": "later"}
    add("key-of-unknown-suite", world.statement(tenant_keys=[unknown_suite]), "ok")
    add("delegation-in-its-place", world.delegation(), "invalid_object")

    add = lambda case, token, expect, **more: book.case(name, case, "delegation", token, expect, **more)  # noqa: E731  # a table
    add("by-key-of-another-organization", world.delegation(signer=hostile.tenant_signing), "untrusted_key")
    add("for-another-organization", world.delegation(org=str(hostile.org)), "wrong_binding")
    add("by-issuing-key", world.delegation(signer=world.issuing), "untrusted_key")
    add("delegates-delegating", world.delegation(uses=["chancery-delegation"]), "invalid_object")
    add("unknown-use", world.delegation(uses=["chancery-later"]), "invalid_object")
    add("two-days", world.delegation(exp=NOW + 2 * DAY), "invalid_object")
    compromised = [world.tenant_key("enc"), world.tenant_key("sig", "compromised")]
    statement = book.token(f"{name}/statement/compromised", world.statement(tenant_keys=compromised))
    add("by-compromised-key", world.delegation(), "untrusted_key", statement=statement)


def _resigned(world: World) -> str:
    claims = {"v": 1, "iss": ISS, "aliases": [], "org": str(world.org), "name": "x", "origins": [], "tenant_keys": []}
    claims |= {"log_key": "x", "iat": NOW - 600, "exp": NOW + 600}
    return forge.token("chancery-org", claims, forge.signing_key(ES256, "mallory"))


def _certificates(book: Book, name: str, world: World, hostile: World) -> None:
    rita, olga = world.rita, world.olga
    add = lambda case, token, expect, **more: book.case(name, case, "account", token, expect, **more)  # noqa: E731  # a table
    add("other-device", world.account(world.max), "wrong_binding")
    add("expired", world.account(rita), "expired", now=NOW + 32 * DAY)
    add("for-a-year", world.account(rita, exp=NOW + 365 * DAY), "invalid_object")
    add("unknown-key-type", world.account(rita, enc={"kem": "later", "public": "AA"}), "unknown_suite")
    add(
        "key-not-on-curve",
        world.account(rita, sig={"alg": "ES256", "public": b64(b"\x04" + bytes(64))}),
        "invalid_object",
    )

    add = lambda case, token, expect, **more: book.case(name, case, "licensor", token, expect, **more)  # noqa: E731  # a table
    add("by-hostile-issuing-key", hostile.licensor(olga), "wrong_binding")
    forged = forge.token("chancery-clc", {}, hostile.issuing)
    add("nothing-in-it", forged, "invalid_object")
    foreign = _resign(world.licensor(olga), "chancery-clc", hostile)
    add("kid-of-another-organization", foreign, "untrusted_key")
    add("before-the-delegation", world.licensor(olga, nbf=NOW - 2 * DAY, exp=NOW + DAY), "expired")
    add("for-a-year", world.licensor(olga, exp=NOW + 365 * DAY), "invalid_object")
    add("unknown-permission", world.licensor(olga, may=["everything"]), "invalid_object")
    feeding = book.token(f"{name}/delegation/feed-only", world.delegation(uses=["chancery-feed"]))
    add("not-delegated-for-it", world.licensor(olga), "untrusted_key", delegation=feeding)


def _resign(token: str, typ: str, hostile: World) -> str:
    """The claims of a token, signed by the issuing key of another organization."""
    claims = forge.claims_of(token)
    return forge.token(typ, claims, hostile.issuing)


def _publishing(book: Book, name: str, world: World, hostile: World) -> None:
    olga, mallory = world.olga, world.max
    add = lambda case, token, expect, **more: book.case(name, case, "publishing", token, expect, **more)  # noqa: E731  # a table
    original = world.publishing(olga)
    claims = forge.claims_of(original)
    cid = _cid(world)
    lifted = forge.unb64(claims["env"])
    add("lifted-envelope", world.publishing(mallory, env=lifted), "cannot_unseal")
    add("squatted-content-id", world.publishing(mallory, cid=cid), "wrong_binding")
    add("resigned-by-another-device", world.publishing(olga, signer=mallory.signing, cid=cid), "invalid_signature")
    header = {"clc": world.licensor(mallory)}
    add(
        "resigned-with-own-certificate",
        world.publishing(olga, signer=mallory.signing, cid=cid, header=header),
        "wrong_binding",
    )
    add("minus-s", forge.high_s(original), "invalid_signature")
    add("of-another-organization", hostile.publishing(hostile.olga), "wrong_binding")
    add(
        "key-of-another-organization",
        world.publishing(olga, kid=b64(hostile.tenant_encryption.key_id)),
        "untrusted_key",
    )
    add("other-suite", world.publishing(olga, suite="hybrid"), "unknown_suite")
    narrow = {"clc": world.licensor(olga, kids=[b64(seed("other"))])}
    add("key-not-in-certificate", world.publishing(olga, header=narrow), "wrong_binding")
    add("other-nonce", world.publishing(olga, nonce=seed("other", 16), cid=cid), "wrong_binding")
    add("issuer-is-somebody-else", world.publishing(olga, envelope=world.envelope(mallory)), "wrong_binding")
    add(
        "unknown-member-in-envelope", world.publishing(olga, envelope=world.envelope(olga, free=True)), "invalid_object"
    )
    both = world.envelope(olga, template={"id": str(identifier("template")), "version": 1})
    add("policy-and-template", world.publishing(olga, envelope=both), "invalid_object")
    late = world.publishing(olga, iat=NOW + 40 * DAY)
    add("after-the-certificate", late, "ok", result={"within_certificate": False})
    add("higher-version", world.publishing(olga, v=2), "invalid_object")
    add("with-an-address", world.publishing(olga, url="https://mallory.example"), "invalid_object")
    online = world.publishing(olga, signer=world.issuing, header={"kid": b64(world.issuing.key_id)})
    add("online", online, "ok", result={"within_certificate": True})


def _editing(book: Book, name: str, world: World, hostile: World) -> None:
    first, cid, rita = _first(world), _cid(world), world.rita
    license_ = book.token(f"{name}/license", first.license)
    other = world.publishing(world.olga, nonce=seed("nonce2", 16))
    elsewhere = world.edit(rita, other, content_id(world.org, world.olga.signing.key_id, seed("nonce2", 16)))
    use = world.use(rita, first.license, cid, first.digest)
    book.case(name, "of-another-content", "edit", elsewhere, "wrong_binding", license=license_)
    book.case(name, "use-license-in-its-place", "edit", use, "invalid_object", license=license_)
    by_hostile = _resign(world.edit(rita, first.license, cid), "chancery-edit", hostile)
    book.case(name, "kid-of-another-organization", "edit", by_hostile, "untrusted_key", license=license_)


def _seals(book: Book, name: str, world: World, hostile: World) -> None:
    first, cid, rita, mallory = _first(world), _cid(world), world.rita, world.max
    license_ = book.token(f"{name}/license", first.license)

    def add(case: str, made: sealed.Sealed, expect: str, **more: Any) -> None:
        book.case(name, case, "seal", made.seal, expect, license=license_, **more)

    def one(**changes: Any) -> sealed.Sealed:
        return sealed.build(sealed.olgas(world, b"hello", "small", **changes))

    def two(**changes: Any) -> sealed.Sealed:
        return sealed.build(sealed.edition(first, world, rita, b"forged", "small3", **changes))

    other = world.publishing(world.olga, nonce=seed("nonce2", 16))
    other_cid = content_id(world.org, world.olga.signing.key_id, seed("nonce2", 16))
    add(
        "certificate-of-another-device",
        one(signer=mallory.signing, certificate=world.licensor(mallory)),
        "wrong_binding",
    )
    add("signed-by-another-device", one(signer=mallory.signing), "invalid_signature")
    add("edit-certificate-of-another-content", two(certificate=world.edit(rita, other, other_cid)), "wrong_binding")
    add(
        "edit-certificate-of-another-device",
        two(certificate=world.edit(mallory, first.license, cid)),
        "invalid_signature",
    )
    add("after-the-edit-certificate", two(seal={"iat": NOW + 8 * DAY}), "expired")
    add("before-the-edit-certificate", two(seal={"iat": NOW - 1}), "expired")
    use = world.use(rita, first.license, cid, first.digest)
    add("use-license-as-certificate", two(certificate=use), "invalid_object")
    add("licensor-certificate-for-a-later-edition", two(certificate=world.licensor(rita)), "invalid_object")
    add("edit-certificate-for-the-first-edition", two(seal={"n": 1, "prev": None}), "wrong_binding")
    add("later-edition-without-previous", two(seal={"prev": None}), "invalid_object")
    add("first-edition-with-previous", one(seal={"prev": b64(seed("x"))}), "invalid_object")
    add("of-another-license", one(seal={"pl": b64(seed("x"))}), "wrong_binding")
    foreign = world.delegation(signer=hostile.tenant_signing)
    add("delegation-of-another-organization", one(delegation=foreign), "untrusted_key")


def _licenses(book: Book, name: str, world: World, hostile: World) -> None:
    first, cid, rita = _first(world), _cid(world), world.rita
    second = sealed.build(sealed.edition(first, world, rita, b"hello again", "small2"))
    opening = _opening(book, name, first)
    good = world.use(rita, first.license, cid, first.digest)

    def add(case: str, token: str, expect: str, **more: Any) -> None:
        book.case(name, case, "opening", token, expect, **(opening | more))

    def use(**changes: Any) -> str:
        return world.use(rita, first.license, cid, first.digest, **changes)

    add("of-somebody-else", world.use(world.max, first.license, cid, first.digest), "wrong_binding")
    add("of-another-license", use(pl=b64(seed("x"))), "wrong_binding")
    add("old-edition-replayed", world.use(rita, first.license, cid, second.digest), "wrong_binding")
    add("edition-refused", use(body={"n": 1, "status": "refused"}), "wrong_binding")
    add("edition-superseded", use(body={"n": 1, "status": "superseded"}), "ok")
    add("expired", good, "expired", now=NOW + 31 * DAY)
    add("stored", good, "ok", stored=True, now=NOW + 1800, feed=_heartbeat(book, name, world, NOW + 60))
    add(
        "stored-lease-lapsed",
        good,
        "expired",
        stored=True,
        now=NOW + 7200,
        feed=_heartbeat(book, name, world, NOW + 60),
    )
    stated = use(ext={"seq": 1})
    add("stored-by-its-own-heartbeat", stated, "ok", stored=True, now=NOW + 3600)
    add("stored-after-its-own-heartbeat", stated, "expired", stored=True, now=NOW + 3601)
    add("stored-without-a-heartbeat", good, "expired", stored=True, now=NOW + 1800)
    later = _heartbeat(book, name, world, NOW + 8 * DAY - 7200)
    add("stored-beyond-offline", good, "expired", stored=True, now=NOW + 8 * DAY - 7200, feed=later)
    add("stored-online-only", use(offline_until=NOW), "expired", stored=True)
    feed_id = b64(seed("feed/document", 16))
    for case, entry, expect in (
        ("revision-raised", {"id": feed_id, "rev": 4}, "revoked"),
        ("revision-as-licensed", {"id": feed_id, "rev": 3}, "ok"),
        ("person-disabled", {"id": b64(seed("feed/person", 16)), "before": NOW + 1}, "revoked"),
        ("licensed-after-that", {"id": b64(seed("feed/person", 16)), "before": NOW}, "ok"),
        ("somebody-elses-entry", {"id": b64(seed("feed/x", 16)), "before": NOW + DAY}, "ok"),
    ):
        feed = book.token(f"{name}/feed/{case}", world.feed(1, 0, [entry], NOW + 60))
        add(case, good, expect, feed=[feed])
    by_hostile = _resign(good, "chancery-ul", hostile)
    add("kid-of-another-organization", by_hostile, "untrusted_key")
    add("edit-certificate-in-its-place", world.edit(rita, first.license, cid), "invalid_object")
    blob = forge.hpke_seal(
        rita.encryption.public,
        seed("content-key"),
        bindings.ul_key(org=world.org, cid=cid, dev=rita.dev, jti=identifier("event/2")),
        "lifted",
    )
    add("key-lifted-from-another-license", use(key=b64(blob)), "cannot_unseal")
    add("viewer-only", use(key=None, enforcement="viewer"), "cannot_unseal")
    add("grants-nothing", use(rights=[]), "invalid_object")
    unregistered = use(body={"n": 2, "status": "unregistered"})
    edited = _opening(book, name, second)
    token = world.use(rita, first.license, cid, second.digest, body={"n": 2, "status": "unregistered"}, lease=None)
    add("unregistered-edition", token, "ok", seal=edited["seal"], stored=True, now=NOW + 6 * DAY)
    short = sealed.build(
        sealed.edition(
            first, world, rita, b"hello", "small4", certificate=world.edit(rita, first.license, cid, exp=NOW + DAY)
        )
    )
    lapsed = world.use(rita, first.license, cid, short.digest, body={"n": 2, "status": "unregistered"}, lease=None)
    seal = _opening(book, name, short)["seal"]
    add("unregistered-edition-too-late", lapsed, "expired", seal=seal, stored=True, now=NOW + 2 * DAY)
    add("unregistered-answer-online", unregistered, "ok")


def _heartbeat(book: Book, name: str, world: World, as_of: int) -> list[str]:
    return [book.token(f"{name}/feed/at-{as_of}", world.feed(1, 0, [], as_of))]


def _feeds(book: Book, name: str, world: World, hostile: World) -> None:
    first = book.token(f"{name}/feed/first", world.feed(5, 0, [], NOW))

    def add(case: str, token: str, expect: str, **more: Any) -> None:
        book.case(name, case, "feed", token, expect, statements=[first], **more)

    entry = {"id": b64(seed("feed/document", 16)), "rev": 2}
    add("next", world.feed(6, 6, [entry], NOW + 60), "ok", result={"seq": 6, "as_of": NOW + 60})
    add("heartbeat", world.feed(5, 6, [], NOW + 60), "ok", result={"seq": 5, "as_of": NOW + 60})
    add("gap", world.feed(8, 7, [entry], NOW + 60), "feed_gap")
    add("full-list-after-a-gap", world.feed(8, 0, [entry], NOW + 60), "ok", result={"seq": 8, "as_of": NOW + 60})
    add("older", world.feed(4, 0, [], NOW + 60), "invalid_object")
    add("back-in-time", world.feed(5, 0, [], NOW - 60), "invalid_object")
    add("of-another-organization", hostile.feed(6, 6, [], NOW + 60), "wrong_binding")
    add("entry-without-bound", world.feed(6, 6, [{"id": entry["id"]}], NOW), "invalid_object")
    add("entry-with-two-bounds", world.feed(6, 6, [entry | {"before": 1}], NOW), "invalid_object")


def _request() -> Case:
    return {
        "request": {
            "method": "POST",
            "url": "https://contoso.chancery.example/api/v1/licenses",
            "token": "opaque-access-token",
            "body": b64(b'{"pl":"..."}'),
        }
    }


def _proof(world: World, **changes: Any) -> str:
    claims = {
        "v": 1,
        "jti": str(identifier("proof")),
        "htm": "POST",
        "htu": _request()["request"]["url"],
        "iat": NOW + 100,
        "ath": b64(hashlib.sha256(b"opaque-access-token").digest()),
        "bh": b64(hashlib.sha256(b'{"pl":"..."}').digest()),
    }
    return forge.token("chancery-proof", claims | changes, world.rita.signing)


def _proofs(book: Book, name: str, world: World, hostile: World) -> None:
    def add(case: str, token: str, expect: str, **more: Any) -> None:
        book.case(name, case, "proof", token, expect, **_request(), **more)

    add("other-method", _proof(world, htm="GET"), "wrong_binding")
    add("other-origin", _proof(world, htu="https://mallory.example/api/v1/licenses"), "wrong_binding")
    add("other-token", _proof(world, ath=b64(seed("x"))), "wrong_binding")
    add("other-body", _proof(world, bh=b64(seed("x"))), "wrong_binding")
    add("too-old", _proof(world, iat=NOW + 120 - 301), "expired")
    add("from-the-future", _proof(world, iat=NOW + 120 + 301), "expired")
    claims = forge.claims_of(_proof(world))
    add("other-device", forge.token("chancery-proof", claims, world.max.signing), "untrusted_key")


def _batch(world: World, first: sealed.Sealed, *, keys: int = 1) -> str:
    rita = world.rita
    use = world.use(rita, first.license, _cid(world), first.digest)
    license_ = forge.claims_of(use)
    result = {name: license_[name] for name in license_ if name not in {"v", "iss", "org", "sub", "dev", "iat", "key"}}
    jti = identifier("batch")
    plaintext = (b"\x00\x20" + seed("content-key")) * keys
    info = bindings.ul_batch(org=world.org, dev=rita.dev, jti=jti)
    refusal = {"pl": b64(seed("x")), "jti": str(identifier("event/3")), "reason": "not_granted", "details": {}}
    claims = {
        "v": 1,
        "jti": str(jti),
        "iss": ISS,
        "org": str(world.org),
        "sub": str(rita.sub),
        "dev": str(rita.dev),
        "iat": NOW,
        "results": [{"license": result}, {"refusal": refusal}],
        "keys": b64(forge.hpke_seal(rita.encryption.public, plaintext, info, f"batch/{keys}")),
    }
    return forge.token("chancery-ul-batch", claims, world.issuing)
