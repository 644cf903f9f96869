import { and, eq, isNull, lt, or } from "drizzle-orm";
import type { Edge } from "../../platform/edge/open-edge.ts";
import { type Scope, scopesOf } from "../../platform/http/scope.ts";
import type { Io } from "../../platform/io/io.ts";
import { sha256Hex } from "../../shared/digest.ts";
import { staffKeys, staffMembers } from "../schema.ts";
import { ROLES, Role } from "./roles.ts";

/** A key as it was read: whose it is, and what it may do until when. */
export type KnownKey = {
  id: string;
  memberId: string;
  grants: readonly Scope[];
  expiresAtMs: number;
};

/** How long an isolate acts on what it has read. Facts about keys stand longer than this in the feed. */
export const COPY_MS = 60_000;
/** A key that nobody knows costs the database one question in this time, however often it is tried. */
const UNKNOWN_MS = 10_000;
const COPIES_MAX = 1_000;
const HOUR_MS = 3_600_000;

/** What was read, and which storage of the feed tells what changes afterwards. */
type Copy = { known: KnownKey | undefined; generation: string | undefined };

/** One isolate's copies, by the keys' hashes. */
export class KeyCopies {
  readonly #copies = new Map<string, Copy & { untilMs: number }>();

  get(digest: string, nowMs: number): Copy | undefined {
    const copy = this.#copies.get(digest);
    return copy && copy.untilMs > nowMs ? copy : undefined;
  }

  /** `askedAtMs` is when the database was asked: what changed since then is in the feed. */
  set(digest: string, { known, generation }: Copy, askedAtMs: number): void {
    this.#copies.delete(digest);
    this.#copies.set(digest, {
      known,
      generation,
      untilMs: askedAtMs + (known ? COPY_MS : UNKNOWN_MS),
    });
    for (const [oldest] of this.#copies) {
      if (this.#copies.size <= COPIES_MAX) return;
      this.#copies.delete(oldest);
    }
  }
}

/** What the feed calls a key and a member: a copy that one of these facts is about is not used. */
export const topicOfKey = (id: string) => `staff-key:${id}`;
export const topicOfMember = (id: string) => `staff:${id}`;

export type FindStaffDeps = {
  io: Pick<Io, "sql" | "clock">;
  edge: Edge;
  copies: KeyCopies;
  waitUntil(work: Promise<unknown>): void;
};

/**
 * Whose key it is, or undefined. From the isolate's copy while the feed says that nothing changed;
 * when the feed cannot be asked, from the database, so that a revoked key is never let in for long.
 */
export async function findStaff(deps: FindStaffDeps, key: string): Promise<KnownKey | undefined> {
  const { io, copies } = deps;
  const digest = await sha256Hex(key);
  const copy = copies.get(digest, io.clock.nowMs());
  if (copy && (await isCurrent(deps, copy))) return unexpired(copy.known, io.clock.nowMs());
  const askedAtMs = io.clock.nowMs();
  const { generation } = deps.edge.reader.view;
  const known = await readKey(deps, digest, askedAtMs);
  copies.set(digest, { known, generation }, askedAtMs);
  return unexpired(known, askedAtMs);
}

async function isCurrent({ io, edge }: FindStaffDeps, copy: Copy): Promise<boolean> {
  const { known } = copy;
  // Nothing makes an unknown key a known one: keys are made at random.
  if (!known) return true;
  edge.keepFresh(io.clock.nowMs());
  await edge.refresh();
  const nowMs = io.clock.nowMs();
  const { view } = edge.reader;
  // Read before the isolate had heard of any.
  copy.generation ??= view.generation;
  return (
    edge.reader.state(nowMs) === "fresh" &&
    // A feed that lost its storage has forgotten what changed since this was read.
    view.generation === copy.generation &&
    view.revocation(topicOfKey(known.id), nowMs) === undefined &&
    view.revocation(topicOfMember(known.memberId), nowMs) === undefined
  );
}

const unexpired = (known: KnownKey | undefined, nowMs: number) =>
  known && known.expiresAtMs > nowMs ? known : undefined;

async function readKey(
  { io: { sql }, waitUntil }: FindStaffDeps,
  digest: string,
  nowMs: number,
): Promise<KnownKey | undefined> {
  const [row] = await sql
    .select({ key: staffKeys, role: staffMembers.role })
    .from(staffKeys)
    .innerJoin(staffMembers, eq(staffMembers.id, staffKeys.memberId))
    .where(
      and(
        eq(staffKeys.sha256, digest),
        isNull(staffKeys.revokedAtMs),
        isNull(staffMembers.disabledAtMs),
      ),
    );
  if (!row) return undefined;
  const { id, memberId, scopes, expiresAtMs, lastUsedAtMs } = row.key;
  const hourMs = nowMs - (nowMs % HOUR_MS);
  if ((lastUsedAtMs ?? 0) < hourMs) {
    const { lastUsedAtMs: column } = staffKeys;
    const isOlder = or(isNull(column), lt(column, hourMs));
    const noted = sql
      .update(staffKeys)
      .set({ lastUsedAtMs: hourMs })
      .where(and(eq(staffKeys.id, id), isOlder));
    // A note for operators: it holds nobody up, and whether it fails matters to nobody.
    waitUntil(noted.catch(() => {}));
  }
  return { id, memberId, grants: scopesOf(scopes, ROLES[Role.parse(row.role)]), expiresAtMs };
}
