import type { Middleware } from "openapi-fetch";

/** For apps: a token of `auth/token/`, asked for before each request, so that it can be renewed in between. */
export interface BearerAuthentication {
  readonly kind: "bearer";
  readonly accessToken: () => string | Promise<string>;
}

/** For web pages: the sign-in cookies, which scripts cannot read, and the CSRF token that they need. */
export interface CookieAuthentication {
  readonly kind: "cookies";
}

export interface NoAuthentication {
  readonly kind: "none";
}

export type Authentication = BearerAuthentication | CookieAuthentication | NoAuthentication;

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

export function bearer(accessToken: BearerAuthentication["accessToken"]): Middleware {
  return {
    async onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${await accessToken()}`);
      return request;
    },
  };
}

/** Sends the CSRF token with everything that changes something. After a refusal the next request fetches a new one. */
export function csrf(fetchToken: () => Promise<string>): Middleware {
  let token: string | null = null;
  return {
    async onRequest({ request }) {
      if (SAFE_METHODS.has(request.method)) {
        return undefined;
      }
      token ??= await fetchToken();
      request.headers.set("X-CSRFToken", token);
      return request;
    },
    onResponse({ response }) {
      if (response.status === 403) {
        token = null;
      }
    },
  };
}
