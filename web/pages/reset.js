import { ask, onSubmit, say, takeToken } from "./page.js";

const token = takeToken();
if (token === null) say("Open this page by the link in your mail.", "bad");

onSubmit(async (form) => {
  const body = { token: token ?? "", password: form.get("password") };
  const { problem } = await ask("/auth/password/reset", { method: "POST", body });
  const wrong = problem?.errors?.find(({ pointer }) => pointer === "/password");
  if (wrong) say(`This password cannot be taken: ${wrong.message}`, "bad");
  else if (problem) say("This link is used up or too old. Ask for a new one.", "bad");
  else say("Your new password is set, and every device was signed out. You can sign in now.");
  return problem === undefined;
});
