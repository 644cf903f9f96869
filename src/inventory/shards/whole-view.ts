import type { StockKeeping } from "../keeping.ts";
import type { LedgerEntry, Take } from "../model.ts";
import { byLocation, type Shelf } from "../stock.ts";
import { type Place, WHOLE } from "./layout.ts";
import type { Sale, ShardPort, ShardView } from "./ports.ts";
import { type Transfers, unitsIn } from "./transfers.ts";

const READS_MAX = 5;

export type WholeView = { shelves: Shelf[]; inFlight: number; ledger: LedgerEntry[] };
type Shard = { place: Place; view: ShardView };

/**
 * All shelves and ledgers of a SKU as one. Units between two objects lie where they will be; what moves
 * while the shards are read is noticed by the channels, and then it is read again.
 */
export async function viewWhole(
  keeping: StockKeeping,
  transfers: Transfers,
  shard: (place: Place) => ShardPort,
): Promise<WholeView> {
  for (let reads = 1; ; reads += 1) {
    const before = movedBy(transfers);
    const peers = transfers.peers();
    const shards = await Promise.all(
      peers.map(async ({ name }) => ({ place: name, view: await shard(name).inspect() })),
    );
    if (movedBy(transfers) === before || reads === READS_MAX)
      return join(keeping, transfers, shards);
  }
}

/** What a sale and its returns moved, in whichever ledgers, oldest first. */
export async function movementsOfWhole(
  keeping: StockKeeping,
  transfers: Transfers,
  shard: (place: Place) => ShardPort,
  sale: Sale,
): Promise<LedgerEntry[]> {
  const found = await Promise.all(
    transfers.peers().map(async ({ name }) => named(name, await shard(name).movementsOf(sale))),
  );
  return [keeping.store.listMovements(sale), ...found].flat().sort(byTime);
}

function join(keeping: StockKeeping, transfers: Transfers, shards: readonly Shard[]): WholeView {
  const loose = shards.flatMap(({ place, view }) => looseOf(transfers, place, view));
  const flying = loose.map(({ location, quantity }) => ({ location, onHand: quantity, held: 0 }));
  const own = keeping.store.shelves();
  return {
    shelves: merge([...own, ...flying, ...shards.flatMap(({ view }) => view.shelves)]),
    inFlight: unitsIn(loose),
    ledger: [
      keeping.store.listLedger(LEDGER_SHOWN_MAX),
      ...shards.map(({ place, view }) => named(place, view.ledger)),
    ]
      .flat()
      .sort(byTime)
      .reverse()
      .slice(0, LEDGER_SHOWN_MAX),
  };
}

const LEDGER_SHOWN_MAX = 200;

function looseOf(transfers: Transfers, place: Place, { report, loose }: ShardView): Take[] {
  const peer = transfers.peer(place);
  if (!peer) return [];
  const toShard = peer.given > report.booked ? peer.givenParts : [];
  const toWhole = report.given > peer.booked ? loose : [];
  return [...toShard, ...toWhole];
}

const movedBy = (transfers: Transfers): number =>
  transfers.peers().reduce((sum, { given, booked }) => sum + given + booked, 0);

const named = (place: Place, entries: readonly LedgerEntry[]): LedgerEntry[] =>
  entries.map((entry) => ({ ...entry, shard: place === WHOLE ? undefined : place }));

const byTime = (a: LedgerEntry, b: LedgerEntry): number =>
  a.occurredAt === b.occurredAt ? a.sequence - b.sequence : a.occurredAt < b.occurredAt ? -1 : 1;

function merge(shelves: readonly Shelf[]): Shelf[] {
  const sums = new Map<string, Shelf>();
  for (const { location, onHand, held } of shelves) {
    const sum = sums.get(location) ?? { location, onHand: 0, held: 0 };
    sums.set(location, { location, onHand: sum.onHand + onHand, held: sum.held + held });
  }
  return [...sums.values()].sort(byLocation);
}
