import { ask, onSubmit, say, sayProblem, sayWrong, show } from "./page.js";

onSubmit(async (form) => {
  const body = { email: form.get("email") };
  const { problem } = await ask("/auth/password/forgot", { method: "POST", body });
  if (problem?.status === 422)
    sayWrong("email", "This is not an e-mail address as shops know them.");
  else if (problem) sayProblem(problem);
  else say("If this address has an account, a link is on its way to it.");
  return problem === undefined;
});

show("form");
