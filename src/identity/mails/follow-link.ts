import type { Io } from "../../platform/io/io.ts";
import type { MailPurpose } from "../model.ts";
import { unseal } from "../tokens/sealed-reference.ts";
import { linkPurpose } from "./compose-mail.ts";
import { MailId } from "./mail-events.ts";

/** The mail whose link this is, by the token alone; undefined for a token that we never made. */
export async function readLinkToken(
  { config }: Pick<Io, "config">,
  purpose: MailPurpose,
  token: string,
): Promise<MailId | undefined> {
  const reference = await unseal(config.AUTH_KEYS, linkPurpose(purpose), token);
  return MailId.safeParse(reference).data;
}
