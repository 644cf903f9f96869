export { appendFacts, type EdgeFeedBinding, edgeFeed } from "./append-facts.ts";
export { agentFact, type Visitor, visitorOf } from "./blocks.ts";
export { type AppendError, type Appended, type Fact, isTag, type NewFact } from "./facts.ts";
export { EdgeFeedObject } from "./feed-object.ts";
export { platformCache } from "./forward-purges.ts";
export { type Edge, edgeReader, keepFresh, openEdge } from "./open-edge.ts";
export { EdgeReader } from "./reader.ts";
