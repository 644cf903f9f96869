import { followLink } from "./link.js";

followLink("/auth/email/confirm", {
  done: ({ email }) => `Thank you. ${email} is the address of your account now.`,
  refused:
    "This link was used already, or is too old. If the address is not your account's yet, ask for the change once more.",
});
