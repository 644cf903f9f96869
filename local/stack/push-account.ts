import type { ServiceAccount } from "../../src/platform/config/config.ts";
import type { Secrets } from "./secrets.ts";

/** The service account that sends notifications to the sink at this address, as Google's console gives it out. */
export const pushAccountAt =
  ({ pushKey }: Pick<Secrets, "pushKey">) =>
  (sink: string): ServiceAccount & { type: "service_account" } => ({
    type: "service_account",
    project_id: "frontage-local",
    client_email: "push@frontage-local.iam.gserviceaccount.com",
    private_key_id: "local",
    private_key: pushKey,
    token_uri: `${sink}/token`,
  });
