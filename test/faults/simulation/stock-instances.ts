import { type KeepingDeps, StockKeeping } from "../../../src/inventory/keeping.ts";
import type { Place } from "../../../src/inventory/shards/layout.ts";
import type { ShardPort, WholePort } from "../../../src/inventory/shards/ports.ts";
import { shardPort, wholePort } from "../../../src/inventory/shards/remote-ports.ts";
import { ShardStock } from "../../../src/inventory/shards/shard.ts";
import { Transfers } from "../../../src/inventory/shards/transfers.ts";
import { SkuStock } from "../../../src/inventory/sku-stock.ts";
import type { Sku } from "../../../src/shared/ids.ts";
import type { ObjectStorage } from "./object-storage.ts";

/** What lives in memory of one stock object, until it dies: the shop's own code behind its shell. */
export type StockInstance = {
  target: SkuStock | ShardStock;
  alarm(info?: AlarmInvocationInfo): Promise<void>;
};
type InstanceDeps = Pick<KeepingDeps, "storage" | "nowMs" | "setAlarm" | "later">;

const quiet = { logFailure: () => {} };

export function wholeInstance(
  deps: InstanceDeps,
  {
    sku,
    alarmAtMs,
    shard,
  }: { sku: Sku; alarmAtMs: number | undefined; shard(at: Place): ShardPort },
): StockInstance {
  const target = new SkuStock({
    ...deps,
    ...quiet,
    sku,
    tell: () => Promise.resolve(),
    shard: (place) => shardPort(shard(place)),
  });
  target.knowAlarm(alarmAtMs ?? null);
  return { target, alarm: (info) => target.alarm(info) };
}

/** `transfersOf` makes its channel to the whole: the shop's own, unless a bug is planted there. */
export function shardInstance(
  deps: InstanceDeps,
  {
    place,
    alarmAtMs,
    whole,
    transfersOf = (sql, book) => new Transfers(sql, book, place),
  }: {
    place: Place;
    alarmAtMs: number | undefined;
    whole(): WholePort;
    transfersOf?: (sql: SqlStorage, book: StockKeeping["book"]) => Transfers;
  },
): StockInstance {
  const keeping: StockKeeping = new StockKeeping({
    ...deps,
    ...quiet,
    tell: () => target.tell(),
    offer: () => ({ available: target.free(), backorder: false }),
  });
  const transfers = transfersOf(deps.storage.sql, keeping.book);
  const target: ShardStock = new ShardStock(keeping, transfers, place, () => wholePort(whole()));
  keeping.knowAlarm(alarmAtMs ?? null);
  return { target, alarm: (info) => keeping.alarm(info) };
}

/** The storage of an object as one instance sees it: what is dead writes nothing any more. */
export function storageWhile(storage: ObjectStorage, isAlive: () => boolean): DurableObjectStorage {
  const alive = () => {
    if (!isAlive()) throw new Error("a dead object used its storage");
  };
  const transactionSync = <T>(change: () => T): T => {
    alive();
    return storage.transactionSync(change);
  };
  const exec: SqlStorage["exec"] = (query, ...bindings) => {
    alive();
    return storage.sql.exec(query, ...bindings);
  };
  return { sql: { exec }, transactionSync } as unknown as DurableObjectStorage;
}
