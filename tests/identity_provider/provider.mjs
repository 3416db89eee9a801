// The OpenID Connect provider of the tests: oidc-provider, with people, groups and second factors that the tests set.
//
// Whoever comes signs in as the person whom a test has named; the protocol is the library's own. A test may also let it
// answer with a token of its own making, as a hostile provider would.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const [, , packages, port, keys] = process.argv;
const { default: Provider } = await import(pathToFileURL(`${packages}/node_modules/oidc-provider/lib/index.js`));
const issuer = `http://127.0.0.1:${port}`;
const set = { people: {}, person: "", forged: "", captured: [] };

const provider = new Provider(issuer, {
  jwks: JSON.parse(keys),
  clients: [],
  conformIdTokenClaims: false,
  scopes: ["openid", "profile", "email"],
  claims: { openid: ["sub", "acr", "amr", "sid"], email: ["email", "email_verified"], profile: ["name", "groups", "_claim_names"] },
  cookies: { keys: ["a test"] },
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = `<title>IdP</title>${form}<button form="op.logoutForm" name="logout" value="yes">Go on</button>`;
      },
    },
  },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...set.people[sub] }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
  // The library reaches no loopback address by itself; here it tells sign-outs to this very process.
  fetch: (url, { dispatcher: _guard, ...options }) => fetch(url, options),
});
provider.use(async (ctx, next) => {
  await next();
  if (ctx.path === "/token" && set.forged && ctx.body?.id_token) ctx.body.id_token = set.forged;
});
const answer = provider.callback();

createServer(async (request, response) => {
  const { pathname } = new URL(request.url, issuer);
  if (pathname === "/set") {
    Object.assign(set, JSON.parse(await text(request)));
    response.end(JSON.stringify(set));
  } else if (pathname === "/captured") {
    set.captured.push(await text(request));
    response.end();
  } else if (pathname.startsWith("/interaction/")) {
    const { acr, amr } = set.people[set.person];
    await provider.interactionFinished(request, response, { login: { accountId: set.person, acr, amr } });
  } else {
    answer(request, response);
  }
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
