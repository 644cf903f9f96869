import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import {
  ACCESS_HELP,
  type AccessCommand,
  BLOCK_OPTIONS,
  blockTarget,
  flagsOf,
  UNBLOCK_OPTIONS,
  untilAfter,
} from "./access-commands.ts";
import { KEYS, KEYS_HELP, type KeysCommand, keysCommand } from "./read-keys.ts";

/** What an operator asks for, checked as far as the command line can tell. */
export type Command =
  | { name: "purge"; tags: string[]; paths: string[]; all: boolean; dryRun: boolean }
  | { name: "pages" }
  | { name: "health" }
  | { name: "audit" }
  | KeysCommand
  | { name: "order"; orderId: string }
  | { name: "confirm-capture"; orderId: string; reference: string; note: string }
  | { name: "stock"; sku: string }
  | AccessCommand;

export type Invocation = {
  command: Command;
  /** The raw answer instead of a table. */
  json: boolean;
  url: string | undefined;
  key: string | undefined;
};

export class BadUsage extends Error {}
/** Asked for help: the text goes to the output, and nothing else happens. */
export class HelpWanted extends Error {}

const COMMON = {
  url: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies ParseArgsOptionsConfig;

const PURGE = {
  tag: { type: "string", multiple: true, default: [] as string[] },
  path: { type: "string", multiple: true, default: [] as string[] },
  all: { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
} as const;

const CONFIRM = {
  reference: { type: "string", default: "" },
  note: { type: "string", default: "" },
} as const;

type Common = { url?: string | undefined; key?: string | undefined; json: boolean };

const COMMON_USAGE = `
  --url URL    another shop than the one that runs here; it needs --key
  --key KEY    the staff key (default: FRONTAGE_STAFF_KEY, else that of the shop here)
  --json       print the raw answer`;

const HELP: Readonly<Record<Command["name"], string>> = {
  purge: `Usage: npm run ops -- purge (--tag TAG … | --path PATH … | --all) [--dry-run]

Ends cached pages everywhere, and says by when that holds.

  --tag TAG    every page that shows it: product:prd_…, category:cat_…, block:blk_…; may be repeated
  --path PATH  one page, by its path and query; may be repeated
  --all        every page there is
  --dry-run    only say what would end
${COMMON_USAGE.slice(1)}`,
  pages: `Usage: npm run ops -- pages

The page cache of the isolate that answers: size, answers and hit rate by layer, and how far and how
late it follows the feed of purges.
${COMMON_USAGE}`,
  health: `Usage: npm run ops -- health

The shop and each system it depends on. Ends with 1 when the shop is down, with 0 also when degraded.
${COMMON_USAGE}`,
  audit: `Usage: npm run ops -- audit

Holds every order to the shop's invariants, on the live data: money, stock, payments, events, list rows,
queues, mails. Changes nothing; says what would mend what it finds. Ends with 1 when it finds something.
${COMMON_USAGE}`,
  keys: `${KEYS_HELP}
${COMMON_USAGE.slice(1)}`,
  order: `Usage: npm run ops -- order ORDER_ID

An order and everything that happened to it.
${COMMON_USAGE}`,
  "confirm-capture": `Usage: npm run ops -- confirm-capture ORDER_ID --reference REF --note TEXT

Records that a capture came about which the processor accepted and never told of; the order is paid then.
For an alert "movement_unconfirmed" whose webhook cannot be sent again. Moves no money; is audited.

  --reference REF  the processor's own name of the capture
  --note TEXT      where it was seen: a page of the processor's, a line of a settlement report
${COMMON_USAGE.slice(1)}`,
  stock: `Usage: npm run ops -- stock SKU

A SKU's stock by location, with its newest movements.
${COMMON_USAGE}`,
  block: `${ACCESS_HELP.block}\n${COMMON_USAGE.slice(1)}`,
  unblock: `${ACCESS_HELP.unblock}\n${COMMON_USAGE}`,
  blocks: `${ACCESS_HELP.blocks}\n${COMMON_USAGE}`,
  flag: `${ACCESS_HELP.flag}\n${COMMON_USAGE}`,
};

const USAGE = `Usage: npm run ops -- COMMAND [options]

  purge    end cached pages everywhere
  pages    the page cache and its hit rates
  health   the shop and what it depends on
  audit    every order against the shop's invariants
  keys     staff's keys: list, make, rotate, revoke
  order    an order and its events
  confirm-capture  record a capture that the processor never told of
  stock    a SKU's stock and its movements
  block    refuse an address, a network or an agent
  unblock  let one in again
  blocks   who is blocked
  flag     set, remove or list flags

COMMAND --help says more. Exit code: 0 when it is done, 1 when the shop refused or did not answer, 2 for bad usage.`;

const isCommand = (name: string): name is Command["name"] => Object.hasOwn(HELP, name);

/**
 * Reads a command line.
 *
 * @throws BadUsage with the command's own usage, for what it does not know or cannot do.
 * @throws HelpWanted with the text that was asked for.
 */
export function readCommand(
  [name, ...args]: readonly string[],
  environment: { FRONTAGE_STAFF_KEY?: string | undefined },
): Invocation {
  if (name === undefined) throw new BadUsage(USAGE);
  if (name === "--help" || name === "-h" || name === "help") throw new HelpWanted(USAGE);
  if (!isCommand(name)) throw new BadUsage(`There is no command "${name}".\n\n${USAGE}`);
  try {
    const { command, common } = read(name, args);
    const key = common.key ?? environment.FRONTAGE_STAFF_KEY;
    // The key of the shop here is nobody else's business.
    if (common.url !== undefined && !key && name !== "health") {
      throw new BadUsage("--url needs --key, or FRONTAGE_STAFF_KEY");
    }
    return { command, json: common.json, url: common.url, key };
  } catch (error) {
    if (error instanceof HelpWanted) throw error;
    throw new BadUsage(`${(error as Error).message}\n\n${HELP[name]}`);
  }
}

function read(
  name: Command["name"],
  args: readonly string[],
): { command: Command; common: Common } {
  if (name === "purge") {
    const { values } = parse(name, args, { ...COMMON, ...PURGE }, 0);
    const { tag: tags, path: paths, all, "dry-run": dryRun } = values;
    const isNamed = tags.length + paths.length > 0;
    if (all === isNamed) throw new BadUsage("name tags or paths, or --all, and not both");
    return { command: { name, tags, paths, all, dryRun }, common: values };
  }
  if (name === "block" || name === "unblock" || name === "flag") return readAccess(name, args);
  if (name === "keys") {
    const { values } = parse(name, args, { ...COMMON, ...KEYS }, 0);
    const { key, url, json } = values;
    return { command: keysCommand(values), common: { key, url, json } };
  }
  if (name === "confirm-capture") {
    const { values, positionals } = parse(name, args, { ...COMMON, ...CONFIRM }, 1);
    const { reference, note } = values;
    if (reference === "" || note === "") throw new BadUsage("needs --reference and --note");
    const [orderId = ""] = positionals;
    return { command: { name, orderId, reference, note }, common: values };
  }
  const takesOne = name === "order" || name === "stock";
  const { values: common, positionals } = parse(name, args, COMMON, takesOne ? 1 : 0);
  const [subject = ""] = positionals;
  if (name === "order") return { command: { name, orderId: subject }, common };
  if (name === "stock") return { command: { name, sku: subject }, common };
  return { command: { name }, common };
}

function readAccess(
  name: "block" | "unblock" | "flag",
  args: readonly string[],
): { command: Command; common: Common } {
  if (name === "flag") {
    const { values, positionals } = parse(name, args, COMMON, FLAGS_MAX, 0);
    return { command: { name, flags: flagsOf(positionals) }, common: values };
  }
  if (name === "unblock") {
    const { values, positionals } = parse(name, args, { ...COMMON, ...UNBLOCK_OPTIONS }, 1, 0);
    return {
      command: { name, target: blockTarget(positionals[0], values.agent) },
      common: values,
    };
  }
  const { values, positionals } = parse(name, args, { ...COMMON, ...BLOCK_OPTIONS }, 1, 0);
  const target = blockTarget(positionals[0], values.agent);
  const until = untilAfter(values.for, Date.now());
  return { command: { name, target, reason: values.reason, until }, common: values };
}

const FLAGS_MAX = 50;

function parse<const O extends ParseArgsOptionsConfig>(
  name: Command["name"],
  args: readonly string[],
  options: O,
  most: number,
  least = most,
) {
  const parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  if ((parsed.values as { help?: boolean }).help) throw new HelpWanted(HELP[name]);
  const { positionals } = parsed;
  if (positionals.length > most) throw new BadUsage(`"${positionals[most]}" is one too many`);
  if (positionals.length < least || positionals.includes("")) {
    throw new BadUsage(`${name} needs to know which`);
  }
  return parsed;
}
