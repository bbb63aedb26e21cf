import type { Middleware } from "openapi-fetch";

import type { TokenPair } from "./renewal.js";

/** For apps that renew the token themselves: asked for before each request. */
export interface BearerAuthentication {
  readonly kind: "bearer";
  readonly accessToken: () => string | Promise<string>;
}

/** For apps: what `auth/token/` answered. It is renewed when it has expired, once for all requests that wait. */
export interface TokenAuthentication {
  readonly kind: "tokens";
  readonly tokens: TokenPair;
  /** Where the new pair is kept for the next start of the app: the old one is used up. */
  readonly onRenewed?: (tokens: TokenPair) => void;
}

/** For web pages: the sign-in cookies, which scripts cannot read, and the CSRF token that they need. Renewed, too. */
export interface CookieAuthentication {
  readonly kind: "cookies";
}

/** For scripts and partners: a key that a person made, which does what its scopes say. Never for a web page or an app. */
export interface ApiKeyAuthentication {
  readonly kind: "apiKey";
  readonly key: string;
}

export interface NoAuthentication {
  readonly kind: "none";
}

export type Authentication =
  | ApiKeyAuthentication
  | BearerAuthentication
  | CookieAuthentication
  | NoAuthentication
  | TokenAuthentication;

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

export function bearer(accessToken: BearerAuthentication["accessToken"]): Middleware {
  return {
    async onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${await accessToken()}`);
      return request;
    },
  };
}

export function apiKey(key: string): Middleware {
  return {
    onRequest({ request }) {
      request.headers.set("Authorization", `Api-Key ${key}`);
      return request;
    },
  };
}

/** The CSRF token, fetched when it is needed for the first time, and anew after it was refused. */
export class CsrfToken {
  readonly #fetch: () => Promise<string>;
  #token: Promise<string> | null = null;

  constructor(fetch: () => Promise<string>) {
    this.#fetch = fetch;
  }

  get(): Promise<string> {
    this.#token ??= this.#fetch().catch((error: unknown) => {
      this.forget();
      throw error;
    });
    return this.#token;
  }

  forget(): void {
    this.#token = null;
  }
}

/** Sends the CSRF token with everything that changes something. After a refusal the next request fetches a new one. */
export function csrf(token: CsrfToken): Middleware {
  return {
    async onRequest({ request }) {
      if (SAFE_METHODS.has(request.method)) {
        return undefined;
      }
      request.headers.set("X-CSRFToken", await token.get());
      return request;
    },
    onResponse({ response }) {
      if (response.status === 403) {
        token.forget();
      }
    },
  };
}
