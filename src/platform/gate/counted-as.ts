import { addressText, networkOf, parseAddress, parseNetwork } from "../../shared/network.ts";
import type { Config } from "../config/config.ts";

/** An IPv6 customer has at least 2^64 addresses to come from. */
const V6_COUNTED_BITS = 64;

/** The subject that an address is counted as: itself, or for IPv6 its /64. */
export function countedAs(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const parsed = parseAddress(address);
  // Not an address at all: nothing that Cloudflare sends, but one subject rather than none.
  if (!parsed) return "unreadable";
  return parsed.bits === 32
    ? addressText(parsed)
    : `${addressText(networkOf(parsed, V6_COUNTED_BITS))}/${V6_COUNTED_BITS}`;
}

/** Whether a deployment has taken an address out of all counting by address: its office, its monitors. */
export function isUnlimited(
  address: string,
  { UNLIMITED_NETWORKS }: Pick<Config, "UNLIMITED_NETWORKS">,
): boolean {
  if (UNLIMITED_NETWORKS.length === 0) return false;
  const parsed = parseAddress(address);
  if (!parsed) return false;
  return UNLIMITED_NETWORKS.some((text) => {
    const network = parseNetwork(text);
    return (
      network?.bits === parsed.bits && networkOf(parsed, network.length).value === network.value
    );
  });
}
