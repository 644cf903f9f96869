import { quota } from "../limits/index.ts";
import { addressClaim } from "./address-claim.ts";
import { countedAs } from "./counted-as.ts";
import type { Misdeed } from "./penalty-box.ts";

const MINUTE_MS = 60_000;
/** One address at one order, checkout or cart. */
const WRONG_TOKENS = quota("wrong-tokens", 20, MINUTE_MS);
/** One address anywhere: a front end that lost its state asks for a few things that are gone. */
const WRONG_TOKENS_FROM_ADDRESS = quota("wrong-tokens-address", 200, 10 * MINUTE_MS);

/** Guessing the token of a guest's order, checkout or cart. Who comes from inside guesses nothing. */
export const wrongToken: Misdeed = {
  status: 404,
  claims(c) {
    const address = countedAs(c.var.visitor.address);
    if (address === undefined) return [];
    const there = { policy: WRONG_TOKENS, subject: `${address} ${c.req.path}` };
    return [there, ...addressClaim(c, WRONG_TOKENS_FROM_ADDRESS)];
  },
};
