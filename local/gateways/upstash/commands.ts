/** A command as Redis receives it: its name and its arguments. */
export type Command = readonly [string, ...string[]];

export const COMMANDS_PER_REQUEST_MAX = 1_000;

/**
 * Commands without meaning over HTTP: they hold or change the connection, which here is shared by
 * all callers, or they belong to the server's operator.
 */
const REFUSED = new Set(
  `ACL AUTH BGREWRITEAOF BGSAVE BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT
   CLUSTER CONFIG DEBUG DISCARD EXEC FAILOVER HELLO LATENCY MIGRATE MODULE MONITOR MULTI PSUBSCRIBE
   PSYNC PUNSUBSCRIBE QUIT READONLY READWRITE REPLCONF REPLICAOF RESET RESTORE-ASKING SAVE SELECT
   SHUTDOWN SLAVEOF SLOWLOG SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SWAPDB SYNC UNSUBSCRIBE UNWATCH WAIT
   WAITAOF WATCH`.split(/\s+/),
);
const MAY_BLOCK = new Set(["XREAD", "XREADGROUP"]);

/** The error for a command that may not be sent, else `undefined`. */
export function refusalOf([name, ...args]: Command): string | undefined {
  const verb = name.toUpperCase();
  const blocks = MAY_BLOCK.has(verb) && args.some((arg) => arg.toUpperCase() === "BLOCK");
  if (!REFUSED.has(verb) && !blocks) return undefined;
  return `ERR Command is not available: '${verb}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`;
}

/** A JSON array of scalars as a command; `undefined` for anything else. */
export function commandFromJson(json: unknown): Command | undefined {
  if (!Array.isArray(json) || json.length === 0) return undefined;
  const words: string[] = [];
  for (const word of json as unknown[]) {
    if (typeof word === "string") words.push(word);
    else if (typeof word === "number" || typeof word === "boolean") words.push(String(word));
    else return undefined;
  }
  return words as [string, ...string[]];
}

/**
 * `/set/key?EX=10` with body `value` is `SET key value EX 10`: path, then body, then parameters.
 * `undefined` for an empty path or malformed percent-encoding. `_token` is a credential, not a word.
 */
export function commandFromPath(
  path: string,
  body: string,
  query: URLSearchParams,
): Command | undefined {
  const words: string[] = [];
  try {
    for (const segment of path.split("/").slice(1)) words.push(decodeURIComponent(segment));
  } catch {
    return undefined;
  }
  if (!words[0]) return undefined;
  if (body !== "") words.push(body);
  for (const [name, value] of query) {
    if (name !== "_token") words.push(name, ...(value === "" ? [] : [value]));
  }
  return words as [string, ...string[]];
}
