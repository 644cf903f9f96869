import { invalid } from "../platform/http/problem.ts";

/**
 * The one of several proofs that a body may hold, by its name. Throws the problem `request-invalid` for
 * none, and for more than one.
 */
export function oneProof<P extends Record<string, unknown>>(
  proofs: P,
): { [N in keyof P]: { name: N; value: NonNullable<P[N]> } }[keyof P] {
  const given = Object.entries(proofs).filter(([, value]) => value !== undefined);
  const [first] = given;
  if (first === undefined || given.length > 1) {
    const message = `send exactly one of ${Object.keys(proofs).join(", ")}`;
    throw invalid({ pointer: "", code: "one_of", message });
  }
  const [name, value] = first;
  return { name, value } as ReturnType<typeof oneProof<P>>;
}
