import { DependencyDown } from "../platform/dependency.ts";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { UserId } from "../shared/ids.ts";

const KEPT_SECONDS = 7.5 * 60;
/** Longer than a change and the slowest read beside it may take. */
const HELD_SECONDS = 30;
const HELD = "held";
/** A cache that does not answer is passed by. */
const AWAY = Symbol("away");

const keyOf = (userId: UserId) => `user:${userId}`;

/** What is shown of a user: how to read it from the truth, and how to know it again. */
export type UserView<T> = {
  read(): Promise<T | undefined>;
  /** Undefined for what is none of these, such as what an earlier version kept. */
  parse(kept: unknown): T | undefined;
};

/**
 * Who a shopper is, from Redis for some minutes. What was read is kept after the answer, and only where
 * nothing is kept or held: a read that began before a change cannot bring back what was before it.
 */
export async function cachedUser<T>(
  io: Pick<Io, "redis">,
  userId: UserId,
  { read, parse }: UserView<T>,
  later: (work: Promise<unknown>) => void,
): Promise<T | undefined> {
  const kept = await readKept(io, userId);
  const known = kept === AWAY ? undefined : parse(kept);
  if (known !== undefined) return known;
  const user = await read();
  if (user !== undefined && kept !== AWAY) later(keep(io, userId, user));
  return user;
}

/**
 * Before a change: what is kept is forgotten, and nothing is kept until the change is over. Throws
 * `DependencyDown`, and then nothing may be changed: what is kept would go on being shown.
 */
export async function holdUser({ redis }: Pick<Io, "redis">, userId: UserId): Promise<void> {
  await redis("user", (client) => client.set(keyOf(userId), HELD, { ex: HELD_SECONDS }));
}

async function readKept({ redis }: Pick<Io, "redis">, userId: UserId): Promise<unknown> {
  try {
    return await redis("user", (client) => client.get<unknown>(keyOf(userId)));
  } catch (error) {
    if (error instanceof DependencyDown) return AWAY;
    throw error;
  }
}

async function keep({ redis }: Pick<Io, "redis">, userId: UserId, user: unknown): Promise<void> {
  const options = { ex: KEPT_SECONDS, nx: true } as const;
  try {
    await redis("user", (client) => client.set(keyOf(userId), user, options));
  } catch (error) {
    logError("identity.user_not_kept", error, { userId });
  }
}
