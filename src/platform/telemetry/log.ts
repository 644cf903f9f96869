/** One JSON line per event, so that a newline in a value cannot forge a second line. Never pass secrets. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

export function logInfo(event: string, fields: LogFields = {}): void {
  console.log(JSON.stringify({ level: "info", event, ...fields }));
}

export function logError(event: string, error: unknown, fields: LogFields = {}): void {
  console.error(JSON.stringify({ level: "error", event, ...fields, ...describe(error) }));
}

const CAUSE_DEPTH_MAX = 3;
const TEXT_LENGTH_MAX = 500;

/** The name and message of an error and its causes, cut short: a driver's message may hold the whole statement. */
function describe(error: unknown): LogFields {
  const parts: string[] = [];
  let current = error;
  for (let depth = 0; depth < CAUSE_DEPTH_MAX && current instanceof Error; depth += 1) {
    const code = (current as { code?: unknown }).code;
    parts.push(
      `${current.name}${code ? `(${String(code)})` : ""}: ${withoutValues(current.message)}`,
    );
    current = current.cause;
  }
  return {
    error: parts.join(" <- ") || String(error),
    stack: error instanceof Error ? framesOf(error.stack) : undefined,
  };
}

const FRAMES_MAX = 4;

/** The frames alone: a stack begins with the whole message, whose further lines may hold bound values. */
const framesOf = (stack = "") =>
  stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, FRAMES_MAX)
    .map((line) => line.trim())
    .join(" | ");

// Drivers put bound values behind "params:", and the database puts the statement with its values, or the
// value that is there already, into its own message; they may be a shopper's address or token.
const withoutValues = (message: string) =>
  message
    .replace(/\b(params|Sql|BindVars): ?[\s\S]*$/u, "$1: …")
    .replace(/(Duplicate entry|Incorrect \w+ value:?) '[\s\S]*' for/u, "$1 … for")
    .slice(0, TEXT_LENGTH_MAX);
