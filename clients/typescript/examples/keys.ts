/**
 * Makes an API key as a person, uses it as a script, and revokes it: `npm run keys -- http://127.0.0.1:8000 photo.jpg`.
 */

import { readFile } from "node:fs/promises";

import { createPlantClient, dataOf, isQueued, PlantProblem } from "../src/index.js";
import { fetchWithCookies } from "./cookies.js";

async function main(baseUrl: string, photoPath: string): Promise<void> {
  const person = createPlantClient({
    baseUrl,
    authentication: { kind: "cookies" },
    fetch: fetchWithCookies(), // browsers need no such thing
  });
  const account = { email: `grower-${crypto.randomUUID()}@example.org`, password: `leaf after rain ${Date.now()}` };
  await person.api.POST("/api/v1/auth/register/", { body: account });
  const made = dataOf(
    await person.api.POST("/api/v1/auth/api-keys/", {
      body: { name: "Greenhouse camera", scopes: ["identify", "read"], days: 1 },
    }),
  );
  console.log("made:", made.name, made.scopes.join(" "));

  const script = createPlantClient({ baseUrl, authentication: { kind: "apiKey", key: made.key } });
  const photo = new Blob([await readFile(photoPath)], { type: "image/jpeg" });
  const answer = await script.identify([{ content: photo }]);
  console.log("identified:", isQueued(answer) ? answer.status : answer.plant_name);
  for await (const entry of script.history()) {
    console.log("history:", entry.plant_name);
  }
  await refused("write", script.api.POST("/api/v1/plant-identification/plants/", { body: { nickname: "Ivy" } }));
  await refused("account", script.api.GET("/api/v1/auth/user/"));

  await person.api.DELETE("/api/v1/auth/api-keys/{key_id}/", { params: { path: { key_id: made.id } } });
  await refused("revoked", script.api.GET("/api/v1/plant-identification/history/"));
}

async function refused(what: string, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof PlantProblem)) {
      throw error;
    }
    console.log(`${what}:`, error.status, error.code);
  }
}

const [baseUrl, photoPath] = process.argv.slice(2);
if (baseUrl === undefined || photoPath === undefined) {
  throw new Error("Say where the API is, and which photo: npm run keys -- http://127.0.0.1:8000 photo.jpg");
}
await main(baseUrl, photoPath);
