import type { Client } from "openapi-fetch";

import { dataOf } from "./client.js";
import type { components, paths } from "./schema.js";

type Form = components["schemas"]["IdentifyRequestRequest"];

export type Identification = components["schemas"]["Identification"];
export type Queued = components["schemas"]["QueuedIdentification"];
export type Organ = NonNullable<Form["organs"]>[number];

export interface Photo {
  readonly content: Blob;
  readonly organ?: Organ;
}

export interface IdentifyOptions extends Pick<Form, "language" | "include_diseases" | "project"> {
  /** Rounded to about a kilometre before anybody else gets to see it. */
  readonly place?: { readonly latitude: number; readonly longitude: number };
  /** Rather a place in the queue than a refusal, where no service can answer now. */
  readonly mayQueue?: boolean;
  /** The same for each repetition: then nothing is done twice. `crypto.randomUUID()` makes one. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export async function identify(
  api: Client<paths>,
  photos: readonly Photo[],
  options: IdentifyOptions,
): Promise<Identification | Queued> {
  const form = formOf(photos, options);
  const answer = await api.POST("/api/v1/plant-identification/identify/", {
    body: {}, // described as text and numbers; what is sent is the form
    bodySerializer: () => form,
    params: {
      header: {
        ...(options.mayQueue === true && { Prefer: "respond-async" }),
        ...(options.idempotencyKey !== undefined && { "Idempotency-Key": options.idempotencyKey }),
      },
    },
    ...(options.signal && { signal: options.signal }),
  });
  return dataOf<Identification | Queued>(answer);
}

export function isQueued(answer: Identification | Queued): answer is Queued {
  return answer.status === "queued" && !("suggestions" in answer);
}

function formOf(photos: readonly Photo[], options: IdentifyOptions): FormData {
  const form = new FormData();
  for (const { content } of photos) {
    form.append("images", content, "photo"); // the file's own name is nobody's business
  }
  if (photos.some(({ organ }) => organ !== undefined)) {
    form.append("organs", photos.map(({ organ }) => organ ?? "auto").join(","));
  }
  const fields = {
    language: options.language,
    include_diseases: options.include_diseases,
    project: options.project,
    latitude: options.place?.latitude,
    longitude: options.place?.longitude,
  };
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) {
      form.append(name, String(value));
    }
  }
  return form;
}
