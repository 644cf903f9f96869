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
export { platformCache } from "./forward-purges.ts";
export { type Edge, type EdgeContext, edgeReader, keepFresh, openEdge } from "./open-edge.ts";
export { EdgeReader, type EdgeState } from "./reader.ts";
export type { EdgeView } from "./view.ts";
