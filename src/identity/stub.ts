/** Where mails to shoppers are queued. */
export type AccountMailQueue = { COMMS_QUEUE: Queue };

export const accountMailQueue = (env: AccountMailQueue): Queue => env.COMMS_QUEUE;
