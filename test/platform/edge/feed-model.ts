import {
  type Fact,
  type FeedDelta,
  isStanding,
  type NewFact,
  TOPICS,
} from "../../../src/platform/edge/facts.ts";

/**
 * The feed as one would write it without SQL, for tests that need thousands of histories: the newest
 * fact of each topic and value, a floor, and reads in parts.
 */
export class FeedModel {
  position = 1_000;
  floor = 1_000;
  generation = "first";
  isWhole = true;
  #facts: Fact[] = [];

  append(facts: readonly NewFact[], atMs = 0): void {
    for (const fact of facts) {
      this.position += 1;
      const isReplaced = (known: Fact) =>
        (TOPICS[known.kind] === TOPICS[fact.kind] && known.value === fact.value) ||
        (fact.kind === "purge_all" && known.kind === "purge");
      this.#facts = this.#facts.filter((known) => !isReplaced(known));
      this.#facts.push({ ...fact, sequence: this.position, atMs });
    }
  }

  /** Forgets the oldest facts that do not stand. */
  truncate(count: number): void {
    const passing = this.#facts.filter(({ kind }) => !isStanding(kind)).slice(0, count);
    const newest = passing.at(-1)?.sequence;
    if (newest === undefined) return;
    this.#facts = this.#facts.filter((fact) => !passing.includes(fact));
    this.floor = Math.max(this.floor, newest);
  }

  since(position: number, limit: number): FeedDelta {
    const missed = this.#facts.filter(({ sequence }) => sequence > position);
    const facts = missed.slice(0, limit);
    const more = missed.length > facts.length;
    const reached = more ? facts.at(-1)!.sequence : this.position;
    const { floor, generation, isWhole } = this;
    return { position: reached, floor, generation, isWhole, facts, more };
  }
}
