/** An expected outcome: a value, or a refusal that says why as data. It survives RPC, where class identity does not. */
export type Result<T, E extends { code: string }> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export const err = <const E extends { code: string }>(
  error: E,
): { readonly ok: false; readonly error: E } => ({ ok: false, error });
