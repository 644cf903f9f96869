import { ask, onSubmit, say } from "./page.js";

onSubmit(async (form) => {
  const body = { email: form.get("email") };
  const { problem } = await ask("/auth/password/forgot", { method: "POST", body });
  if (problem) say(problem.title, "bad");
  else say("If this address has an account, a link is on its way to it.");
  return problem === undefined;
});
