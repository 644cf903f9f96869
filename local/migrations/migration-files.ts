import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export type Migration = { tag: string; hash: string; statements: string[] };

const Journal = z.object({ entries: z.array(z.object({ idx: z.int(), tag: z.string() })) });

/** What drizzle-kit generated into `folder`, oldest first; none when the folder is missing. */
export function readMigrations(folder: string): Migration[] {
  const journal = join(folder, "meta", "_journal.json");
  if (!existsSync(journal)) return [];
  const { entries } = Journal.parse(JSON.parse(readFileSync(journal, "utf8")));
  const ordered = entries.toSorted((a, b) => a.idx - b.idx);
  return ordered.map(({ tag }) => {
    const text = readFileSync(join(folder, `${tag}.sql`), "utf8");
    const parts = text.split("--> statement-breakpoint").map((statement) => statement.trim());
    const hash = createHash("sha256").update(text).digest("hex");
    return { tag, hash, statements: parts.filter(Boolean) };
  });
}

/** A migration that could not be applied; the message says what is in place and how to go on. */
export class MigrationFailed extends Error {}

/** A released migration is never edited: a database that has it would silently differ. */
export function assertUnchanged(migration: Migration, appliedHash: string): void {
  if (migration.hash !== appliedHash) {
    throw new MigrationFailed(
      `${migration.tag} was changed after it had been applied. Restore its file and put the change in a new migration.`,
    );
  }
}
