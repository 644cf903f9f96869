import { setTimeout as sleep } from "node:timers/promises";
import type { Client, Transaction } from "@planetscale/database";
import { eq, sql } from "drizzle-orm";
import { int, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import { drizzle } from "drizzle-orm/planetscale-serverless";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type ShopDatabase, startShopDatabase } from "./shop-database.ts";

const TRANSACTION_TIMEOUT_MS = 1_500;
const accounts = mysqlTable("accounts", {
  id: varchar({ length: 60 }).primaryKey(),
  balance: int().notNull(),
});

let shop: ShopDatabase;
let client: Client;
beforeAll(async () => {
  shop = await startShopDatabase({ transactionTimeoutMs: TRANSACTION_TIMEOUT_MS });
  client = shop.client();
  await client.execute("CREATE TABLE accounts (id VARCHAR(60) PRIMARY KEY, balance INT NOT NULL)");
}, 60_000);
afterAll(() => shop.stop());

/** Accounts of the test's own, so that tests may run in any order. */
async function account(balance: number): Promise<string> {
  const id = crypto.randomUUID();
  await client.execute("INSERT INTO accounts VALUES (?, ?)", [id, balance]);
  return id;
}
async function balanceOf(id: string, on: Client | Transaction = client) {
  const { rows } = await on.execute("SELECT balance FROM accounts WHERE id = ?", [id]);
  return (rows[0] as { balance: number } | undefined)?.balance;
}
const add = (on: Client | Transaction, id: string, amount: number) =>
  on.execute("UPDATE accounts SET balance = balance + ? WHERE id = ?", [amount, id]);

describe("a transaction", () => {
  it("commits together", async ({ expect }) => {
    const [from, to] = [await account(10), await account(0)];
    await client.transaction(async (tx) => {
      await add(tx, from, -4);
      await add(tx, to, 4);
    });
    expect([await balanceOf(from), await balanceOf(to)]).toEqual([6, 4]);
  });

  it("rolls back on a throw and keeps the first error", async ({ expect }) => {
    const id = await account(10);
    const failed = client.transaction(async (tx) => {
      await add(tx, id, 5);
      throw new Error("changed my mind");
    });
    await expect(failed).rejects.toThrow("changed my mind");
    expect(await balanceOf(id)).toBe(10);
  });

  it("goes on after a duplicate key, as MySQL does", async ({ expect }) => {
    const id = await account(10);
    await client.transaction(async (tx) => {
      const again = tx.execute("INSERT INTO accounts VALUES (?, 1)", [id]);
      await expect(again).rejects.toMatchObject({ body: { code: "ALREADY_EXISTS" } });
      await add(tx, id, 1);
    });
    expect(await balanceOf(id)).toBe(11);
  });

  it("is invisible to others until it commits, and reads a stable snapshot", async ({ expect }) => {
    const id = await account(1);
    await client.transaction(async (reader) => {
      expect(await balanceOf(id, reader)).toBe(1);
      await client.transaction(async (writer) => {
        await add(writer, id, 1);
        expect(await balanceOf(id, writer)).toBe(2);
        expect(await balanceOf(id)).toBe(1);
      });
      expect(await balanceOf(id)).toBe(2);
      expect(await balanceOf(id, reader)).toBe(1);
    });
  });

  it("takes concurrent statements of one session one after another", async ({ expect }) => {
    const id = await account(0);
    const { session } = await shop.execute("BEGIN");
    const update = `UPDATE accounts SET balance = balance + 1 WHERE id = '${id}'`;
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => shop.execute(update, session)),
    );
    expect(replies.filter((reply) => reply.error)).toEqual([]);
    expect(await balanceOf(id)).toBe(0);
    await shop.execute("COMMIT", session);
    expect(await balanceOf(id)).toBe(20);
  });

  it("nests through savepoints in drizzle", async ({ expect }) => {
    const db = drizzle(client);
    const [kept, undone] = [await account(0), await account(0)];
    const increment = { balance: sql`${accounts.balance} + 1` };
    await db.transaction(async (tx) => {
      await tx.update(accounts).set(increment).where(eq(accounts.id, kept));
      const inner = tx.transaction(async (nested) => {
        await nested.update(accounts).set(increment).where(eq(accounts.id, undone));
        throw new Error("only the inner one");
      });
      await expect(inner).rejects.toThrow("only the inner one");
      await tx.transaction(async (nested) => {
        await nested.update(accounts).set(increment).where(eq(accounts.id, kept));
      });
    });
    expect([await balanceOf(kept), await balanceOf(undone)]).toEqual([2, 0]);
  });

  it("stops being one at a statement that commits implicitly", async ({ expect }) => {
    const { session } = await shop.execute("BEGIN");
    const reply = await shop.execute("CREATE TABLE IF NOT EXISTS implied (id INT)", session);
    expect(reply.session).toMatchObject({ signature: "" });
  });
});

describe("two transactions", () => {
  it("in deadlock: one is ABORTED and over, the other commits", async ({ expect }) => {
    const [a, b] = [await account(0), await account(0)];
    const locks = { first: 0 };
    const bothLocked = async () => {
      locks.first += 1;
      while (locks.first < 2) await sleep(5);
    };
    const transfer = (from: string, to: string) =>
      client.transaction(async (tx) => {
        await add(tx, from, 1);
        await bothLocked();
        await add(tx, to, 1);
      });
    const results = await Promise.allSettled([transfer(a, b), transfer(b, a)]);
    const lost = results.filter((result) => result.status === "rejected");
    expect(lost).toHaveLength(1);
    expect(lost[0]!.reason).toMatchObject({ body: { code: "ABORTED" } });
    expect(lost[0]!.reason.message).toContain("(errno 1213) (sqlstate 40001)");
    expect([await balanceOf(a), await balanceOf(b)]).toEqual([1, 1]);
  });

  it("after a deadlock nothing more runs in the loser, not even by itself", async ({ expect }) => {
    const [a, b] = [await account(0), await account(0)];
    const update = (id: string) => `UPDATE accounts SET balance = balance + 1 WHERE id = '${id}'`;
    const [one, two] = [await shop.execute("BEGIN"), await shop.execute("BEGIN")];
    await shop.execute(update(a), one.session);
    await shop.execute(update(b), two.session);
    const crossing = await Promise.all([
      shop.execute(update(b), one.session),
      shop.execute(update(a), two.session),
    ]);
    const loser = crossing[0]!.error ? one : two;
    const winner = loser === one ? two : one;
    await shop.execute("ROLLBACK", winner.session);

    const late = await shop.execute(update(a), loser.session);
    expect(late.error).toMatchObject({
      code: "ABORTED",
      message: expect.stringMatching(/transaction \d+: ended at .* UTC \(deadlock\)/),
    });
    expect([await balanceOf(a), await balanceOf(b)]).toEqual([0, 0]);
  });
});

describe("a session left alone", () => {
  it("is rolled back after its time, and says so when it comes back", async ({ expect }) => {
    const id = await account(1);
    const { session } = await shop.execute("BEGIN");
    await shop.execute(`UPDATE accounts SET balance = 99 WHERE id = '${id}'`, session);
    await sleep(TRANSACTION_TIMEOUT_MS + 200);

    await add(client, id, 1); // Would wait for the row lock if it were still held.
    expect(await balanceOf(id)).toBe(2);
    const ended = expect.stringMatching(/transaction \d+: ended at .* \(exceeded timeout: 1\.5s\)/);
    for (const statement of ["SELECT 1", "COMMIT"]) {
      const { error } = await shop.execute(statement, session);
      expect(error).toMatchObject({ code: "ABORTED", message: ended });
    }
    expect(await shop.execute("ROLLBACK", session)).not.toHaveProperty("error");
  });

  it("is cut off in the middle of a long statement", async ({ expect }) => {
    const slow = client.transaction((tx) => tx.execute("SELECT SLEEP(10)"));
    await expect(slow).rejects.toThrow("exceeded timeout: 1.5s");
    const sleeping = async () => {
      const { rows } = await client.execute(
        "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'",
      );
      return rows;
    };
    await expect.poll(sleeping).toEqual([{ n: "0" }]);
  });

  it("cannot be revived by an invented or a finished session", async ({ expect }) => {
    const invented = await shop.execute("SELECT 1", { signature: "invented", vitessSession: {} });
    expect(invented.error).toMatchObject({ code: "ABORTED" });
    const { session } = await shop.execute("BEGIN");
    await shop.execute("COMMIT", session);
    const finished = await shop.execute("SELECT 1", session);
    expect(finished.error).toMatchObject({ code: "ABORTED" });
  });
});

describe("more transactions than connections", () => {
  it("wait their turn and all commit", async ({ expect }) => {
    const id = await account(0);
    const many = Array.from({ length: 60 }, () => client.transaction((tx) => add(tx, id, 1)));
    await Promise.all(many);
    expect(await balanceOf(id)).toBe(60);
  });
});
