import type { CsrfToken } from "./authentication.js";
import { problemIn, UnexpectedAnswer } from "./problem.js";
import type { components } from "./schema.js";

export type TokenPair = components["schemas"]["TokenPair"];
export type Fetch = (request: Request) => Promise<Response>;

/** A sign-in that can be carried on. */
export interface SignIn {
  /** Puts in what says who asks. */
  sign(request: Request): Request;
  /** `false` when it is over, and only signing in again helps. */
  renew(send: Fetch): Promise<boolean>;
}

const REFRESH = "/api/v1/auth/token/refresh/";
// Whoever asks here is about to prove who they are: a refusal is the answer.
const SIGNING_IN = /\/api\/(?:v1\/)?auth\/(?:csrf|register|login|token|token\/refresh|token\/verify)\/$/;

/**
 * What was refused because the sign-in has expired is sent once more when it is renewed. However many requests are
 * refused at once, it is renewed once: a refresh token works once.
 */
export function carriedOn(send: Fetch, signIn: SignIn): Fetch {
  let renewals = 0;
  let underWay: Promise<boolean> | null = null;

  async function renew(): Promise<boolean> {
    try {
      const isGood = await acrossTabs(() => signIn.renew(send));
      renewals += isGood ? 1 : 0;
      return isGood;
    } finally {
      underWay = null;
    }
  }

  return async (request) => {
    if (SIGNING_IN.test(new URL(request.url).pathname)) {
      return send(request);
    }
    const again = request.clone(); // a body can be read once
    const before = renewals;
    const response = await send(signIn.sign(request));
    if (response.status !== 401) {
      return response;
    }
    if (renewals === before) {
      underWay ??= renew();
      if (!(await underWay)) {
        return response;
      }
    }
    return send(signIn.sign(again));
  };
}

/** Tabs share their cookies: one after the other, or two would use up the same token. */
async function acrossTabs(action: () => Promise<boolean>): Promise<boolean> {
  const locks: LockManager | undefined = globalThis.navigator?.locks;
  return locks === undefined ? action() : locks.request("plant-community:sign-in", action);
}

export class Tokens implements SignIn {
  readonly #baseUrl: string;
  readonly #onRenewed: (tokens: TokenPair) => void;
  #tokens: TokenPair;

  constructor(baseUrl: string, tokens: TokenPair, onRenewed: (tokens: TokenPair) => void = () => {}) {
    this.#baseUrl = baseUrl;
    this.#tokens = tokens;
    this.#onRenewed = onRenewed;
  }

  sign(request: Request): Request {
    request.headers.set("Authorization", `Bearer ${this.#tokens.access}`);
    return request;
  }

  async renew(send: Fetch): Promise<boolean> {
    const response = await refresh(send, this.#baseUrl, { refresh: this.#tokens.refresh }, {});
    if (response === null) {
      return false;
    }
    this.#tokens = (await response.json()) as TokenPair;
    this.#onRenewed(this.#tokens);
    return true;
  }
}

export class Cookies implements SignIn {
  readonly #baseUrl: string;
  readonly #csrf: CsrfToken;

  constructor(baseUrl: string, csrf: CsrfToken) {
    this.#baseUrl = baseUrl;
    this.#csrf = csrf;
  }

  sign(request: Request): Request {
    return request; // the browser does
  }

  async renew(send: Fetch): Promise<boolean> {
    const headers = { "X-CSRFToken": await this.#csrf.get() };
    return (await refresh(send, this.#baseUrl, {}, headers)) !== null;
  }
}

/** `null` when the refresh token is no good any more. */
async function refresh(
  send: Fetch,
  baseUrl: string,
  body: components["schemas"]["RefreshRequestRequest"],
  headers: Readonly<Record<string, string>>,
): Promise<Response | null> {
  const ask = () =>
    send(
      new Request(`${baseUrl}${REFRESH}`, {
        method: "POST",
        credentials: "refresh" in body ? "omit" : "include",
        headers: { ...headers, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
  // The reply may have been lost, and the token be used up: within a minute the same client gets it once more.
  const response = await ask().catch(ask);
  if (response.status === 401) {
    return null;
  }
  if (!response.ok) {
    throw (await problemIn(response)) ?? new UnexpectedAnswer(response);
  }
  return response;
}
