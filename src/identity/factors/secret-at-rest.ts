import { secretsAtRest } from "../../platform/secrets/at-rest.ts";

/** The secrets of authenticator apps, each for the user who has it. */
export const { encrypt: encryptSecret, decrypt: decryptSecret } = secretsAtRest(
  "frontage second factors at rest",
);
