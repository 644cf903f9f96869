export type StoredAnswer = { key: string; fingerprint: string; status: number; json: unknown };

export type IdempotencyStart =
  | { kind: "first" }
  | { kind: "replay"; answer: StoredAnswer }
  | { kind: "other-parameters" }
  | { kind: "running" };

/** Remembers the first answer given under each key, be it a success or an error. */
export class IdempotencyKeys {
  readonly #answers = new Map<string, StoredAnswer>();
  readonly #running = new Map<string, string>();

  start(key: string, fingerprint: string): IdempotencyStart {
    const answer = this.#answers.get(key);
    const earlier = answer?.fingerprint ?? this.#running.get(key);
    if (earlier !== undefined && earlier !== fingerprint) return { kind: "other-parameters" };
    if (answer) return { kind: "replay", answer };
    if (earlier !== undefined) return { kind: "running" };
    this.#running.set(key, fingerprint);
    return { kind: "first" };
  }

  /** Call it once the effect is on disk, in the same step as the answer. */
  finish(answer: StoredAnswer): void {
    this.#running.delete(answer.key);
    this.#answers.set(answer.key, answer);
  }

  /** The request never began to be carried out: the key is free again. */
  abandon(key: string): void {
    this.#running.delete(key);
  }
}
