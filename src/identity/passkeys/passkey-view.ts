import { timestamp } from "../../shared/clock.ts";
import type { PasskeyView } from "./model.ts";
import type { Passkey } from "./passkey-store.ts";

/** A passkey as its owner sees it. */
export const passkeyView = ({
  id,
  name,
  createdAtMs,
  lastUsedAtMs,
}: Pick<Passkey, "id" | "name" | "createdAtMs" | "lastUsedAtMs">): PasskeyView => ({
  id,
  name,
  createdAt: timestamp(createdAtMs),
  lastUsedAt: lastUsedAtMs === null ? null : timestamp(lastUsedAtMs),
});
