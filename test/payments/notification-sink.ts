import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { AdyenNotifications } from "../../src/payments/adyen.ts";
import { AdyenItem } from "../../src/payments/adyen-standing.ts";

export type NotificationSink = {
  url: string;
  notifications: AdyenNotifications;
  close(): Promise<void>;
};

/** Receives Adyen's webhooks and keeps their items in memory, as the shop keeps them in MySQL. */
export async function startNotificationSink(): Promise<NotificationSink> {
  const items: AdyenItem[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const { notificationItems } = JSON.parse(new TextDecoder().decode(Buffer.concat(chunks))) as {
      notificationItems: { NotificationRequestItem: unknown }[];
    };
    for (const { NotificationRequestItem } of notificationItems) {
      items.push(AdyenItem.parse(NotificationRequestItem));
    }
    response.end("[accepted]");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    notifications: {
      byReference: async (reference) =>
        items.filter(({ merchantReference }) => merchantReference === reference),
      byPayment: async (paymentId) =>
        items.filter(({ originalReference, pspReference }) =>
          [originalReference, pspReference].includes(paymentId),
        ),
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
