import { type ErasureEnv, sweepDevices, sweepErasures } from "../../src/account/index.ts";
import { sweepCatalogOutbox } from "../../src/catalog/index.ts";
import type { NewsEnv } from "../../src/checkout/index.ts";
import { forgetAbandonments, forgetDeliveries, forgetPushes } from "../../src/comms/index.ts";
import { sweepPurges } from "../../src/content/index.ts";
import {
  forgetExpired,
  restoreRevocations,
  sweepMails,
  sweepRevocations,
} from "../../src/identity/index.ts";
import { reconcileStanding } from "../../src/operations/access/reconcile-standing.ts";
import { shedWhileFull } from "../../src/operations/access/shed-while-full.ts";
import { consumeDeadLetters } from "../../src/operations/consume-dead-letters.ts";
import { forgetOld } from "../../src/operations/forget-old.ts";
import { keepDeadLetter } from "../../src/operations/keep-dead-letter.ts";
import { reconcilePayments } from "../../src/operations/reconcile-payments.ts";
import { boundQueues } from "../../src/operations/stub.ts";
import { watchQueues } from "../../src/operations/watch-queues.ts";
import { sweepOutbox } from "../../src/orders/index.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { logInfo } from "../../src/platform/telemetry/log.ts";
import { randomSuffix } from "../../src/shared/ids.ts";

export type OperationsEnv = NewsEnv & ErasureEnv;

/** Nobody's request: what has to happen by the clock, and what no other consumer could settle. */
export default {
  queue: (batch, env) => {
    const io = openIo(env, `dlq_${randomSuffix()}`);
    return consumeDeadLetters(batch, (letter) => keepDeadLetter(io, letter));
  },
  scheduled: async (_controller, env) => {
    const io = openIo(env, `sweep_${randomSuffix()}`);
    const sweeps = {
      orders: sweepOutbox(io, env),
      content: sweepPurges(io, env),
      catalog: sweepCatalogOutbox(io, env),
      revocations: sweepRevocations(io, env),
      account_mails: sweepMails(io, env),
      expired_sessions: forgetExpired(io),
      erasures: sweepErasures(io, env),
      devices: sweepDevices(io),
      retention: forgetOld(io, { forgetAbandonments, forgetDeliveries, forgetPushes }),
    };
    // Beside the first shopper with a token, who does the same.
    const restoring = restoreRevocations(io, env);
    const reconciling = reconcilePayments(io, env);
    const standing = reconcileStanding(io, env);
    const watching = watchQueues(io, boundQueues(env)).then(({ full }) =>
      shedWhileFull(io, env, full),
    );
    // Each to its end: one that finds its database away must not stop the others.
    await Promise.allSettled([
      ...Object.values(sweeps),
      restoring,
      reconciling,
      standing,
      watching,
    ]);
    for (const [context, sweep] of Object.entries(sweeps)) {
      const { swept, failed } = await sweep;
      if (swept + failed > 0) logInfo(`${context}.swept`, { swept, failed, trace: io.trace });
    }
    await watching;
    await restoring;
    const { told, untold, restored } = await standing;
    if (told + untold + restored > 0) {
      logInfo("access.reconciled", { told, untold, restored, trace: io.trace });
    }
    const { left, ...reconciled } = await reconciling;
    const repaired = reconciled.events + reconciled.payments + reconciled.orders;
    if (repaired + left > 0) {
      logInfo("payments.reconciled", { ...reconciled, left, trace: io.trace });
    }
  },
} satisfies ExportedHandler<OperationsEnv>;
