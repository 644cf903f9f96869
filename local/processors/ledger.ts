import type { GatewayReply, GatewayRequest } from "../gateways/gateway.ts";

/** One movement of money, or a refused attempt at one, as the processor itself saw it. */
export type LedgerEntry = {
  /** Counts from 1, without gaps. */
  sequence: number;
  /** RFC 3339, UTC. */
  at: string;
  kind: "authorize" | "capture" | "void" | "refund" | "decline";
  paymentId: string;
  /** The payment that a capture, void or refund belongs to. */
  parent?: string;
  ok: boolean;
  /** Minor units. */
  amount: number;
  currency: string;
  idempotencyKey: string | null;
  checkoutId: string | null;
  token: string | null;
};

export type LedgerDraft = Omit<LedgerEntry, "sequence" | "at">;

/** Append-only: an entry is never changed, a mistake is a further entry. */
export class Ledger {
  readonly #entries: LedgerEntry[] = [];

  /** Entries that an earlier run has kept. */
  restore(entries: readonly LedgerEntry[]): void {
    this.#entries.push(...entries);
  }

  add(draft: LedgerDraft, nowMs: number): LedgerEntry {
    const sequence = this.#entries.length + 1;
    const entry = { sequence, at: new Date(nowMs).toISOString(), ...draft };
    this.#entries.push(entry);
    return entry;
  }

  list({ checkoutId }: { checkoutId?: string | null } = {}): LedgerEntry[] {
    return this.#entries.filter((entry) => !checkoutId || entry.checkoutId === checkoutId);
  }

  /** Answers `GET /ledger[?checkoutId=]`; `undefined` for any other request. */
  answer({ method, path, query }: GatewayRequest): GatewayReply | undefined {
    if (method !== "GET" || path !== "/ledger") return undefined;
    return { status: 200, json: { entries: this.list({ checkoutId: query.get("checkoutId") }) } };
  }
}
