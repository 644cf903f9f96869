/** Why no request of ours may go there. */
export type TargetFault =
  | "not_a_url"
  | "not_https"
  | "credentials_in_url"
  | "private_host"
  | "port_not_allowed";

const PORTS = new Set(["", "443", "8443"]);
/** Names that lead inside: of this machine, of a cloud's own network, or of whoever resolves them. */
const PRIVATE_NAME =
  /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|private|arpa|test|invalid|onion)$/;

/**
 * Refuses addresses that lead inside a network, in whatever form they are written: the URL parser turns
 * decimal, octal and hexadecimal numbers into dotted ones before they are looked at. A public name that
 * resolves to a private address cannot be seen here, because a Worker cannot ask where a name leads: on
 * Cloudflare such a request leaves from the platform's own network and reaches nothing of the shop's.
 *
 * `allowedOrigins` are taken as they are: for the sink of a local stack.
 */
export function targetFault(
  address: string,
  allowedOrigins: readonly string[],
): TargetFault | undefined {
  const url = URL.parse(address);
  if (!url) return "not_a_url";
  if (url.username !== "" || url.password !== "") return "credentials_in_url";
  if (url.origin !== "null" && allowedOrigins.includes(url.origin)) return undefined;
  if (url.protocol !== "https:") return "not_https";
  if (!PORTS.has(url.port)) return "port_not_allowed";
  return isPrivateHost(url.hostname) ? "private_host" : undefined;
}

function isPrivateHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  if (host.startsWith("[")) return isPrivateV6(host.slice(1, -1));
  const v4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host);
  if (v4) return isPrivateV4(v4.slice(1).map(Number));
  return !host.includes(".") || PRIVATE_NAME.test(host);
}

/** Every range that IANA keeps from global use (RFC 6890 and its registry), and multicast. */
function isPrivateV4([a = 0, b = 0, c = 0]: readonly number[]): boolean {
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b <= 127) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99))) ||
    (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) ||
    (a === 203 && b === 0 && c === 113)
  );
}

/** Only 2000::/3 is handed out to the world; of it, what carries an IPv4 address inside is refused too. */
function isPrivateV6(address: string): boolean {
  const groups = groupsOf(address);
  if (groups === undefined) return true;
  const [first = 0, second = 0] = groups;
  const isGlobal = first >= 0x2000 && first <= 0x3fff;
  const isTunnel = first === 0x2002 || (first === 0x2001 && second < 0x200);
  const isDocumentation = (first === 0x2001 && second === 0xdb8) || first === 0x3fff;
  return !isGlobal || isTunnel || isDocumentation;
}

/** The eight groups of an address as the URL parser writes it: lower-case hex, `::` at most once. */
function groupsOf(address: string): number[] | undefined {
  const [head = "", tail] = address.split("::");
  const parse = (part: string) => (part === "" ? [] : part.split(":").map((g) => Number(`0x${g}`)));
  const before = parse(head);
  const after = tail === undefined ? [] : parse(tail);
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  if (zeros < 0) return undefined;
  const groups = [...before, ...Array<number>(zeros).fill(0), ...after];
  return groups.length === 8 && groups.every((group) => group >= 0 && group <= 0xffff)
    ? groups
    : undefined;
}
