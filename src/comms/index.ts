export { deliverWebhook, handOver } from "./deliver-webhook.ts";
export { fanOutWebhooks, WEBHOOK_DUE } from "./fan-out-webhooks.ts";
export { listMessages } from "./list-messages.ts";
export type { OrderTemplate } from "./notice.ts";
export { recordAbandonment } from "./record-abandonment.ts";
export { openResend } from "./resend.ts";
export { openSmsGateway } from "./sms-gateway.ts";
export { tellAccount } from "./tell-account.ts";
export { type Providers, tellShopper } from "./tell-shopper.ts";
