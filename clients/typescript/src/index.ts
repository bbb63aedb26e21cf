export type { Authentication } from "./authentication.js";
export { createPlantClient, dataOf, type PlantClient, type PlantClientOptions } from "./client.js";
export type { HistoryEntry, PageOptions } from "./history.js";
export { isQueued, type Identification, type IdentifyOptions, type Organ, type Photo, type Queued } from "./identify.js";
export type { TokenPair } from "./renewal.js";
export { PlantProblem, UnexpectedAnswer, type ErrorCode, type FieldProblem, type Problem } from "./problem.js";
export type { components, operations, paths } from "./schema.js";
