import { ask, onSubmit, say, sayProblem, sayWrong, show } from "./page.js";
import { isIssuerAddress, readReturn, secondFactorOf } from "./sign-in-answer.js";

const provider = location.pathname.split("/").at(-1) ?? "";
const path = `/auth/oidc/${encodeURIComponent(provider)}`;
/** Of this tab alone: what another browser began, or was made to begin, fits nothing here. */
const KEPT = `flow:${provider}`;

onSubmit(async () => {
  // Its own address, so that the answer comes back to where the flow is kept.
  const body = { redirectUri: `${location.origin}${location.pathname}` };
  const { answer, problem } = await ask(`${path}/start`, { method: "POST", body });
  if (problem?.status === 404) say("The shop knows no such sign-in.", "bad");
  else if (problem?.status === 422) say("This sign-in does not end at this address.", "bad");
  else if (problem) sayProblem(problem);
  else if (!isIssuerAddress(answer.authorizationUrl)) say("This sign-in is set up wrongly.", "bad");
  else {
    sessionStorage.setItem(KEPT, answer.flowToken);
    location.assign(answer.authorizationUrl);
  }
  return false;
}, "begin");

let twoFactorToken;
onSubmit(async (form) => {
  const body = { twoFactorToken, ...secondFactorOf(String(form.get("code"))) };
  const { answer, problem } = await ask("/auth/2fa/verify", { method: "POST", body });
  if (!problem) await greet(answer);
  else if (problem.status === 422 || problem.type?.endsWith("/second-factor-refused")) {
    sayWrong("code", "This code is not right, or was used before.");
  } else if (problem.status === 401) {
    beginAgain("This took too long.");
    return true;
  } else sayProblem(problem);
  return problem === undefined;
}, "second");

/** In this page's memory alone: a shop's own front end takes tokens to where it keeps them. */
let accessToken;
const bearer = () => ({ Authorization: `Bearer ${accessToken}` });
onSubmit(async () => {
  const { problem } = await ask("/auth/logout", { method: "POST", headers: bearer(), body: {} });
  if (problem) sayProblem(problem);
  else beginAgain("You are signed out.", "plain");
  return problem === undefined;
}, "end");

function beginAgain(text, tone = "bad") {
  say(text, tone);
  show("begin");
}

async function greet(tokens) {
  ({ accessToken } = tokens);
  const { answer } = await ask("/me", { headers: bearer() });
  say(answer ? `You are signed in as ${answer.email}.` : "You are signed in.");
  show("end");
}

async function finish(body) {
  const { answer, problem } = await ask(`${path}/callback`, { method: "POST", body });
  if (problem?.reason === "link_required") {
    beginAgain("There is an account here with this address. Sign in to it, and link the two.");
  } else if (problem?.reason === "email_unverified") {
    beginAgain("Your address has not been verified there.");
  } else if (problem) {
    beginAgain(problem.status === 401 ? "This sign-in is used up or too old." : problem.title);
  } else if (answer.twoFactorToken) {
    ({ twoFactorToken } = answer);
    say("Your account here asks for a second factor.");
    show("second");
  } else await greet(answer);
}

async function arrive() {
  const { back, refused } = readReturn(location.search);
  const flowToken = sessionStorage.getItem(KEPT);
  // Good once: neither a reload nor the history may try it again.
  history.replaceState(null, "", location.pathname);
  if (back || refused) sessionStorage.removeItem(KEPT);
  if (refused) beginAgain("You did not sign in.");
  else if (back && flowToken === null) beginAgain("This sign-in was not begun in this window.");
  else if (back) await finish({ ...back, flowToken });
  else beginAgain("Sign in by your account elsewhere.", "plain");
}

arrive();
