import { eventually, type ShopTools } from "../support/e2e-shop.ts";

/** The link of the one mail to an address whose subject says so, once it has arrived. */
export async function mailLink(
  shop: ShopTools,
  to: string,
  subject: string,
): Promise<{ link: string; token: string }> {
  const wanted = await eventually(
    async () => (await shop.mails(to)).filter((mail) => mail.subject.includes(subject)),
    (found) => found.length > 0,
  );
  const found = /http\S+#token=(\S+)/.exec(wanted.at(-1)!.text);
  if (!found) throw new Error(`no link in ${wanted.at(-1)!.text}`);
  return { link: found[0], token: found[1]! };
}
