import { ask, say, takeToken } from "./page.js";

const token = takeToken();
if (token === null) {
  say("Open this page by the link in your mail.", "bad");
} else {
  const { problem } = await ask("/auth/verify-email", { method: "POST", body: { token } });
  if (problem) say("This link is used up or too old. Register once more to get a new one.", "bad");
  else say("Thank you. Your account is ready: you can sign in now.");
}
