import { DependencyDown } from "../platform/dependency.ts";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { UserId } from "../shared/ids.ts";
import { Me } from "./model.ts";

const KEPT_SECONDS = 7.5 * 60;
/** Longer than a change and the slowest read beside it may take. */
const HELD_SECONDS = 30;
const HELD = "held";

const keyOf = (userId: UserId) => `me:${userId}`;

/**
 * Who a shopper is, from Redis for some minutes. What was read is kept after the answer, and only where
 * nothing is kept or held: a read that began before a change cannot bring back what was before it.
 */
export async function cachedMe(
  io: Pick<Io, "redis">,
  userId: UserId,
  read: () => Promise<Me | undefined>,
  later: (work: Promise<unknown>) => void,
): Promise<Me | undefined> {
  const kept = await readKept(io, userId);
  if (kept !== "away" && kept) return kept;
  const me = await read();
  if (me && kept !== "away") later(keep(io, userId, me));
  return me;
}

/**
 * Before a change: what is kept is forgotten, and nothing is kept until the change is over. Throws
 * `DependencyDown`, and then nothing may be changed: what is kept would go on being shown.
 */
export async function holdMe({ redis }: Pick<Io, "redis">, userId: UserId): Promise<void> {
  await redis("user", (client) => client.set(keyOf(userId), HELD, { ex: HELD_SECONDS }));
}

/** A cache that is away is passed by. */
async function readKept(
  { redis }: Pick<Io, "redis">,
  userId: UserId,
): Promise<Me | "away" | undefined> {
  try {
    const kept = await redis("user", (client) => client.get<unknown>(keyOf(userId)));
    return Me.safeParse(kept).data;
  } catch (error) {
    if (error instanceof DependencyDown) return "away";
    throw error;
  }
}

async function keep({ redis }: Pick<Io, "redis">, userId: UserId, me: Me): Promise<void> {
  try {
    await redis("user", (client) => client.set(keyOf(userId), me, { ex: KEPT_SECONDS, nx: true }));
  } catch (error) {
    logError("account.me_not_kept", error, { userId });
  }
}
