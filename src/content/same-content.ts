import { canonicalJson } from "../shared/digest.ts";

/** Whether two rows say the same, whenever each was written. */
export const isSameContent = <T extends { updatedAtMs: number }>(left: T, right: T): boolean =>
  canonicalJson({ ...left, updatedAtMs: 0 }) === canonicalJson({ ...right, updatedAtMs: 0 });
