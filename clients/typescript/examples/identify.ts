/**
 * Registers, identifies a photo, reads the history and shows how problems arrive, once as a web page and once as an
 * app does it: `npm run example -- http://127.0.0.1:8000 photo.jpg`.
 */

import { readFile } from "node:fs/promises";

import { createPlantClient, dataOf, isQueued, type PlantClient, PlantProblem } from "../src/index.js";
import { fetchWithCookies } from "./cookies.js";

const VERSION = "web/1.0.0";

async function main(baseUrl: string, photoPath: string): Promise<void> {
  const photo = new Blob([await readFile(photoPath)], { type: "image/jpeg" });
  const account = { email: `gardener-${crypto.randomUUID()}@example.org`, password: `leaf after rain ${Date.now()}` };

  const page = createPlantClient({
    baseUrl,
    authentication: { kind: "cookies" },
    clientVersion: VERSION,
    fetch: fetchWithCookies(), // browsers need no such thing
  });
  const registered = dataOf(await page.api.POST("/api/v1/auth/register/", { body: account }));
  console.log("registered:", "user" in registered ? registered.user.email : registered.detail);
  await use(page, photo);

  const stranger = createPlantClient({ baseUrl, clientVersion: VERSION });
  const signIn = { login: account.email, password: account.password };
  const tokens = dataOf(await stranger.api.POST("/api/v1/auth/token/", { body: signIn }));
  await use(
    createPlantClient({
      baseUrl,
      authentication: { kind: "bearer", accessToken: () => tokens.access },
      clientVersion: VERSION,
    }),
    photo,
  );
}

async function use(client: PlantClient, photo: Blob): Promise<void> {
  const answer = await client.identify([{ content: photo, organ: "leaf" }], {
    language: "de",
    place: { latitude: 52.5163, longitude: 13.3777 },
  });
  if (isQueued(answer)) {
    console.log("queued:", answer.links.self);
  } else {
    console.log("identified:", answer.plant_name, answer.confidence, answer.status, answer.summary);
    for (const { name, state } of answer.providers) {
      console.log("provider:", name, state);
    }
  }

  let entries = 0;
  for await (const entry of client.history({ pageSize: 1 })) {
    entries += 1;
    console.log("history:", entry.id, entry.plant_name);
  }
  console.log("entries:", entries);

  try {
    await client.identify([{ content: new Blob(["no photo"]) }]);
  } catch (error) {
    if (!(error instanceof PlantProblem)) {
      throw error;
    }
    console.log("problem:", error.status, error.code, error.message);
  }
}

const [baseUrl, photoPath] = process.argv.slice(2);
if (baseUrl === undefined || photoPath === undefined) {
  throw new Error("Say where the API is, and which photo: npm run example -- http://127.0.0.1:8000 photo.jpg");
}
await main(baseUrl, photoPath);
