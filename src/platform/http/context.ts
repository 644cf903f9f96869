import type { Io } from "../io/io.ts";
import type { Meter } from "../telemetry/meter.ts";
import type { Shopper } from "./shopper.ts";

/** What every handler finds: `c.env` for bindings, `c.var` for this request's own things. */
export type ApiEnv = {
  Bindings: Env;
  Variables: {
    requestId: string;
    meter: Meter;
    io: Io;
    /** Set on `/ops` routes once a staff key was accepted: the key's id, for audit and events. */
    staff?: string;
    /** Set once a shopper's access token was accepted. */
    shopper?: Shopper;
  };
};
