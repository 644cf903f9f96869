import { z } from "zod";

/** Somebody who has an account at the local issuer, as its ID tokens describe them. */
export const TestPerson = z.object({
  sub: z.string().min(1),
  email: z.email(),
  email_verified: z.boolean(),
  name: z.string(),
});
export type TestPerson = z.infer<typeof TestPerson>;

export const TEST_PEOPLE: readonly TestPerson[] = [
  { sub: "1001", email: "ada@example.com", email_verified: true, name: "Ada Lovelace" },
  { sub: "1002", email: "grace@example.com", email_verified: true, name: "Grace Hopper" },
  { sub: "1003", email: "mallory@example.com", email_verified: false, name: "Mallory" },
];
