import type { Client } from "openapi-fetch";

import { dataOf } from "./client.js";
import type { components, paths } from "./schema.js";

export type HistoryEntry = components["schemas"]["HistoryEntry"];

export interface PageOptions {
  /** How many are fetched at once, up to 100. */
  readonly pageSize?: number;
}

export async function* pages(
  api: Client<paths>,
  options: PageOptions,
): AsyncGenerator<HistoryEntry, void, undefined> {
  let cursor: string | null = null;
  do {
    const query = {
      ...(options.pageSize !== undefined && { page_size: options.pageSize }),
      ...(cursor !== null && { cursor }),
    };
    const page: components["schemas"]["PaginatedHistoryEntryList"] = dataOf(
      await api.GET("/api/v1/plant-identification/history/", { params: { query } }),
    );
    yield* page.results;
    cursor = page.next === null ? null : new URL(page.next).searchParams.get("cursor");
  } while (cursor !== null);
}
