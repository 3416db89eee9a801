// The SAML identity provider of the tests: samlify, with people, attributes and sessions that the tests set.
//
// Whoever comes signs in as the person whom a test has named; requests are read and checked, answers signed and
// encrypted by the library. A test may change what is written before it is signed, as a provider that errs would, and
// may have anything signed in ways that no provider uses any more.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const [, , packages, port, privateKey, signingCert] = process.argv;
const require = createRequire(`${packages}/node_modules/`);
const saml = require("samlify");
const { SignedXml } = require("xml-crypto");

saml.setSchemaValidator({ validate: () => Promise.resolve("ok") });
const issuer = `http://127.0.0.1:${port}`;
const set = { person: {}, changes: [], encrypt: "", signs_answer: false, signs_assertion: true, captured: [] };
const { redirect } = saml.Constants.namespace.binding;
const known = {};

const provider = (encryption = "") =>
  saml.IdentityProvider({
    entityID: `${issuer}/idp`,
    privateKey,
    signingCert,
    isAssertionEncrypted: encryption !== "",
    dataEncryptionAlgorithm: encryption,
    wantAuthnRequestsSigned: true,
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    nameIDFormat: ["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"],
    singleSignOnService: [{ Binding: redirect, Location: `${issuer}/sso` }],
    singleLogoutService: [{ Binding: redirect, Location: `${issuer}/slo` }],
  });

const escape = (value) => String(value).replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
const moment = (seconds = 0) => new Date(Date.now() + seconds * 1000).toISOString();

// What the library would write without sign-in and attributes, which its own template leaves to its users.
function written(sp, request, id) {
  const { name_id, format, sid, acr, at, attributes, about } = set.person;
  const acs = sp.entityMeta.getAssertionConsumerService("post");
  const values = Object.entries(attributes ?? {}).map(
    ([name, found]) =>
      `<saml:Attribute Name="${escape(name)}">${[found]
        .flat()
        .map((one) => `<saml:AttributeValue xsi:type="xs:string">${escape(one)}</saml:AttributeValue>`)
        .join("")}</saml:Attribute>`,
  );
  const xml = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${moment()}" Destination="${acs}" InResponseTo="${request}"><saml:Issuer>${issuer}/idp</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="${about ?? `_a${id.slice(1)}`}" Version="2.0" IssueInstant="${moment()}"><saml:Issuer>${issuer}/idp</saml:Issuer><saml:Subject><saml:NameID Format="${format ?? "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"}">${escape(name_id)}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${moment(300)}" Recipient="${acs}" InResponseTo="${request}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${moment(-5)}" NotOnOrAfter="${moment(300)}"><saml:AudienceRestriction><saml:Audience>${sp.entityMeta.getEntityID()}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${moment(at)}" SessionIndex="${escape(sid ?? "s-1")}"><saml:AuthnContext><saml:AuthnContextClassRef>${escape(acr ?? "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>${values.join("")}</saml:AttributeStatement></saml:Assertion></samlp:Response>`;
  return set.changes.reduce((found, [from, to]) => {
    if (!found.includes(from)) throw new Error(`nothing to change: ${from}`);
    return found.replaceAll(from, to);
  }, xml);
}

const who = (metadata) =>
  saml.ServiceProvider({ metadata, wantMessageSigned: set.signs_answer, wantLogoutRequestSigned: true, wantLogoutResponseSigned: true });
const octets = (url) => url.slice(url.indexOf("?") + 1, url.indexOf("&Signature="));

async function begin(request, response, query) {
  const sp = who(known.metadata);
  const asked = await provider().parseLoginRequest(sp, "redirect", { query, octetString: octets(request.url) });
  set.captured.push(asked.samlContent);
  const told = { extract: { request: { id: asked.extract.request.id } } };
  if (!set.signs_assertion) sp.entityMeta.isWantAssertionsSigned = () => false;
  const { context } = await provider(set.encrypt).createLoginResponse(sp, told, "post", {}, {
    customTagReplacement: () => {
      const id = `_${crypto.randomUUID()}`;
      return { id, context: written(sp, asked.extract.request.id, id) };
    },
    encryptThenSign: set.encrypt !== "",
  });
  const acs = sp.entityMeta.getAssertionConsumerService("post");
  response.setHeader("Content-Type", "text/html");
  response.end(
    `<!doctype html><title>IdP</title><form method="post" action="${acs}"><input type="hidden" name="SAMLResponse" value="${context}"><input type="hidden" name="RelayState" value="https://evil.example/"><button>Go on</button></form>`,
  );
}

async function leave(request, response, query) {
  const sp = who(known.metadata);
  if (query.SAMLResponse) {
    set.captured.push(
      (await provider().parseLogoutResponse(sp, "redirect", { query, octetString: octets(request.url) })).samlContent,
    );
    response.end("told");
    return;
  }
  const asked = await provider().parseLogoutRequest(sp, "redirect", { query, octetString: octets(request.url) });
  set.captured.push(asked.samlContent);
  const { context } = provider().createLogoutResponse(sp, asked, "redirect", "");
  response.writeHead(302, { Location: context });
  response.end();
}

function end({ binding, ...user }) {
  return provider().createLogoutRequest(who(known.metadata), binding, user, binding === "redirect" ? "state" : "");
}

function sign({ xml, reference, after, method, digest, key, certificate }) {
  const signer = new SignedXml({ privateKey: key ?? privateKey, publicCert: certificate ?? signingCert });
  signer.addReference({
    xpath: reference,
    transforms: [
      "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
      "http://www.w3.org/2001/10/xml-exc-c14n#",
    ],
    digestAlgorithm: digest,
  });
  signer.signatureAlgorithm = method;
  signer.canonicalizationAlgorithm = "http://www.w3.org/2001/10/xml-exc-c14n#";
  signer.computeSignature(xml, { prefix: "ds", location: { reference: after, action: "after" } });
  return signer.getSignedXml();
}

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, issuer);
  const query = Object.fromEntries(searchParams);
  try {
    if (pathname === "/set") {
      Object.assign(set, JSON.parse(await text(request)));
      response.end(JSON.stringify(set));
    } else if (pathname === "/metadata") {
      response.end(provider().getMetadata());
    } else if (pathname === "/know") {
      known.metadata = await text(request);
      response.end();
    } else if (pathname === "/sso") {
      await begin(request, response, query);
    } else if (pathname === "/slo") {
      await leave(request, response, query);
    } else if (pathname === "/end") {
      response.end(JSON.stringify(end(JSON.parse(await text(request)))));
    } else if (pathname === "/sign") {
      response.end(sign(JSON.parse(await text(request))));
    } else {
      response.writeHead(404).end();
    }
  } catch (error) {
    response.writeHead(500).end(String(error?.stack ?? error));
  }
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
