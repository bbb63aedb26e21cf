/**
 * A sign-in that expires under a client's hands, as an app and as a web page have it, and a reply that is lost on the way:
 * `npm run renewal -- http://127.0.0.1:8000`.
 */

import { createPlantClient, dataOf, PlantProblem, type TokenPair } from "../src/index.js";
import { fetchWithCookies } from "./cookies.js";

const AT_ONCE = 10;
const EXPIRED = "expired";

type Fetch = (request: Request) => Promise<Response>;

/** Counts the renewals, and loses the reply of as many of them as it is told to. */
class Network {
  renewals = 0;
  lost = 0;
  readonly #send: Fetch;

  constructor(send: Fetch = fetch) {
    this.#send = send;
  }

  readonly fetch: Fetch = async (request) => {
    const response = await this.#send(request);
    if (request.url.endsWith("/token/refresh/")) {
      this.renewals += 1;
      if (this.lost > 0) {
        this.lost -= 1;
        throw new TypeError("The connection broke before the reply was here.");
      }
    }
    return response;
  };
}

async function main(baseUrl: string): Promise<void> {
  const account = { email: `gardener-${crypto.randomUUID()}@example.org`, password: `leaf after rain ${Date.now()}` };
  const jar = fetchWithCookies();
  await createPlantClient({ baseUrl, authentication: { kind: "cookies" }, fetch: jar }).api.POST(
    "/api/v1/auth/register/",
    { body: account },
  );
  const body = { login: account.email, password: account.password };
  const tokens = dataOf(await createPlantClient({ baseUrl }).api.POST("/api/v1/auth/token/", { body }));

  await asAnApp(baseUrl, tokens);
  await asAPage(baseUrl, account.email, jar);
}

async function asAnApp(baseUrl: string, tokens: TokenPair): Promise<void> {
  const network = new Network();
  let kept = { ...tokens, access: EXPIRED };
  const app = createPlantClient({
    baseUrl,
    authentication: { kind: "tokens", tokens: kept, onRenewed: (renewed) => (kept = renewed) },
    fetch: network.fetch,
  });
  const me = () => app.api.GET("/api/v1/auth/user/");
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, me));
  console.log("app:", new Set(answers.map((answer) => dataOf(answer).id)).size, "person,", network.renewals, "renewal");
  const changed = dataOf(await app.api.PATCH("/api/v1/auth/user/update/", { body: { first_name: "Fern" } }));
  console.log("app changed:", changed.first_name, network.renewals);

  const unlucky = new Network();
  unlucky.lost = 1;
  const later = createPlantClient({
    baseUrl,
    authentication: { kind: "tokens", tokens: { ...kept, access: EXPIRED }, onRenewed: (renewed) => (kept = renewed) },
    fetch: unlucky.fetch,
  });
  // A body is sent again, too.
  const renamed = dataOf(await later.api.PATCH("/api/v1/auth/user/update/", { body: { first_name: "Moss" } }));
  console.log("app with a lost reply:", renamed.first_name, unlucky.renewals);

  const stolen = createPlantClient({ baseUrl, authentication: { kind: "tokens", tokens: { ...tokens, access: EXPIRED } } });
  await refused("app with a used token:", () => stolen.api.GET("/api/v1/auth/user/"));
  const over = createPlantClient({ baseUrl, authentication: { kind: "tokens", tokens: kept } });
  await refused("app after that:", () => over.api.GET("/api/v1/auth/user/"));
}

async function asAPage(baseUrl: string, email: string, jar: ReturnType<typeof fetchWithCookies>): Promise<void> {
  const network = new Network(jar);
  const page = createPlantClient({ baseUrl, authentication: { kind: "cookies" }, fetch: network.fetch });
  jar.forget("access_token"); // as browsers do when it has expired
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => page.api.GET("/api/v1/auth/user/")));
  const people = new Set(answers.map((answer) => dataOf(answer).email));
  console.log("page:", people.has(email), people.size, "person,", network.renewals, "renewal");
  jar.forget("access_token");
  network.lost = 1;
  const changed = dataOf(await page.api.PATCH("/api/v1/auth/user/update/", { body: { first_name: "Iris" } }));
  console.log("page with a lost reply:", changed.first_name, network.renewals);
  await page.api.POST("/api/v1/auth/logout/", { body: {} });
  await refused("page signed out:", () => page.api.GET("/api/v1/auth/user/"));
}

async function refused(what: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
    console.log(what, "let in");
  } catch (error) {
    if (!(error instanceof PlantProblem)) {
      throw error;
    }
    console.log(what, error.status, error.code);
  }
}

const [baseUrl] = process.argv.slice(2);
if (baseUrl === undefined) {
  throw new Error("Say where the API is: npm run renewal -- http://127.0.0.1:8000");
}
await main(baseUrl);
