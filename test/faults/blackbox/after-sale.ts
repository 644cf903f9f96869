import type { Random } from "../simulation/random.ts";
import type { Buyer } from "./buyer.ts";
import { until } from "./pool.ts";
import type { ProofShop } from "./proof-shop.ts";

type Line = { id: string; quantity: number };

/** Some orders are cancelled, some paid back in part, some sent back. True where one was. */
export async function changeOrder(shop: ProofShop, buyer: Buyer, random: Random): Promise<boolean> {
  const draw = random.next();
  if (draw < 0.12) {
    await buyer.cancel();
    return true;
  }
  if (draw >= 0.26 || !buyer.order) return false;
  // Only money that was collected can go back. In bad weather that may take too long for this one.
  if (!(await until(() => buyer.isPaid(), 5_000))) return false;
  return draw < 0.2 ? refundPart(shop, buyer) : sendBack(shop, buyer);
}

async function refundPart(shop: ProofShop, { order }: Buyer): Promise<boolean> {
  const headers = { ...staff(shop), "Idempotency-Key": `refund-${order!.id}` };
  const body = { amountMinor: 100, reason: "a scratch" };
  return repeated(shop, `/ops/v1/orders/${order!.id}/refunds`, { body, headers });
}

/** Announced by the shopper, then taken in by the shop: to stock, and with its money. */
async function sendBack(shop: ProofShop, { order }: Buyer): Promise<boolean> {
  const { id, token } = order!;
  const path = `/api/v2/order/${id}`;
  const seen = await shop.send("GET", path, { headers: { "Order-Token": token } });
  const [line] = (seen?.body.lines ?? []) as Line[];
  if (!line) return false;
  const returned = await answered(shop, `${path}/returns`, {
    body: { lines: [{ lineId: line.id, quantity: 1 }], reason: "too small" },
    headers: { "Order-Token": token, "Idempotency-Key": `return-${id}` },
  });
  const returnId = returned?.body.returnId;
  if (!returnId) return false;
  const headers = { ...staff(shop), "Idempotency-Key": `receive-${id}` };
  const receive = `/ops/v1/orders/${id}/returns/${String(returnId)}/receive`;
  return repeated(shop, receive, { body: { refund: "goods" }, headers });
}

const staff = ({ staffKey }: ProofShop) => ({ Authorization: `Bearer ${staffKey}` });

type Request = { body: object; headers: Record<string, string> };
const SENDS_MAX = 30;

/** Sends until somebody answers: a repeat under its key changes nothing twice. */
async function answered(shop: ProofShop, path: string, request: Request) {
  for (let sent = 0; sent < SENDS_MAX; sent += 1) {
    const reply = await shop.send("POST", path, request);
    const isInProgress = reply?.body.type === "/problems/request-in-progress";
    if (reply && reply.status < 500 && !isInProgress) return reply;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return undefined;
}

const repeated = async (shop: ProofShop, path: string, request: Request): Promise<boolean> =>
  ((await answered(shop, path, request))?.status ?? 500) < 300;
