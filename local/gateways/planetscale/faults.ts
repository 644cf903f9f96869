import { setTimeout as sleep } from "node:timers/promises";
import { type GatewayReply, type GatewayRequest, parseJson } from "../gateway.ts";
import { VitessError } from "./vitess-error.ts";

/** What a test may ask of the gateway. Each `PUT /faults` replaces all of it; `{}` mends everything. */
export type FaultDial = {
  /** Added before each statement. */
  latencyMs?: number;
  /** Share of statements, 0 to 1, that fail as UNAVAILABLE before they reach the database. */
  failRate?: number;
  /** Commits (COMMIT and autocommitted writes) happen, but the connection dies without an answer. */
  dropCommitReply?: boolean;
};

export class Faults {
  #dial: FaultDial = {};

  get dropsCommitReply(): boolean {
    return this.#dial.dropCommitReply === true;
  }

  /** Throws VitessError for the statements that shall not reach the database. */
  async beforeStatement(): Promise<void> {
    const { latencyMs = 0, failRate = 0 } = this.#dial;
    if (latencyMs > 0) await sleep(latencyMs);
    if (Math.random() < failRate) throw new VitessError("UNAVAILABLE", "fault dial: failRate");
  }

  /** Answers `PUT /faults`; `undefined` for any other request. */
  answer({ method, path, body }: GatewayRequest): GatewayReply | undefined {
    if (method !== "PUT" || path !== "/faults") return undefined;
    const dial = parseJson(body);
    if (!isFaultDial(dial)) return { status: 400, json: { error: "not a fault dial" } };
    this.#dial = dial;
    return { status: 200, json: dial };
  }
}

function isFaultDial(value: unknown): value is FaultDial {
  if (typeof value !== "object" || value === null) return false;
  const { latencyMs = 0, failRate = 0, dropCommitReply = false, ...unknown } = value as FaultDial;
  return (
    Number.isFinite(latencyMs) &&
    latencyMs >= 0 &&
    failRate >= 0 &&
    failRate <= 1 &&
    typeof dropCommitReply === "boolean" &&
    Object.keys(unknown).length === 0
  );
}
