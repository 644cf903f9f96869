import { z } from "zod";
import { agentFact } from "../../platform/edge/index.ts";
import { networkOf, networkText, parseAddress, parseNetwork } from "../../shared/network.ts";

/** A wider network than these is a country or a mistake. */
const LENGTH_MIN = { 32: 8, 128: 16 } as const;
const AGENT_LENGTH_MAX = 200;
const AGENT_LETTERS_MIN = 4;
const REASON_LENGTH_MAX = 200;

const printable = (text: string) => !/\p{Cc}/u.test(text);

const Address = z
  .string()
  .max(45)
  .refine((text) => parseAddress(text) !== undefined, "is no IP address");
const Cidr = z
  .string()
  .max(49)
  .refine((text) => {
    const network = text.includes("/") ? parseNetwork(text) : undefined;
    return network !== undefined && network.length >= LENGTH_MIN[network.bits];
  }, "is no network of at least /8, for IPv6 /16");
const UserAgent = z
  .string()
  .max(AGENT_LENGTH_MAX)
  .refine(
    (text) =>
      /^[\x20-\x7e]+$/.test(text) && text.replaceAll(/[* ]/g, "").length >= AGENT_LETTERS_MIN,
    `needs ${AGENT_LETTERS_MIN} printable characters beside its stars`,
  );

const Target = z.object({
  address: Address.optional(),
  cidr: Cidr.optional(),
  userAgent: UserAgent.optional().describe(
    "Part of the `User-Agent`, in any case; or a whole pattern, in which `*` stands for anything",
  ),
});
const namesOne = ({ address, cidr, userAgent }: z.infer<typeof Target>) =>
  [address, cidr, userAgent].filter((each) => each !== undefined).length === 1;
const NAMES_ONE = "name one of address, cidr and userAgent";

const Until = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine((atMs) => Number.isFinite(atMs), "is not a moment")
  .describe("When it ends by itself; never, unless told");

export const NewBlock = Target.extend({
  reason: z.string().trim().max(REASON_LENGTH_MAX).refine(printable, "is not one line").default(""),
  until: Until.optional(),
}).refine(namesOne, NAMES_ONE);

/** The same in a body or in the query. */
export const BlockName = Target;
export const isOneBlock = namesOne;

export const BlockView = z
  .object({
    kind: z.enum(["network", "agent"]),
    value: z.string().describe("The network in its one spelling, or the pattern"),
    reason: z.string(),
    by: z.string().describe("The staff key's id"),
    at: z.iso.datetime(),
    until: z.iso.datetime().nullable(),
  })
  .meta({ id: "Block" });
export type BlockView = z.infer<typeof BlockView>;

const FLAG_NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/;
const FLAG_VALUE_MAX = 200;
const FLAGS_PER_REQUEST_MAX = 50;

export const FlagChanges = z.object({
  flags: z
    .record(
      z.string().regex(FLAG_NAME),
      z.union([z.boolean(), z.string().min(1).max(FLAG_VALUE_MAX).refine(printable), z.null()]),
    )
    .refine((flags) => {
      const count = Object.keys(flags).length;
      return count > 0 && count <= FLAGS_PER_REQUEST_MAX;
    }, `names 1 to ${FLAGS_PER_REQUEST_MAX} flags`)
    .describe("By name: true is `on`, false is `off`, null removes it. Others stay as they are"),
  until: Until.optional(),
});

export const FlagView = z
  .object({
    name: z.string(),
    value: z.string(),
    by: z.string(),
    at: z.iso.datetime(),
    until: z.iso.datetime().nullable(),
  })
  .meta({ id: "Flag" });
export type FlagView = z.infer<typeof FlagView>;

/** Under which name a target stands, in Redis as in the feed. */
export function blockFact({ address, cidr, userAgent }: z.infer<typeof Target>): {
  kind: "network" | "agent";
  fact: string;
} {
  if (userAgent !== undefined) {
    const pattern = userAgent.includes("*") ? userAgent : `*${userAgent}*`;
    return { kind: "agent", fact: agentFact(pattern.toLowerCase()) };
  }
  const network = parseNetwork((address ?? cidr)!)!;
  return { kind: "network", fact: networkText(networkOf(network, network.length)) };
}
