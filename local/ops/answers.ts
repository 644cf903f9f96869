import type { hc, InferResponseType } from "hono/client";
import type { Api } from "../../src/api.ts";

type Shop = ReturnType<typeof hc<Api>>;
type Operations = Shop["ops"]["v1"];

// The routes' own types: a field that is renamed there does not compile here.
export type Purged = InferResponseType<Operations["purge"]["$post"], 200>;
export type Pages = InferResponseType<Operations["pages"]["$get"], 200>;
export type Order = InferResponseType<Operations["orders"][":orderId"]["$get"], 200>;
export type Stock = InferResponseType<Operations["inventory"][":sku"]["$get"], 200>;
export type Health = InferResponseType<Shop["api"]["v2"]["health"]["$get"]>;
export type Consistency = InferResponseType<Operations["audit"]["consistency"]["$get"], 200>;
export type Blocked = InferResponseType<Operations["blocks"]["$post"], 201>;
export type Blocks = InferResponseType<Operations["blocks"]["$get"], 200>;
export type Effective = InferResponseType<Operations["blocks"]["$delete"], 200>;
export type Flags = InferResponseType<Operations["flags"]["$get"], 200>;
export type KeyList = InferResponseType<Operations["staff-keys"]["$get"], 200>;
export type MadeKey = InferResponseType<Operations["staff-keys"]["$post"], 201>;
export type RevokedKey = InferResponseType<Operations["staff-keys"][":keyId"]["$delete"], 200>;
