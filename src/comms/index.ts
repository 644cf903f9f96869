export type { Mail, MailOutcome, MailProvider } from "./model.ts";
export { openResend } from "./resend.ts";
export { type SendResult, sendOrderMail } from "./send-order-mail.ts";
