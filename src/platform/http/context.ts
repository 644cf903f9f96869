import type { Edge, Visitor } from "../edge/index.ts";
import type { Io } from "../io/io.ts";
import type { Meter } from "../telemetry/meter.ts";
import type { RecordAct } from "./audited.ts";
import type { Shopper } from "./shopper.ts";

/** What every handler finds: `c.env` for bindings, `c.var` for this request's own things. */
export type ApiEnv = {
  Bindings: Env;
  Variables: {
    requestId: string;
    meter: Meter;
    io: Io;
    /** What every isolate knows: blocks, revocations, flags. */
    edge: Edge;
    /** Where the request comes from, as far as it can be believed. */
    visitor: Visitor;
    /** Set on `/ops` routes once a staff key was accepted: the key's id, for audit and events. */
    staff?: string;
    /** What that key may do: see `allows`. */
    grants?: readonly string[];
    /** Set where somebody was let in whose changes are audited. */
    recordAct?: RecordAct;
    /** What a handler adds to its row in the audit log: what it chose itself, and did it to. */
    acted?: Record<string, unknown>;
    /** Set once a shopper's access token was accepted. */
    shopper?: Shopper;
  };
};
