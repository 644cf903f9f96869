/** `limit` in a `period`, as `wrangler.toml` has them: the binding does not tell. A test compares. */
export const PACES = {
  read: { binding: "RATE_READ", limit: 3_000, periodMs: 10_000 },
  write: { binding: "RATE_WRITE", limit: 300, periodMs: 10_000 },
  expensive: { binding: "RATE_EXPENSIVE", limit: 60, periodMs: 10_000 },
} as const;
export type Pace = keyof typeof PACES;
