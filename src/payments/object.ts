import { DurableObject } from "cloudflare:workers";
import { logError, logInfo } from "../platform/telemetry/log.ts";
import {
  afterFailure,
  afterSuccess,
  type Circuit,
  CLOSED,
  grantProbe,
  phaseOf,
} from "../shared/breaker.ts";

/** What a reader takes away: a copy, and perhaps the permit to make one probing call. */
export type BreakerReading = { circuit: Circuit; mayProbe: boolean };

const KEY = "circuit";

/**
 * The circuit of one processor, shared by all isolates, so that an outage is learnt once. Nobody waits
 * for it: isolates decide by copies of at most a second, and tell it what they saw afterwards.
 */
export class BreakerObject extends DurableObject {
  #circuit: Circuit = this.ctx.storage.kv.get<Circuit>(KEY) ?? CLOSED;

  /** Also hands out the permit to probe, if there is one: so a probe costs its shopper no round trip. */
  read(): BreakerReading {
    const granted = grantProbe(this.#circuit, Date.now());
    if (granted) this.#save(granted);
    return { circuit: this.#circuit, mayProbe: granted !== undefined };
  }

  /** Learns how one call to the processor went. */
  report(went: "well" | "badly"): BreakerReading {
    const nowMs = Date.now();
    const before = phaseOf(this.#circuit, nowMs);
    const next = (went === "well" ? afterSuccess : afterFailure)(this.#circuit, nowMs);
    const after = phaseOf(next, nowMs);
    if (after === "open" && before !== "open") {
      const error = new Error(`the circuit opened from ${before}`);
      logError("payment.circuit_opened", error, { forMs: next.openForMs });
    } else if (after === "closed" && before !== "closed") {
      logInfo("payment.circuit_closed");
    }
    this.#save(next);
    return { circuit: next, mayProbe: false };
  }

  #save(circuit: Circuit): void {
    if (circuit === this.#circuit) return;
    this.#circuit = circuit;
    this.ctx.storage.kv.put(KEY, circuit);
  }
}
