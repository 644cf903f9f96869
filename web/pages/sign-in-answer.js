// What a sign-in elsewhere brings back to its page, without a browser.

/**
 * What the issuer's redirect put behind the page's address: `back` for the API, `refused` where the person
 * or the issuer said no, neither when nobody was sent here by an issuer.
 */
export function readReturn(search) {
  const query = new URLSearchParams(search);
  const [code, state, iss] = ["code", "state", "iss"].map((name) => query.get(name));
  if (query.has("error")) return { refused: true };
  if (code === null || state === null) return {};
  return { back: { code, state, ...(iss === null ? {} : { iss }) } };
}

/** Only to where a browser may be sent: an issuer is https, a stand-in one is on this machine. */
export function isIssuerAddress(text) {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && hostname === "127.0.0.1");
}

/** Six digits are the app's; a recovery code is longer. */
export const secondFactorOf = (text) =>
  /^\d{6}$/.test(text.trim()) ? { code: text.trim() } : { recoveryCode: text.trim() };
