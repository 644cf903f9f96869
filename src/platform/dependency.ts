/** A system outside did not answer, or answered that it cannot: weather, not a bug and not a refusal. */
export class DependencyDown extends Error {
  override readonly name = "DependencyDown";
  readonly dependency: string;
  /** When it wants to be asked again at the earliest; undefined where it did not say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(dependency: string, cause?: unknown, retryAfterSeconds?: number) {
    super(`${dependency} is unavailable`, { cause });
    this.dependency = dependency;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const WRAPPERS_MAX = 8;

/**
 * Finds a cause by a test, through the wrappers of drivers and query builders. Neon's driver keeps
 * what it wraps in `sourceError` instead of `cause`.
 */
export function findCause<T>(
  error: unknown,
  test: (candidate: unknown) => candidate is T,
): T | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < WRAPPERS_MAX && current instanceof Error; depth += 1) {
    if (test(current)) return current;
    current = current.cause ?? (current as { sourceError?: unknown }).sourceError;
  }
  return undefined;
}

/**
 * The weather behind an error, if that is what it is. Objects throw across RPC, where the class is
 * lost but the name and own properties stay: so the name decides.
 */
export function weatherBehind(error: unknown): DependencyDown | undefined {
  return findCause(
    error,
    (cause): cause is DependencyDown =>
      cause instanceof Error && (cause.name === "DependencyDown" || isObjectWeather(cause)),
  );
}

/** An object that is overloaded, restarting or was just replaced by a deploy: the same call may work soon. */
function isObjectWeather(error: Error): boolean {
  const flags = error as {
    overloaded?: boolean;
    retryable?: boolean;
    durableObjectReset?: boolean;
  };
  return Boolean(flags.overloaded || flags.retryable || flags.durableObjectReset);
}
