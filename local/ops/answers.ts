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
