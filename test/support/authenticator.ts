import { base64url } from "jose";

type Cbor = number | string | Uint8Array | ReadonlyMap<number | string, Cbor>;

/** As much of CBOR (RFC 8949) as authenticators speak: integers, bytes, text and maps. */
function cbor(value: Cbor): number[] {
  if (typeof value === "number") return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    return [...head(3, text.length), ...text];
  }
  if (value instanceof Uint8Array) return [...head(2, value.length), ...value];
  const entries = [...value].flatMap(([key, each]) => [...cbor(key), ...cbor(each)]);
  return [...head(5, value.size), ...entries];
}

function head(major: number, value: number): number[] {
  const type = major << 5;
  if (value < 24) return [type | value];
  if (value < 256) return [type | 24, value];
  return [type | 25, value >> 8, value & 255];
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;

export type Behaviour = {
  origin?: string;
  rpId?: string;
  /** Whether it asked its user for a finger or a PIN. */
  verifiesUser?: boolean;
  /** `webauthn.create` or `webauthn.get` is put there by the browser; a page cannot choose it. */
  type?: string;
  challenge?: string;
  counter?: number;
  userHandle?: string | null;
  crossOrigin?: boolean;
};

type CreationOptions = {
  rp: { id: string };
  user: { id: string };
  challenge: string;
  pubKeyCredParams: { alg: number }[];
};

/** One device with one passkey: ES256, the key kept in memory. It signs whatever it is told to. */
export class SoftAuthenticator {
  readonly id = base64url.encode(crypto.getRandomValues(new Uint8Array(32)));
  readonly #origin: string;
  readonly #rpId: string;
  #keys: CryptoKeyPair | undefined;
  #userHandle = "";
  /** 0 for one that does not count, as synchronised passkeys. */
  counter = 0;

  constructor({ origin, rpId }: { origin: string; rpId: string }) {
    this.#origin = origin;
    this.#rpId = rpId;
  }

  async create(
    options: CreationOptions,
    behaviour: Behaviour & { attStmt?: Cbor; fmt?: string } = {},
  ) {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    this.#keys = (await crypto.subtle.generateKey(algorithm, true, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    this.#userHandle = options.user.id;
    const id = base64url.decode(this.id);
    const attested = [
      ...new Uint8Array(16), // No model: the AAGUID is all zeros.
      id.length >> 8,
      id.length & 255,
      ...id,
      ...cbor(await this.#coseKey()),
    ];
    const authData = Uint8Array.from([
      ...(await this.#authenticatorData(behaviour, HAS_CREDENTIAL)),
      ...attested,
    ]);
    const attestation = new Map<string, Cbor>([
      ["fmt", behaviour.fmt ?? "none"],
      ["attStmt", behaviour.attStmt ?? new Map()],
      ["authData", authData],
    ]);
    return this.#credential({
      clientDataJSON: clientData("webauthn.create", options.challenge, this.#origin, behaviour),
      attestationObject: base64url.encode(Uint8Array.from(cbor(attestation))),
      transports: ["internal"],
    });
  }

  async get(options: { challenge: string }, behaviour: Behaviour = {}) {
    if (!this.#keys) throw new Error("it has no passkey yet");
    const authData = Uint8Array.from(await this.#authenticatorData(behaviour, 0));
    const clientDataJSON = clientData("webauthn.get", options.challenge, this.#origin, behaviour);
    const hash = await sha256(base64url.decode(clientDataJSON));
    const signature = await crypto.subtle.sign(
      { name: "ECDSA", hash: "SHA-256" },
      this.#keys.privateKey,
      Uint8Array.from([...authData, ...hash]),
    );
    const { userHandle = this.#userHandle } = behaviour;
    return this.#credential({
      clientDataJSON,
      authenticatorData: base64url.encode(authData),
      signature: base64url.encode(asDer(new Uint8Array(signature))),
      ...(userHandle === null ? {} : { userHandle }),
    });
  }

  #credential<R>(response: R) {
    return { id: this.id, rawId: this.id, type: "public-key" as const, response };
  }

  async #authenticatorData(
    { rpId = this.#rpId, verifiesUser = true, counter }: Behaviour,
    more: number,
  ) {
    const flags = USER_PRESENT | (verifiesUser ? USER_VERIFIED : 0) | more;
    const count = counter ?? this.counter;
    const hash = await sha256(new TextEncoder().encode(rpId));
    return [...hash, flags, count >>> 24, (count >> 16) & 255, (count >> 8) & 255, count & 255];
  }

  /** RFC 9053: an elliptic-curve key for ES256 on P-256. */
  async #coseKey(): Promise<Cbor> {
    const raw = await crypto.subtle.exportKey("raw", this.#keys!.publicKey);
    const point = new Uint8Array(raw as ArrayBuffer);
    return new Map<number, Cbor>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, point.slice(1, 33)],
      [-3, point.slice(33, 65)],
    ]);
  }
}

function clientData(type: string, challenge: string, origin: string, behaviour: Behaviour): string {
  const said = {
    type: behaviour.type ?? type,
    challenge: behaviour.challenge ?? challenge,
    origin: behaviour.origin ?? origin,
    crossOrigin: behaviour.crossOrigin ?? false,
  };
  return base64url.encode(JSON.stringify(said));
}

const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));

/** WebCrypto signs r and s side by side; authenticators sign an ASN.1 sequence of both. */
function asDer(signature: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const short = [...bytes.slice(first)];
    if (short[0]! > 127) short.unshift(0);
    return [2, short.length, ...short];
  };
  const both = [...integer(signature.slice(0, 32)), ...integer(signature.slice(32))];
  return Uint8Array.from([0x30, both.length, ...both]);
}
