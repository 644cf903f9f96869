export { appendFacts, type EdgeFeedBinding } from "./append-facts.ts";
export {
  type AppendError,
  type Appended,
  EDGE_GRACE_MS,
  EDGE_MAX_AGE_MS,
  FACTS_PER_APPEND_MAX,
  isTag,
  type NewFact,
  tagValue,
} from "./facts.ts";
export { EdgeFeedObject } from "./feed-object.ts";
export { type Edge, EdgeReader, type EdgeState, edgeReader, openEdge } from "./reader.ts";
export type { EdgeView } from "./view.ts";
