/** What a browser does by itself: keeps cookies and sends them back, to the paths that they are for. */

interface Cookie {
  readonly value: string;
  readonly path: string;
}

export interface FetchWithCookies {
  (request: Request): Promise<Response>;
  forget(name: string): void;
}

export function fetchWithCookies(): FetchWithCookies {
  const jar = new Map<string, Cookie>();

  async function send(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const fitting = [...jar].filter(([, cookie]) => pathname.startsWith(cookie.path));
    if (fitting.length > 0) {
      request.headers.set("Cookie", fitting.map(([name, { value }]) => `${name}=${value}`).join("; "));
    }
    const response = await fetch(request);
    for (const line of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
      const [name = "", value = ""] = pair.split(/=(.*)/s);
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice("path=".length) ?? "/";
      if (value === "" || value === '""') {
        jar.delete(name);
      } else {
        jar.set(name, { value, path });
      }
    }
    return response;
  }

  return Object.assign(send, { forget: (name: string) => void jar.delete(name) });
}
