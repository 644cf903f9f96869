import type { ParseArgsOptionsConfig } from "node:util";

/** What to do about staff's keys: list them, make one, rotate one, end one. */
export type KeysCommand = { name: "keys" } & (
  | { act: "list" }
  | { act: "make"; member: string; label: string; scopes: string[]; days: number }
  | { act: "rotate"; id: string; overlapSeconds: number }
  | { act: "revoke"; id: string }
);

export const KEYS = {
  member: { type: "string" },
  name: { type: "string" },
  scope: { type: "string", multiple: true, default: [] as string[] },
  days: { type: "string", default: "90" },
  rotate: { type: "string" },
  overlap: { type: "string", default: "86400" },
  revoke: { type: "string" },
} as const satisfies ParseArgsOptionsConfig;

export const KEYS_HELP = `Usage: npm run ops -- keys [--member ID --name TEXT --scope SCOPE … | --rotate ID | --revoke ID]

Without options: every staff key, whose it is, what it may do, until when, when last used.

  --member ID    make a key for this member of staff; it is shown once
  --name TEXT    what it is for
  --scope SCOPE  what it may do: orders:write, *:read, *; may be repeated
  --days N       until when (default: 90)
  --rotate ID    make a key beside this one, which then ends
  --overlap N    for how many seconds both work (default: 86400)
  --revoke ID    end this key, everywhere within a second`;

type Values = {
  member?: string | undefined;
  name?: string | undefined;
  scope: string[];
  days: string;
  rotate?: string | undefined;
  overlap: string;
  revoke?: string | undefined;
};

/** @throws Error that says what is missing, or one too many. */
export function keysCommand(values: Values): KeysCommand {
  const { member, rotate, revoke, name: label, scope: scopes } = values;
  const acts = [member, rotate, revoke].filter((each) => each !== undefined);
  if (acts.length > 1) throw new Error("one of --member, --rotate and --revoke at a time");
  const name = "keys" as const;
  if (rotate !== undefined) {
    return { name, act: "rotate", id: rotate, overlapSeconds: whole("--overlap", values.overlap) };
  }
  if (revoke !== undefined) return { name, act: "revoke", id: revoke };
  if (member === undefined && !label && scopes.length === 0) return { name, act: "list" };
  if (!member || !label || scopes.length === 0) {
    throw new Error("a new key needs --member, --name and --scope");
  }
  return { name, act: "make", member, label, scopes, days: whole("--days", values.days) };
}

function whole(option: string, text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new Error(`${option} takes a whole number, not "${text}"`);
}
