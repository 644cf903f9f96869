import type { Child } from "../engines/child.ts";

/** What every engine's handle has. */
export type Engine = { readonly child: Child; stop(): Promise<void>; kill(): Promise<void> };

/** Called when an engine ends that nobody has asked to. */
export type OnDeath = (slot: EngineSlot<Engine>, child: Child) => void;

/** An engine that can be stopped and started again in place, while what stands before it goes on. */
export class EngineSlot<E extends Engine> {
  readonly name: string;
  readonly #startEngine: () => Promise<E>;
  readonly #onDeath: OnDeath;
  #engine: E | undefined;

  constructor(name: string, startEngine: () => Promise<E>, onDeath: OnDeath) {
    this.name = name;
    this.#startEngine = startEngine;
    this.#onDeath = onDeath;
  }

  get pid(): number | undefined {
    return this.#engine?.child.pid;
  }

  get engine(): E {
    if (!this.#engine) throw new Error(`${this.name} is not running`);
    return this.#engine;
  }

  /** Does nothing while it runs. */
  async start(): Promise<void> {
    if (this.#engine) return;
    const engine = await this.#startEngine();
    this.#engine = engine;
    engine.child.exited.then(() => {
      if (this.#engine === engine) this.#engine = undefined;
      if (!engine.child.stopping) this.#onDeath(this as EngineSlot<Engine>, engine.child);
    });
  }

  async stop(): Promise<void> {
    await this.#engine?.stop();
  }

  /** As a crash would: no goodbye. */
  async kill(): Promise<void> {
    await this.#engine?.kill();
  }
}
