/**
 * F1 dies before the effect, F2 after it, F3 once it is recorded; F4 the request is lost, F5 its answer;
 * F6 it arrives twice, F7 late, after its caller has given up; F19 the object behind it is reset.
 */
export const FAULTS = [
  "F1",
  "F2",
  "F3",
  "F4",
  "F5",
  "F6",
  "F7",
  "F19-before",
  "F19-after",
] as const;
export type Fault = (typeof FAULTS)[number];

/** What shall happen to one subject: a checkout, one of its validations, or a message about its order. */
export type Plan = {
  point: string;
  fault: Fault;
  /** F1 to F3: the whole runtime is killed there, not the one object aborted. */
  isKill: boolean;
  /** Tells which points were passed. */
  isTracing: boolean;
};
