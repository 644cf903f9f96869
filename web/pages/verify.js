import { followLink } from "./link.js";

followLink("/auth/verify-email", {
  done: () => "Thank you. Your account is ready: you can sign in now.",
  refused:
    "This link was used already, or is too old. If it was you who used it, sign in; else register once more to get a new one.",
});
