/** An IP address as a number: 32 bits for IPv4, also where it came wrapped in IPv6; else 128. */
export type Address = { bits: 32 | 128; value: bigint };
/** All addresses that begin with the same `length` bits; `value` is the first of them. */
export type Network = Address & { length: number };

const ADDRESS_LENGTH_MAX = 45;
const MAPPED_V4 = 0xffffn; // ::ffff:a.b.c.d, above its last 32 bits

/** Reads an address as RFC 4291 and RFC 6943 have it written; undefined for every other spelling. */
export function parseAddress(text: string): Address | undefined {
  if (text.length > ADDRESS_LENGTH_MAX) return undefined;
  if (!text.includes(":")) {
    const value = v4Value(text);
    return value === undefined ? undefined : { bits: 32, value };
  }
  const value = v6Value(text);
  if (value === undefined) return undefined;
  return value >> 32n === MAPPED_V4
    ? { bits: 32, value: value & 0xffffffffn }
    : { bits: 128, value };
}

/** Reads `address` or `address/length`. Bits beyond the length are cleared. */
export function parseNetwork(text: string): Network | undefined {
  const [head = "", tail, ...rest] = text.split("/");
  const address = parseAddress(head);
  if (!address || rest.length > 0) return undefined;
  if (tail === undefined) return networkOf(address, address.bits);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(tail)) return undefined;
  // A length that was counted in IPv6's bits means less of the IPv4 address inside.
  const isMapped = address.bits === 32 && head.includes(":");
  const length = Number(tail) - (isMapped ? 96 : 0);
  return length < 0 || length > address.bits ? undefined : networkOf(address, length);
}

export function networkOf({ bits, value }: Address, length: number): Network {
  const host = BigInt(bits - length);
  return { bits, value: (value >> host) << host, length };
}

/** The one spelling of a network: RFC 5952 for IPv6. */
export function networkText(network: Network): string {
  return `${addressText(network)}/${network.length}`;
}

export function addressText({ bits, value }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((at) => (value >> at) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16),
  );
  const [start, length] = longestZeros(groups);
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

/** The first of the longest runs of zero groups, as RFC 5952 wants it shortened. */
function longestZeros(groups: readonly string[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === "0") length += 1;
    if (length > best[1]) best = [start, length];
  }
  return best;
}

function v4Value(text: string): bigint | undefined {
  const parts = text.split(".");
  // No leading zero: some read it as octal, and two readings of one address are a way around a list.
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) {
    return undefined;
  }
  const numbers = parts.map(Number);
  if (numbers.some((part) => part > 255)) return undefined;
  return numbers.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function v6Value(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<number>(missing).fill(0), ...tail];
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** Only the last groups may be written as IPv4. */
function groupsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const last = parts.at(-1)!;
  const groups: number[] = [];
  for (const part of isLast && last.includes(".") ? parts.slice(0, -1) : parts) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    groups.push(Number.parseInt(part, 16));
  }
  if (isLast && last.includes(".")) {
    const v4 = v4Value(last);
    if (v4 === undefined) return undefined;
    groups.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
  }
  return groups.length > 8 ? undefined : groups;
}
