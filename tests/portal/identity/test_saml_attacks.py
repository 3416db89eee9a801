"""What a forger, a thief or a provider that errs sends by SAML, and that none of it signs anybody in.

Messages begin as true answers of a real provider and are rearranged by the standard library's own XML tool; what is
signed anew is signed by the provider's library.
"""

import base64
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.dom import minidom

import pytest
from django.contrib.auth import get_user
from django.core.cache import cache
from django.test import TestCase

from portal import throttle
from portal.identity.sign_on.saml.metadata import read_saml_provider
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts
from tests.identity_provider.saml import SamlProvider, Signer, as_fields, saml_provider, signer, xml_of
from tests.portal.identity.browser import Answer, Browser
from tests.portal.identity.saml import DOMAIN, Connected, attributes_of, connect
from tests.tenants import builders

ASSERTION = "/*[local-name()='Response']/*[local-name()='Assertion']"
PAST, FUTURE = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def running() -> Iterator[SamlProvider]:
    with saml_provider() as found:
        yield found


@pytest.fixture(scope="module")
def stranger() -> Signer:
    return signer()


@pytest.fixture(scope="class")
def _provider(request: pytest.FixtureRequest, running: SamlProvider, stranger: Signer) -> None:
    request.cls.provider = running
    request.cls.stranger = stranger


@pytest.mark.usefixtures("_provider")
class SamlAttackTest(TestCase):
    provider: SamlProvider
    stranger: Signer
    contoso: OrganizationFacts
    olga: PersonFacts
    OLGA: ClassVar[dict[str, Any]] = {"attributes": attributes_of(f"olga@{DOMAIN}")}

    @classmethod
    def setUpTestData(cls) -> None:
        cls.contoso = builders.organization("contoso", DOMAIN)
        cls.olga = builders.person(cls.contoso.id, f"olga@{DOMAIN}", name="Olga")
        cls.ada = builders.person(cls.contoso.id, f"ada@{DOMAIN}", name="Ada")

    def setUp(self) -> None:
        cache.clear()
        throttle.forget()
        self.provider.forget()
        self.idp = connect(self.provider, self.contoso.id, DOMAIN)

    def truth(self, browser: Browser) -> str:
        """Return a true answer to a question of this browser."""
        self.provider.person("s-olga", **self.OLGA)
        return xml_of(self.idp.answer(browser))

    def tried(self, change: Callable[[str], str]) -> str:
        """Return the page after an answer that was changed on the way; nobody is signed in by it."""
        browser = Browser()
        answer = self.idp.brought(browser, as_fields(change(self.truth(browser))))
        assert answer.status_code == 403, answer.content
        assert not get_user(browser).is_authenticated
        return str(answer.content.decode())

    def erred(self, *changes: tuple[str, str], **more: Any) -> str:
        """Return the page after an answer that the provider itself made and signed so."""
        self.provider.set(changes=list(changes), **more)
        browser = Browser()
        answer = self.idp.sign_in(browser, "s-olga", **self.OLGA)
        assert answer.status_code == 403, answer.content
        assert not get_user(browser).is_authenticated
        return str(answer.content.decode())


class WrappingTest(SamlAttackTest):
    """Signature wrapping as Somorovsky et al. name it ("On Breaking SAML", 2012): XSW 1 to 8."""

    @staticmethod
    def parts(xml: str) -> tuple[Any, Any, Any, Any]:
        """Return document, assertion, its signature, and a forged copy of the assertion without one."""
        document: Any = minidom.parseString(xml)
        assertion = document.getElementsByTagName("saml:Assertion")[0]
        forged = assertion.cloneNode(deep=True)
        forged.removeChild(forged.getElementsByTagName("ds:Signature")[0])
        forged.setAttribute("ID", "_forged")
        for element in forged.getElementsByTagName("saml:AttributeValue"):
            if element.firstChild.data == f"olga@{DOMAIN}":
                element.firstChild.data = f"ada@{DOMAIN}"
        forged.getElementsByTagName("saml:NameID")[0].firstChild.data = "s-ada"
        return document, assertion, assertion.getElementsByTagName("ds:Signature")[0], forged

    def whole(self, *, inside: bool) -> Callable[[str], str]:
        """Wrap a signed answer into a forged one: inside its signature, or before it."""

        def change(xml: str) -> str:
            document: Any = minidom.parseString(xml)
            root = document.documentElement
            signature = next(one for one in root.childNodes if one.nodeName == "ds:Signature")
            original = root.cloneNode(deep=True)
            original.removeChild(next(one for one in original.childNodes if one.nodeName == "ds:Signature"))
            _document, _assertion, _signature, forged = self.parts(xml)
            root.replaceChild(forged, next(one for one in root.childNodes if one.nodeName == "saml:Assertion"))
            root.setAttribute("ID", "_forged_answer")
            if inside:
                held = document.createElement("ds:Object")
                held.appendChild(original)
                signature.appendChild(held)
            else:
                root.insertBefore(original, signature)
            return str(document.toxml())

        return change

    def test_a_forged_answer_around_the_signed_one_xsw_1_and_2(self) -> None:
        self.provider.set(signs_answer=True)
        for inside in (True, False):
            self.tried(self.whole(inside=inside))

    def wrapped(self, arrange: Callable[[Any, Any, Any, Any], object]) -> str:
        def change(xml: str) -> str:
            document, assertion, signature, forged = self.parts(xml)
            arrange(document, assertion, signature, forged)
            assert "s-ada" in document.toxml()
            assert document.toxml().count(">s-olga<") == 1
            return str(document.toxml())

        return self.tried(change)

    def test_a_forged_assertion_before_or_around_the_signed_one_xsw_3_and_4(self) -> None:
        self.wrapped(lambda document, true, _s, forged: document.documentElement.insertBefore(forged, true))
        self.wrapped(lambda document, _true, _s, forged: document.documentElement.appendChild(forged))

        def around(document: Any, true: Any, _signature: Any, forged: Any) -> None:
            document.documentElement.replaceChild(forged, true)
            forged.appendChild(true)

        self.wrapped(around)

    def test_the_signature_moved_into_the_forged_assertion_xsw_5_and_6(self) -> None:
        def beside(document: Any, true: Any, signature: Any, forged: Any) -> None:
            true.removeChild(signature)
            forged.insertBefore(signature, forged.childNodes[1])
            document.documentElement.insertBefore(forged, true)

        def inside(document: Any, true: Any, signature: Any, forged: Any) -> None:
            document.documentElement.replaceChild(forged, true)
            true.removeChild(signature)
            forged.insertBefore(signature, forged.childNodes[1])
            signature.appendChild(true)

        self.wrapped(beside)
        self.wrapped(inside)

    def test_the_signed_assertion_hidden_where_anything_may_stand_xsw_7_and_8(self) -> None:
        def extensions(document: Any, true: Any, _signature: Any, forged: Any) -> None:
            held = document.createElement("samlp:Extensions")
            document.documentElement.insertBefore(held, true)
            held.appendChild(forged)

        def thing(document: Any, true: Any, signature: Any, forged: Any) -> None:
            document.documentElement.replaceChild(forged, true)
            true.removeChild(signature)
            held = document.createElement("ds:Object")
            held.appendChild(true)
            signature.appendChild(held)
            forged.insertBefore(signature, forged.childNodes[1])

        self.wrapped(extensions)
        self.wrapped(thing)

    def test_the_forged_assertion_under_the_id_of_the_signed_one(self) -> None:
        def arrange(document: Any, true: Any, _signature: Any, forged: Any) -> None:
            forged.setAttribute("ID", true.getAttribute("ID"))
            document.documentElement.insertBefore(forged, true)

        assert "exactly one assertion" in self.wrapped(arrange)


class SignatureTest(SamlAttackTest):
    def signed_again(self, **how: Any) -> str:
        def change(xml: str) -> str:
            bare = re.sub(r"<ds:Signature.*?</ds:Signature>", "", xml, flags=re.DOTALL)
            return self.provider.signed(bare, ASSERTION, f"{ASSERTION}/*[local-name()='Issuer']", **how)

        return self.tried(change)

    def test_what_is_signed_anew_as_it_should_be_is_believed(self) -> None:
        browser = Browser()
        bare = re.sub(r"<ds:Signature.*?</ds:Signature>", "", self.truth(browser), flags=re.DOTALL)
        again = self.provider.signed(bare, ASSERTION, f"{ASSERTION}/*[local-name()='Issuer']")
        assert self.idp.brought(browser, as_fields(again)).status_code == 302, "or the refusals below prove nothing"

    def test_sha_1_a_strange_key_and_no_signature_are_refused(self) -> None:
        old, digest = "http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2000/09/xmldsig#sha1"
        known = "not signed by a key of it that is known"
        assert known in self.signed_again(method=old)
        assert known in self.signed_again(digest=digest)
        assert known in self.signed_again(key=self.stranger.key, certificate=self.stranger.certificate)
        assert known in self.signed_again(key=self.stranger.key)
        bare = self.tried(lambda xml: re.sub(r"<ds:Signature.*?</ds:Signature>", "", xml, flags=re.DOTALL))
        assert "has not signed the assertion" in bare

    def test_an_answer_that_is_signed_around_an_assertion_that_is_not_is_refused(self) -> None:
        said = self.erred(signs_assertion=False)
        assert "has not signed the assertion" in said
        assert "sign assertions, not only the answer" in said

    def test_a_changed_word_is_refused_in_the_assertion_and_in_an_answer_that_is_signed(self) -> None:
        assert "not signed by a key" in self.tried(lambda xml: xml.replace(">s-olga<", ">s-ada<"))
        self.provider.set(signs_answer=True)
        assert "not signed by a key" in self.tried(
            lambda xml: xml.replace('Version="2.0"', 'Version="2.0" Consent="x"', 1)
        )

    def test_a_signature_over_a_part_or_in_a_strange_place_is_refused(self) -> None:
        def over_a_part(xml: str) -> str:
            bare = re.sub(r"<ds:Signature.*?</ds:Signature>", "", xml, flags=re.DOTALL)
            part = "//*[local-name()='AuthnStatement']"
            return self.provider.signed(bare, part, f"{ASSERTION}/*[local-name()='Issuer']")

        assert "about something else" in self.tried(over_a_part)

        def twice(xml: str) -> str:
            document: Any = minidom.parseString(xml)
            signature = document.getElementsByTagName("ds:Signature")[0]
            document.getElementsByTagName("samlp:Status")[0].appendChild(signature.cloneNode(deep=True))
            return str(document.toxml())

        assert "where none belongs" in self.tried(twice)

    def test_a_comment_never_splits_a_name(self) -> None:
        self.tried(lambda xml: xml.replace(">s-olga<", ">s-ol<!-- -->ga<"))
        said = self.tried(lambda xml: xml.replace(f">olga@{DOMAIN}<", f">olga@{DOMAIN}<!-- -->.evil.example<"))
        assert "holds comments" in said
        assert "holds comments" in self.erred((">s-olga<", ">s-ol<!-- -->ga<"))

    def test_a_certificate_that_has_ended_signs_nothing(self) -> None:
        ended = signer(days=-1)
        keys = read_saml_provider(text=self.provider.metadata.replace(self.provider.signer.bare, ended.bare)).keys
        self.idp.change(keys=dict(keys))
        known = "not signed by a key of it that is known and valid"
        assert known in self.signed_again(key=ended.key, certificate=ended.certificate)

    def test_new_keys_are_looked_for_where_the_metadata_was_read(self) -> None:
        strange = read_saml_provider(text=self.provider.metadata.replace(self.provider.signer.bare, self.stranger.bare))
        self.idp.change(keys=dict(strange.keys))
        browser = Browser()
        self.idp.sign_in(browser, "s-olga", **self.OLGA)
        assert not get_user(browser).is_authenticated, "the metadata was pasted"
        self.idp.change(metadata={**self.idp.facts.metadata, "read_from": f"{self.provider.issuer}/metadata"})
        self.idp.change(issuer="https://else.example")
        self.provider.set(changes=[[f"<saml:Issuer>{self.provider.entity}<", "<saml:Issuer>https://else.example<"]])
        self.idp.sign_in(browser, "s-olga", **self.OLGA)
        assert self.idp.facts.keys == strange.keys, "another provider's keys are not taken"
        throttle.forget()
        self.provider.set(changes=[])
        self.idp.change(issuer=self.provider.entity)
        self.idp.sign_in(browser, "s-olga", **self.OLGA)
        assert get_user(browser).pk == self.olga.id
        assert self.idp.facts.keys != strange.keys


class MessageTest(SamlAttackTest):
    def test_document_types_entities_and_bombs_are_not_read(self) -> None:
        bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
        for begin, entity in (
            ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;"),
            ('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">', ""),
            (f'<!DOCTYPE x [<!ENTITY a0 "ha">{bomb}]>', "&a9;"),
        ):
            said = self.tried(partial(_with_type, begin, entity))
            assert "is not XML that is read here" in said

    def test_what_is_no_message_is_refused(self) -> None:
        for sent in ("", "%%%", base64.b64encode(b"x" * 400_000).decode(), base64.b64encode(b"<a/>").decode()):
            answer = Browser().post(f"{self.idp.path}/acs/", {"SAMLResponse": sent})
            assert answer.status_code == 403

    def test_two_assertions_are_refused(self) -> None:
        def change(xml: str) -> str:
            document: Any = minidom.parseString(xml)
            true = document.getElementsByTagName("saml:Assertion")[0]
            document.documentElement.appendChild(true.cloneNode(deep=True))
            return str(document.toxml())

        assert "exactly one assertion" in self.tried(change)

    def test_an_assertion_counts_only_for_us_here_and_now(self) -> None:
        for change, why in (
            (("<saml:Audience>", "<saml:Audience>https://else.example/"), "meant for somebody else"),
            (("AudienceRestriction>", "OneTimeUse>"), "meant for somebody else"),
            ((' Recipient="', ' Recipient="https://else.example/'), "not for this sign-in"),
            (("Recipient", 'Address="127.0.0.1" Forgotten'), "not for this sign-in"),
            (("cm:bearer", "cm:sender-vouches"), "not for this sign-in"),
            (("<saml:SubjectConfirmationData", f'<saml:SubjectConfirmationData NotBefore="{FUTURE}"'), "not for this"),
            (
                (
                    "<saml:SubjectConfirmationData NotOnOrAfter=",
                    f'<saml:SubjectConfirmationData NotOnOrAfter="{PAST}" x=',
                ),
                "not for",
            ),
            (("<saml:Conditions NotBefore=", f'<saml:Conditions NotBefore="{FUTURE}" x='), "not valid now"),
            (
                ("<saml:AudienceRestriction>", "<saml:Condition/><saml:AudienceRestriction>"),
                "condition that is not known",
            ),
            (("<saml:AuthnStatement", f'<saml:AuthnStatement SessionNotOnOrAfter="{PAST}"'), "session is over"),
            (("AuthnStatement", "AuthzStatement"), "does not say that somebody has signed in"),
            (("<saml:NameID ", "<saml:EncryptedID/><saml:NameID "), "encrypts the name"),
            (
                (
                    f"<saml:Issuer>{self.provider.entity}</saml:Issuer><saml:Subject>",
                    "<saml:Issuer>x</saml:Issuer><saml:Subject>",
                ),
                "Another provider",
            ),
        ):
            assert why in self.erred(change), change

    def test_the_life_of_an_assertion_has_two_ends(self) -> None:
        ended = ('" NotOnOrAfter="', f'" x="" NotOnOrAfter="{PAST}" y="')
        assert "not valid now" in self.erred(ended)
        assert "valid for too long" in self.erred(('" NotOnOrAfter="', f'" NotOnOrAfter="{FUTURE}" y="'))
        assert "not valid now" in self.erred(('" NotOnOrAfter="', '" y="'))

    def test_what_stands_around_the_assertion_is_compared(self) -> None:
        for change, why in (
            ((' Destination="', ' Destination="https://else.example/'), "meant for another address"),
            (("status:Success", "status:Responder"), "did not sign you in: Responder"),
            (
                (
                    f"<saml:Issuer>{self.provider.entity}</saml:Issuer><samlp:Status>",
                    "<saml:Issuer>x</saml:Issuer><samlp:Status>",
                ),
                "Another provider",
            ),
            (('Version="2.0" IssueInstant="', f'Version="2.0" IssueInstant="{PAST}" x="'), "too old"),
            (('Version="2.0" IssueInstant="', f'Version="2.0" IssueInstant="{FUTURE}" x="'), "from the future"),
            (('Version="2.0"', 'Version="1.1"'), "not one of SAML 2.0"),
        ):
            assert why in self.erred(change), change


def _with_type(begin: str, entity: str, xml: str) -> str:
    return begin + xml.replace(">s-olga<", f">s-olga{entity}<")


class BrowserTest(SamlAttackTest):
    def test_only_the_browser_that_had_asked_is_signed_in(self) -> None:
        victim, thief = Browser(), Browser()
        fields = as_fields(self.truth(thief))
        self.refused_for(victim, self.idp.brought(victim, fields))
        other = as_fields(self.truth(thief))
        self.idp.begin(victim)
        self.refused_for(victim, self.idp.brought(victim, other))

    def refused_for(self, browser: Browser, answer: Answer) -> None:
        assert "was not begun in this browser" in answer.content.decode()
        assert not get_user(browser).is_authenticated

    def test_an_answer_and_an_assertion_are_good_once(self) -> None:
        browser = Browser()
        fields = as_fields(self.truth(browser))
        assert self.idp.brought(browser, fields).status_code == 302
        again = Browser().post(f"{self.idp.path}/acs/", fields)
        assert again.status_code == 403, "nothing of it is kept a second time"
        first, second = Browser(), Browser()
        same = {"about": "_the-same", **self.OLGA}
        assert self.idp.sign_in(first, "s-olga", **same).status_code == 302
        assert "was used before" in self.idp.sign_in(second, "s-olga", **same).content.decode()
        assert not get_user(second).is_authenticated

    def test_where_an_answer_waits_is_good_once_and_for_its_connection(self) -> None:
        browser = Browser()
        fields = as_fields(self.truth(browser))
        taken = Browser().post(f"{self.idp.path}/acs/", fields)
        waits = parse_qs(urlsplit(taken["Location"]).query)["answer"][0]
        assert browser.get(f"{self.idp.path}/callback/", {"answer": waits}).status_code == 302
        late = Browser()
        self.idp.begin(late)
        assert cache.get(f"sign-on-answer:{self.idp.id}:{waits}") is None, "nothing of a person is kept longer"
        self.refused_for(late, late.get(f"{self.idp.path}/callback/", {"answer": waits}))

    def test_nobody_is_signed_in_without_having_asked(self) -> None:
        browser = Browser()
        said = self.tried(lambda xml: re.sub(r' InResponseTo="[^"]*"', "", xml))
        assert "without being asked" in said
        assert "type your address" in said
        sent = self.truth(browser)
        asked = re.search(r'InResponseTo="([^"]+)"', sent)
        assert asked is not None
        invented = as_fields(sent.replace(asked.group(1), "s-invented"))
        assert Browser().post(f"{self.idp.path}/acs/", invented).status_code == 403, "nor is anything kept of it"
        self.refused_for(browser, self.idp.brought(browser, invented))

    def test_an_answer_for_one_connection_is_none_for_another(self) -> None:
        other = connect(self.provider, self.contoso.id, DOMAIN, name="Two")
        self.provider.know(self.metadata(self.idp))
        browser = Browser()
        fields = as_fields(self.truth(browser))
        taken = Browser().post(f"{other.path}/acs/", fields)
        assert taken.status_code == 403
        other.begin(browser)
        self.refused_for(browser, self.idp.brought(browser, fields))

    def metadata(self, connection: Connected) -> str:
        return str(Browser().get(f"{connection.path}/metadata/").content.decode())

    def test_the_answer_arrives_without_a_cookie_and_without_a_token_of_forms(self) -> None:
        browser = Browser()
        fields = as_fields(self.truth(browser))
        strict = Browser()
        strict.handler.enforce_csrf_checks = True
        try:
            taken = strict.post(f"{self.idp.path}/acs/", fields)
        finally:
            strict.handler.enforce_csrf_checks = False
        assert taken.status_code == 302
        assert not taken.cookies, "what arrives from another site begins no session"


class SignOutTest(SamlAttackTest):
    def signed_in(self) -> Browser:
        browser = Browser()
        self.idp.sign_in(browser, "s-olga", **self.OLGA)
        assert get_user(browser).is_authenticated
        return browser

    def redirected(self, query: str) -> Answer:
        return Browser().get(f"{self.idp.path}/logout/?{query}")

    def test_nobody_but_the_provider_signs_anybody_out(self) -> None:
        browser = self.signed_in()
        query = urlsplit(self.provider.ends("redirect", "s-olga")["context"]).query
        fields = parse_qs(query)
        other = urlsplit(self.provider.ends("redirect", "s-olga", "s-1")["context"]).query
        unsigned = urlencode({"SAMLRequest": fields["SAMLRequest"][0]})
        mixed = query.replace(query.split("&")[0], other.split("&")[0])
        for sent in (
            unsigned,
            mixed,
            f"{query}&SAMLRequest=x",
            query.replace("rsa-sha256", "rsa-sha1"),
            "SAMLRequest=",
        ):
            assert self.redirected(sent).status_code == 403, sent
        harmless = urlsplit(self.provider.ends("redirect", "s-nobody")["context"]).query
        smuggled = f"{harmless}&SAML%52equest={query.split('&')[0].partition('=')[2]}"
        assert self.redirected(smuggled).status_code == 200
        assert get_user(browser).is_authenticated, "what is read is what was signed, however its name is written"
        posted = base64.b64decode(self.provider.ends("post", "s-olga")["context"]).decode()
        bare = re.sub(r"<ds:Signature.*?</ds:Signature>", "", posted, flags=re.DOTALL)
        for xml in (bare, posted.replace("s-olga", "s-ada"), posted.replace(">s-olga<", ">s-ol<!-- -->ga<")):
            sent = {"SAMLRequest": base64.b64encode(xml.encode()).decode()}
            assert Browser().post(f"{self.idp.path}/logout/", sent).status_code == 403
        assert get_user(browser).is_authenticated
        assert self.redirected(query).status_code == 200
        assert not get_user(browser).is_authenticated, "and the true one does"

    def test_a_request_is_good_once_for_its_connection_and_for_ten_minutes(self) -> None:
        self.signed_in()
        query = urlsplit(self.provider.ends("redirect", "s-olga")["context"]).query
        assert self.redirected(query).status_code == 200
        browser = self.signed_in()
        assert "used before" in self.redirected(query).content.decode()
        other = connect(self.provider, self.contoso.id, DOMAIN, name="Two")
        foreign = urlsplit(self.provider.ends("redirect", "s-olga")["context"]).query
        assert "another address" in self.redirected(foreign).content.decode()
        assert other.id != self.idp.id
        self.provider.know(str(Browser().get(f"{self.idp.path}/metadata/").content.decode()))
        posted = base64.b64decode(self.provider.ends("post", "s-olga")["context"]).decode()
        bare = re.sub(r"<ds:Signature.*?</ds:Signature>", "", posted, flags=re.DOTALL)
        root = "/*[local-name()='LogoutRequest']"
        for change, why in (
            ((r'IssueInstant="[^"]+"', f'IssueInstant="{PAST}"'), "too old"),
            ((r'IssueInstant="', f'NotOnOrAfter="{PAST}" IssueInstant="'), "too old"),
            ((r">[^<]+/idp<", ">https://else.example<"), "Another provider"),
        ):
            changed = self.provider.signed(re.sub(*change, bare, count=1), root, f"{root}/*[local-name()='Issuer']")
            sent = {"SAMLRequest": base64.b64encode(changed.encode()).decode()}
            assert why in Browser().post(f"{self.idp.path}/logout/", sent).content.decode(), change
        assert get_user(browser).is_authenticated
