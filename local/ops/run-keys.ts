import type { Target } from "../catalog/target.ts";
import type { KeyList, MadeKey, RevokedKey } from "./answers.ts";
import { ask } from "./ask.ts";
import type { KeysCommand } from "./read-keys.ts";
import type { Outcome } from "./run-command.ts";
import { facts, table } from "./table.ts";

const PATH = "/ops/v1/staff-keys";

export async function runKeys(command: KeysCommand, target: Target): Promise<Outcome> {
  switch (command.act) {
    case "list": {
      const answer = await listAll(target);
      return { answer, text: renderKeys(answer), exitCode: 0 };
    }
    case "make": {
      const { member, label: name, scopes, days: expiresInDays } = command;
      const body = { member, name, scopes, expiresInDays };
      return made(await ask<MadeKey>(target, { method: "POST", path: PATH, body }));
    }
    case "rotate": {
      const { id, overlapSeconds } = command;
      const path = `${PATH}/${encodeURIComponent(id)}/rotate`;
      return made(await ask<MadeKey>(target, { method: "POST", path, body: { overlapSeconds } }));
    }
    case "revoke": {
      const path = `${PATH}/${encodeURIComponent(command.id)}`;
      const answer = await ask<RevokedKey>(target, { method: "DELETE", path });
      const { id, effectiveBy } = answer;
      const text = facts([
        ["revoked", id],
        ["effective by", effectiveBy],
      ]);
      return { answer, text, exitCode: 0 };
    }
  }
}

async function listAll(target: Target): Promise<KeyList> {
  const whole: KeyList = { items: [], nextCursor: null };
  let cursor = "";
  do {
    const path = `${PATH}?limit=100${cursor}`;
    const page = await ask<KeyList>(target, { method: "GET", path });
    whole.items.push(...page.items);
    cursor = page.nextCursor === null ? "" : `&cursor=${encodeURIComponent(page.nextCursor)}`;
  } while (cursor !== "");
  return whole;
}

function made(answer: MadeKey): Outcome {
  const text = facts([
    ["key", answer.key],
    ["id", answer.id],
    ["member", answer.member],
    ["may", answer.scopes.join(", ")],
    ["until", answer.expiresAt],
  ]);
  return { answer, text: `${text}\n\nThe key is shown here and never again.`, exitCode: 0 };
}

const renderKeys = ({ items }: KeyList): string =>
  table(
    ["id", "member", "for", "may", "until", "last used", "ended"],
    items.map((key) => [
      key.id,
      key.member,
      key.name,
      key.scopes.join(", "),
      key.expiresAt,
      key.lastUsedAt,
      key.revokedAt ?? (key.replacedBy === null ? null : `replaced by ${key.replacedBy}`),
    ]),
  );
