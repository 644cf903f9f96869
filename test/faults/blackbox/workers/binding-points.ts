import { effect, recorded } from "./fault-points.ts";

type Stub = Record<string, (...args: unknown[]) => Promise<unknown>>;
type Namespace = { getByName(name: string): Stub };

/** The objects whose calls are fault points, by binding. */
const OBJECTS: Record<string, string> = {
  CART: "cart",
  SKU_STOCK: "stock",
  COUPON: "coupon",
  VOUCHER: "voucher",
  BREAKER: "breaker",
  CHECKOUT: "checkout",
};
const QUEUES: Record<string, string> = {
  ORDERS_QUEUE: "orders",
  REFUNDS_QUEUE: "refunds",
  COMMS_QUEUE: "comms",
};

const watched = new WeakMap<object, object>();

/** The same bindings, each call of an object or a queue a fault point. One per `env`: the shop keys caches by it. */
export function watchBindings<E extends object>(env: E): E {
  const known = watched.get(env);
  if (known) return known as E;
  const proxy = new Proxy(env, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      const object = OBJECTS[String(name)];
      if (object) return namespace(value as Namespace, object);
      const queue = QUEUES[String(name)];
      return queue ? sender(value as Queue, queue) : value;
    },
  });
  watched.set(env, proxy);
  return proxy;
}

const namespace = (real: Namespace, object: string): Namespace => ({
  getByName: (name) =>
    new Proxy({} as Stub, {
      get: (_, method) => {
        if (typeof method !== "string" || method === "then") return undefined;
        return (...args: unknown[]) =>
          effect(`${object} ${method}`, {
            call: async () => real.getByName(name)[method]!(...args),
            reset: async (when) => real.getByName(name).resetAround!(when, method, args),
          });
      },
    }),
});

const sender = (real: Queue, queue: string): Pick<Queue, "send" | "sendBatch" | "metrics"> => ({
  send: (body, options) => effect(`queue ${queue}`, { call: () => real.send(body, options) }),
  sendBatch: (batch, options) =>
    effect(`queue ${queue}`, { call: () => real.sendBatch(batch, options) }),
  metrics: () => real.metrics(),
});

/** Tells of each write of a checkout's journal and answers. The runtime takes no stand-in for an object's state. */
export function watchWrites({ storage: { sql } }: DurableObjectState): void {
  const exec = sql.exec.bind(sql);
  Object.defineProperty(sql, "exec", {
    value: (query: string, ...bindings: never[]) => {
      const cursor = exec(query, ...bindings);
      const name = writeOf(query, bindings);
      if (name) recorded(name);
      return cursor;
    },
  });
}

function writeOf(query: string, bindings: readonly unknown[]): string | undefined {
  if (query.startsWith("INSERT INTO journal")) return `recorded ${String(bindings[1])}`;
  if (query.startsWith("INSERT INTO answer")) return "recorded claim";
  return query.startsWith("UPDATE answer SET") ? "recorded answer" : undefined;
}
