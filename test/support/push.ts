import { env } from "cloudflare:workers";
import { mailsTo } from "../orders/world.ts";
import { as, type Tokens } from "./account.ts";

/** The token of a device of a test's own, as Firebase makes them. */
export const ownToken = (): string =>
  `${crypto.randomUUID().slice(0, 22)}:APA91b${crypto.randomUUID().replaceAll("-", "")}`;

export type Device = { id: string; current: boolean; name: string | null; createdAt: string };

/** Registers a device of somebody who is signed in. */
export async function register(
  who: Pick<Tokens, "accessToken">,
  token = ownToken(),
  more: object = {},
): Promise<Device & { token: string }> {
  const body = { token, platform: "android", ...more };
  const answered = await as<Device>(who, "POST", "/api/v2/me/devices", body);
  if (answered.status !== 200) throw new Error(JSON.stringify(answered.body));
  return { ...answered.body, token };
}

export const devicesOf = async (who: Pick<Tokens, "accessToken">): Promise<Device[]> =>
  (await as<{ items: Device[] }>(who, "GET", "/api/v2/me/devices")).body.items;

/** What arrived on a device, oldest first. */
export const pushesTo = async (token: string) =>
  (await mailsTo(token)).map(({ subject, text, tags }) => ({
    title: subject,
    body: text,
    ...Object.fromEntries(tags.map(({ name, value }) => [name, value])),
  })) as { title: string; body: string; link: string; order: string; replaces: string }[];

/** How a device answers from now on; undefined for rightly. */
export async function deviceFault(
  token: string,
  fault?: string,
  retryAfterSeconds?: number,
): Promise<void> {
  const body = JSON.stringify({ token, fault: fault ?? null, retryAfterSeconds });
  const { status } = await fetch(`${env.PUSH_URL}/push/faults`, { method: "PUT", body });
  if (status !== 200) throw new Error(`the sink answered ${status}`);
}
