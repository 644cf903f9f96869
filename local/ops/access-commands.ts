/** Whom a block is about: an address or network as it is written, or part of a user agent. */
export type BlockTarget = { address: string } | { cidr: string } | { userAgent: string };

export type AccessCommand =
  | { name: "block"; target: BlockTarget; reason: string; until: string | undefined }
  | { name: "unblock"; target: BlockTarget }
  | { name: "blocks" }
  | { name: "flag"; flags: Record<string, string | null> };

export const BLOCK_OPTIONS = {
  agent: { type: "string" },
  reason: { type: "string", default: "" },
  for: { type: "string" },
} as const;
export const UNBLOCK_OPTIONS = { agent: { type: "string" } } as const;

export const ACCESS_HELP = {
  block: `Usage: npm run ops -- block (ADDRESS | NETWORK | --agent TEXT) [--reason TEXT] [--for TIME]

Refuses an address, a network (203.0.113.0/24, 2001:db8::/48) or an agent everywhere within a second.

  --agent TEXT   part of the User-Agent in any case, or a pattern with * for anything
  --reason TEXT  why, for whoever reads the list
  --for TIME     how long: 30m, 12h, 7d; for ever, unless told`,
  unblock: `Usage: npm run ops -- unblock (ADDRESS | NETWORK | --agent TEXT)

Lets an address, a network or an agent in again. A network is named as it was blocked.`,
  blocks: `Usage: npm run ops -- blocks

Who is blocked, why, by whom and until when.`,
  flag: `Usage: npm run ops -- flag [NAME=VALUE …]

Sets flags everywhere within a second; NAME= removes one. Without any it lists those that are set.
pause-checkout=on and pause-import=on close these routes for a while.`,
} as const;

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Throws a plain error, whose message is for the operator, for what it cannot read. */
export function blockTarget(
  positional: string | undefined,
  agent: string | undefined,
): BlockTarget {
  if ((positional === undefined) === (agent === undefined)) {
    throw new Error("name an address or a network, or --agent, and not both");
  }
  if (agent !== undefined) return { userAgent: agent };
  return positional!.includes("/") ? { cidr: positional! } : { address: positional! };
}

export function untilAfter(time: string | undefined, nowMs: number): string | undefined {
  if (time === undefined) return undefined;
  const [, count, unit] = /^([1-9]\d{0,4})([mhd])$/.exec(time) ?? [];
  if (unit === undefined) throw new Error("--for is a time such as 30m, 12h or 7d");
  return new Date(nowMs + Number(count) * UNIT_MS[unit]!).toISOString();
}

export function flagsOf(pairs: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new Error(`"${pair}" is no NAME=VALUE`);
      return [pair.slice(0, at), pair.slice(at + 1) || null];
    }),
  );
}
