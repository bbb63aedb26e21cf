import type { components } from "./schema.js";

export type Problem = components["schemas"]["Problem"];
export type ErrorCode = components["schemas"]["ErrorCode"];
export type FieldProblem = components["schemas"]["FieldProblem"];

const MEDIA_TYPE = "application/problem+json";

/** A problem document, thrown. `message` is its `detail`: a sentence for the person. */
export class PlantProblem extends Error {
  override readonly name = "PlantProblem";
  readonly problem: Problem;
  /** Seconds until it is worth trying again; `null` where the answer named none. */
  readonly retryAfterS: number | null;

  constructor(problem: Problem, retryAfterS: number | null) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }

  get code(): ErrorCode {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  /** What is wrong with one field, or with the request as a whole when none is named. */
  messagesFor(field = ""): string[] {
    return this.problem.errors.filter((error) => error.field === field).map((error) => error.message);
  }
}

/** An error that is no problem document: something between here and the API said it. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
  readonly status: number;

  constructor(response: Response) {
    super(`${response.url} answered ${response.status} ${response.headers.get("Content-Type") ?? ""}`);
    this.status = response.status;
  }
}

/** `null` for an answer that is no problem document. The answer can still be read afterwards. */
export async function problemIn(response: Response): Promise<PlantProblem | null> {
  if (!response.headers.get("Content-Type")?.startsWith(MEDIA_TYPE)) {
    return null;
  }
  const problem = (await response.clone().json()) as Problem;
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new PlantProblem(problem, Number.isFinite(seconds) ? seconds : null);
}
