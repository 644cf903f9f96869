import { ask, isWeather, onSubmit, say, sayProblem, sayWrong, show, takeToken } from "./page.js";

const token = takeToken();

onSubmit(async (form) => {
  if (form.get("password") !== form.get("again")) {
    sayWrong("again", "These are two different passwords. Type the same one twice.");
    return false;
  }
  const body = { token, password: form.get("password") };
  const { problem } = await ask("/auth/password/reset", { method: "POST", body });
  const wrong = problem?.errors?.find(({ pointer }) => pointer === "/password");
  if (wrong) sayWrong("password", `This password cannot be taken: ${wrong.message}`);
  else if (!problem) {
    say("Your new password is set, and every device was signed out. You can sign in now.");
  } else if (isWeather(problem)) sayProblem(problem);
  else say("This link is used up or too old. Ask for a new one.", "bad");
  return problem === undefined;
});

if (token === null) say("Open this page by the link in your mail.", "bad");
else show("form");
