import createClient, { type Client, type Middleware } from "openapi-fetch";

import { apiKey, type Authentication, bearer, CsrfToken, csrf } from "./authentication.js";
import { type HistoryEntry, type PageOptions, pages } from "./history.js";
import { identify, type Identification, type IdentifyOptions, type Photo, type Queued } from "./identify.js";
import { problemIn, UnexpectedAnswer } from "./problem.js";
import { carriedOn, Cookies, type Fetch, Tokens } from "./renewal.js";
import type { paths } from "./schema.js";

export interface PlantClientOptions {
  /** Where the API is, without its path: `https://plants.example`. Empty on the API's own pages. */
  readonly baseUrl: string;
  readonly authentication?: Authentication;
  /** Such as `web/1.4.0`: a version that is too old to work is told so. */
  readonly clientVersion?: string;
  /** Instead of the global one: for tests, or a runtime without a cookie jar. */
  readonly fetch?: Fetch;
}

export interface PlantClient {
  /** Every operation of the API, typed: `api.GET("/api/v1/meta/")`. Problem documents are thrown. */
  readonly api: Client<paths>;
  /** Names the plant on one to five photos. */
  identify(photos: readonly Photo[], options?: IdentifyOptions): Promise<Identification | Queued>;
  /** One's own identifications, newest first, page after page as they are asked for. */
  history(options?: PageOptions): AsyncGenerator<HistoryEntry, void, undefined>;
}

export function createPlantClient(options: PlantClientOptions): PlantClient {
  const { authentication = { kind: "none" }, baseUrl, clientVersion } = options;
  const send: Fetch = options.fetch ?? ((request) => fetch(request));
  const csrfToken = new CsrfToken(async () => dataOf(await api.GET("/api/v1/auth/csrf/")).csrf_token);
  const api: Client<paths> = createClient<paths>({
    baseUrl,
    credentials: authentication.kind === "cookies" ? "include" : "omit",
    fetch: signedIn(send, baseUrl, authentication, csrfToken),
    ...(clientVersion !== undefined && { headers: { "X-Client-Version": clientVersion } }),
  });
  api.use(throwProblems); // the first sees an answer last
  if (authentication.kind === "apiKey") {
    api.use(apiKey(authentication.key));
  }
  if (authentication.kind === "bearer") {
    api.use(bearer(authentication.accessToken));
  }
  if (authentication.kind === "cookies") {
    api.use(csrf(csrfToken));
  }
  return {
    api,
    identify: (photos, identifyOptions = {}) => identify(api, photos, identifyOptions),
    history: (pageOptions = {}) => pages(api, pageOptions),
  };
}

function signedIn(send: Fetch, baseUrl: string, authentication: Authentication, csrfToken: CsrfToken): Fetch {
  switch (authentication.kind) {
    case "tokens":
      return carriedOn(send, new Tokens(baseUrl, authentication.tokens, authentication.onRenewed));
    case "cookies":
      return carriedOn(send, new Cookies(baseUrl, csrfToken));
    default:
      return send;
  }
}

const throwProblems: Middleware = {
  async onResponse({ response }) {
    const problem = await problemIn(response);
    if (problem !== null) {
      throw problem;
    }
  },
};

/** What a call answered. An error that is no problem document, such as a proxy's page, is thrown. */
export function dataOf<Data>(answer: { data?: Data; response: Response }): Data {
  if (answer.data === undefined) {
    throw new UnexpectedAnswer(answer.response);
  }
  return answer.data;
}
