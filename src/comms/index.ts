export { recordAbandonment } from "./record-abandonment.ts";
export { openResend } from "./resend.ts";
export { type SendOrderMail, sendOrderMail } from "./send-order-mail.ts";
