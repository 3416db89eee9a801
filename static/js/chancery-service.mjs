// The service as this browser's device meets it: tokens, proven requests, what is believed, and use licenses.

import { VerifyKey, ascii, equal, fail, fromBase64url, toBase64url } from "./chancery-crypto.mjs";
import {
  Chain, acceptUse, advanceFeed, contentKey, newFeed, parsePublishing, verifyAccount, verifyFeed, verifyStatement, verifyUse,
} from "./chancery-objects.mjs";
import { Device } from "./chancery-device.mjs";

const PROGRAM = { program: "Chancery in the browser", enforces: [] };
const EARLY = 60;
const RENEW_BEFORE = 7 * 86400;

export const now = () => Math.floor(Date.now() / 1000);

/** What the service answered instead of what was asked for; `code`, `reason` and `next_step` as in the API. */
export class ServiceError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `The service answers ${status}.`);
    this.name = "ServiceError";
    Object.assign(this, { status, problem, code: problem.code ?? "", reason: problem.reason ?? "" });
  }
}

/** The service did not answer at all. */
export class Unreachable extends Error {
  constructor() {
    super("The service does not answer.");
    this.name = "Unreachable";
  }
}

async function sent(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    throw new Unreachable();
  }
}

async function answerOf(response) {
  const text = await response.text();
  let members = null;
  try {
    members = text ? JSON.parse(text) : null;
  } catch {
    // An answer of something between here and the service.
  }
  if (response.ok) return members;
  throw new ServiceError(response.status, members ?? {});
}

/** One person in this browser, at one installation: signed in, or an outsider for the hour of a mailed code. */
export class Service {
  /** `iss` and `key` come with the page, `csrf` is the page's own, `language` goes with each request. */
  constructor({ iss, key, person }, csrf, language) {
    Object.assign(this, { iss, key, person, csrf, language, outsider: null, device: null, tokens: new Map() });
  }

  /** Act as an outsider from now on; only this tab's memory holds the secret. */
  enter(outsider) {
    Object.assign(this, { outsider, person: outsider.person });
    this.use(null);
  }

  /** Forget the outsider. */
  leave() {
    Object.assign(this, { outsider: null, person: "" });
    this.use(null);
  }

  /** Send a request to one of the pages' own addresses, out of this browser's session. */
  async page(path, body) {
    const headers = {
      "Content-Type": "application/json", "X-CSRFToken": this.csrf, Accept: "application/json",
      "Accept-Language": this.language,
    };
    return answerOf(await sent(path, { method: "POST", headers, body: JSON.stringify(body) }));
  }

  async #pinned() {
    this.pinned ??= await VerifyKey.load(this.key.alg, fromBase64url(this.key.public));
    return this.pinned;
  }

  async #token(origin) {
    const kept = this.tokens.get(origin);
    if (kept && kept.until > now()) return kept.value;
    const granted = this.outsider
      ? await this.page("/open/code/token/", { origin, secret: this.outsider.secret })
      : await this.page("/browser/token/", { origin, device: this.device?.id ?? null });
    this.tokens.set(origin, { value: granted.access_token, until: now() + granted.expires_in - EARLY });
    return granted.access_token;
  }

  /** Send one API request, proven by this device unless it only reads. */
  async call(method, origin, path, { body } = {}) {
    const token = await this.#token(origin);
    const data = body === undefined ? new Uint8Array(0) : ascii(JSON.stringify(body));
    const headers = { Authorization: `Bearer ${token}`, Accept: "application/json", "Accept-Language": this.language };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (this.device && method !== "GET") {
      const url = origin + path.split("?")[0];
      headers["Chancery-Proof"] = await this.device.proof({ method, url, token, body: data, now: now() });
    }
    const request = body === undefined ? { method, headers } : { method, headers, body: data };
    return answerOf(await sent(origin + path, { ...request, credentials: "omit", cache: "no-store" }));
  }

  /** Make this browser a device of the person; the service asks for a sign-in of the last ten minutes. */
  async enroll(name, platform) {
    this.device = null;
    this.tokens.clear();
    const device = await Device.make();
    const answer = await this.call("POST", this.iss, "/api/v1/devices", {
      body: { name, platform, ...device.publicKeys },
    });
    Object.assign(device.record, { id: answer.id, certificate: answer.account_certificate });
    this.use(device);
    await this.account();
    return device;
  }

  use(device) {
    this.device = device;
    this.tokens.clear();
  }

  /** Return the verified account certificate of this device, renewed in time; `renewed` is told of a new one. */
  async account(renewed = () => {}) {
    const check = async () =>
      verifyAccount(this.device.certificate, { pinned: await this.#pinned(), dev: this.device.id, now: now() });
    const account = await check().catch((error) => {
      if (error.code === "expired") return null;
      throw error;
    });
    if (account && (this.outsider || account.exp - now() > RENEW_BEFORE)) return account;
    const path = `/api/v1/devices/${this.device.id}/certificate`;
    const answer = await this.call("POST", this.iss, path, { body: {} });
    this.device.record.certificate = answer.account_certificate;
    await renewed(this.device);
    return check();
  }

  /** Return an organization with its keys as of now. */
  async organization(id) {
    const answer = await this.call("GET", this.iss, `/api/v1/statements/${id}`);
    const statement = await verifyStatement(answer.statement, { pinned: await this.#pinned(), iss: this.iss, now: now() });
    if (statement.org !== id) throw new Error("The installation answered with another organization's statement.");
    return new Organization(this, statement, await Chain.of(statement), answer.statement);
  }
}

/** One organization: its name and origin, the chain of trust, and its revocation feed. */
export class Organization {
  constructor(service, statement, chain, token) {
    Object.assign(this, { service, statement, chain, token, feed: newFeed(statement.org) });
  }

  /** Its host under the base domain: the pages may connect to those alone, and every organization has one. */
  get origin() {
    const { protocol, host } = new URL(this.service.iss);
    const isUnderBase = (origin) => origin.startsWith(`${protocol}//`) && origin.endsWith(`.${host}`);
    return this.statement.origins.find(isUnderBase) ?? this.statement.origins[0];
  }

  call(method, path, options) {
    return this.service.call(method, this.origin, path, options);
  }

  /** Ask the revocation feed for what is new. */
  async refreshFeed() {
    const answer = await this.call("GET", `/api/v1/feed?since=${this.feed.seq}`);
    const statement = await verifyFeed(answer.statement, await this.chain.learn(answer.delegation));
    this.feed = advanceFeed(this.feed, statement);
    return this.feed;
  }

  /** Ask for a use license for a verified file, by the person's own access or under a super-user grant; check it completely. */
  async license(authentic, renewed, grant) {
    const { license, seal, source } = authentic.file;
    const account = await this.service.account(renewed);
    const answer = await this.#ask(license, seal, source.size, grant);
    await this.refreshFeed();
    const chain = await this.chain.learn(answer.delegation);
    const given = { chain, account, license, seal, sealer: authentic.sealer, stored: false };
    const accept = () => acceptUse(answer.use_license, { ...given, now: now(), feed: this.feed });
    return { use: await accept(), still: accept };
  }

  async #ask(license, seal, rendering, grant) {
    const digests = { ...PROGRAM, rendering, super_user_grant: grant, pl: toBase64url(license.digest), seal: toBase64url(seal.digest) };
    try {
      return await this.call("POST", "/api/v1/licenses", { body: digests });
    } catch (error) {
      if (error.code !== "send_whole_license") throw error;
    }
    const whole = { ...digests, publishing_license: license.token, body_seal: seal.unverified.token };
    return this.call("POST", "/api/v1/licenses", { body: whole });
  }

  /** Let the service make key and license for a new document; return them with what seals its first edition. */
  async publish(wanted) {
    const account = await this.service.account();
    const answer = await this.call("POST", "/api/v1/publications", { body: wanted });
    const license = await parsePublishing(answer.publishing_license);
    const chain = await this.chain.learn(answer.delegation);
    await chain.verify(license.unverified, this.statement.org, license.iat);
    const use = await verifyUse(answer.use_license, { chain, sub: account.sub, dev: account.dev });
    if (!equal(use.pl, license.digest)) fail("wrong_binding", "The use license was issued for another document.");
    const header = { cert: use.edit, delegation: answer.delegation };
    return {
      license, key: await contentKey(use, this.service.device.decryptionKey),
      sign: (facts) => this.service.device.jws("chancery-body", { ...facts, iat: now() }, header),
    };
  }

  /** Tell the service of a sealed file by its license and its seal, so that its owner finds it at once. */
  register(license, seal) {
    const body = { publishing_license: license, body_seal: seal };
    return this.call("POST", "/api/v1/registrations", { body });
  }
}
