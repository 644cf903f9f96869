import { type Address, networkOf, parseAddress, parseNetwork } from "../../shared/network.ts";

/** What a request says of where it comes from. */
export type Visitor = { address: string | undefined; agent: string | undefined };

const AGENT = "agent:";
const AGENT_LENGTH_MAX = 512;
/** Decisions about agents that are remembered: most visitors come with one of a few. */
const AGENTS_REMEMBERED_MAX = 1_000;

/** How a fact names a pattern of user agents. Every other value is a network or an address. */
export const agentFact = (pattern: string): string => `${AGENT}${pattern}`;

/**
 * Cloudflare sets `CF-Connecting-IP` itself on every request from outside, so it is the only header
 * believed; what clients and proxies claim (`X-Forwarded-For`) is not read anywhere. A request without
 * it comes from another Worker of this account, or from this machine.
 */
export const visitorOf = (headers: Headers): Visitor => ({
  address: headers.get("CF-Connecting-IP") ?? undefined,
  agent: headers.get("User-Agent") ?? undefined,
});

/**
 * Who is blocked, for looking up at each request. A lookup costs one hash per length of network that
 * is in use, of which there are at most 33 and 129, however many networks are blocked; and for agents
 * a walk through each pattern, once for an agent that is seen again. No pattern is a regular
 * expression: time grows with the length of pattern and agent, never faster.
 */
export class Blocks {
  readonly #networks = { 32: new NetworkSet(32), 128: new NetworkSet(128) };
  /** By pattern: its pieces between the stars, and when it ends. */
  readonly #agents = new Map<string, { pieces: readonly string[]; untilMs: number }>();
  readonly #seen = new Map<string, readonly string[]>();
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  set(fact: string, untilMs: number): void {
    this.delete(fact);
    if (fact.startsWith(AGENT)) {
      const pieces = fact.slice(AGENT.length).toLowerCase().split("*");
      this.#agents.set(fact, { pieces, untilMs });
      this.#seen.clear();
      this.#size += 1;
      return;
    }
    const network = parseNetwork(fact);
    if (!network) return; // Of another version of this program, whose grammar is not known here.
    this.#networks[network.bits].set(network.length, network.value, untilMs);
    this.#size += 1;
  }

  delete(fact: string): void {
    if (fact.startsWith(AGENT)) {
      if (!this.#agents.delete(fact)) return;
      this.#seen.clear();
      this.#size -= 1;
      return;
    }
    const network = parseNetwork(fact);
    if (network && this.#networks[network.bits].delete(network.length, network.value)) {
      this.#size -= 1;
    }
  }

  has({ address, agent }: Visitor, nowMs: number): boolean {
    if (this.#size === 0) return false;
    const parsed = address === undefined ? undefined : parseAddress(address);
    if (parsed && this.#networks[parsed.bits].has(parsed, nowMs)) return true;
    if (agent === undefined || this.#agents.size === 0) return false;
    return this.#matching(agent).some((fact) => (this.#agents.get(fact)?.untilMs ?? 0) > nowMs);
  }

  #matching(agent: string): readonly string[] {
    const text = agent.slice(0, AGENT_LENGTH_MAX).toLowerCase();
    const known = this.#seen.get(text);
    if (known) return known;
    const matching: string[] = [];
    for (const [fact, { pieces }] of this.#agents) {
      if (matchesPieces(text, pieces)) matching.push(fact);
    }
    if (this.#seen.size >= AGENTS_REMEMBERED_MAX) this.#seen.clear();
    this.#seen.set(text, matching);
    return matching;
  }
}

/** Networks of one kind of address, by length and then by their bits. */
class NetworkSet {
  readonly #bits: 32 | 128;
  readonly #byLength = new Map<number, Map<bigint, number>>();

  constructor(bits: 32 | 128) {
    this.#bits = bits;
  }

  set(length: number, value: bigint, untilMs: number): void {
    const networks = this.#byLength.get(length) ?? new Map<bigint, number>();
    this.#byLength.set(length, networks.set(value, untilMs));
  }

  delete(length: number, value: bigint): boolean {
    const networks = this.#byLength.get(length);
    const existed = networks?.delete(value) ?? false;
    if (networks?.size === 0) this.#byLength.delete(length);
    return existed;
  }

  has({ value }: Address, nowMs: number): boolean {
    for (const [length, networks] of this.#byLength) {
      const { value: start } = networkOf({ bits: this.#bits, value }, length);
      if ((networks.get(start) ?? 0) > nowMs) return true;
    }
    return false;
  }
}

/** Whether a text matches a pattern that was split at its stars. Both are in lower case. */
export function matchesPieces(text: string, pieces: readonly string[]): boolean {
  const [first = "", ...others] = pieces;
  if (others.length === 0) return text === first;
  const last = others.pop()!;
  if (!text.startsWith(first)) return false;
  // The earliest place for each piece leaves the most for those after it, so nothing is tried twice.
  let from = first.length;
  for (const piece of others) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
