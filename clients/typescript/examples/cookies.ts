/** What a browser does by itself: keeps cookies and sends them back, to the paths that they are for. */

interface Cookie {
  readonly value: string;
  readonly path: string;
}

export function fetchWithCookies(): (request: Request) => Promise<Response> {
  const jar = new Map<string, Cookie>();
  return async (request) => {
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
  };
}
