import type { Blocked, Blocks, Flags } from "./answers.ts";
import { facts, table } from "./table.ts";

export const renderBlocked = ({ kind, value, reason, until, effectiveBy }: Blocked): string =>
  facts([
    ["blocked", `${kind} ${value}`],
    ["reason", reason || null],
    ["until", until ?? "for ever"],
    ["everywhere by", effectiveBy],
  ]);

export const renderBlocks = (items: Blocks["items"]): string =>
  table(
    ["kind", "blocked", "reason", "by", "since", "until"],
    items.map(({ kind, value, reason, by, at, until }) => [kind, value, reason, by, at, until]),
  );

export const renderFlags = (items: Flags["items"]): string =>
  table(
    ["flag", "value", "by", "since", "until"],
    items.map(({ name, value, by, at, until }) => [name, value, by, at, until]),
  );
