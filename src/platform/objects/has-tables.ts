/**
 * Whether `migrate` ever ran here. An object that is only asked about must store nothing, or anybody
 * could fill the account with objects by asking for names that do not exist; so such objects make
 * their tables at the first write and answer reads from nothing before.
 */
export function hasTables(storage: DurableObjectStorage): boolean {
  const found = storage.sql.exec(
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_migrations'",
  );
  return found.toArray().length > 0;
}
