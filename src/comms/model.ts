/** One mail to one person, ready to be sent. */
export type Mail = {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** For finding it at the provider: which order, which template. */
  tags: readonly Tag[];
};

/** One short message to one phone. */
export type Sms = { to: string; text: string; tags: readonly Tag[] };

type Tag = { name: string; value: string };

/** One notification on one device. Strangers read locked screens too: it says no more than an order's number. */
export type Push = {
  /** The provider's name of the device. */
  token: string;
  title: string;
  body: string;
  /** Where a tap leads. Whoever opens it has to be signed in. */
  link: string;
  /** A device shows one notification of a name: a double takes the place of the first. */
  replaces: string;
  tags: readonly Tag[];
};

/** `refused`: the provider will never take this message, so repeating it is no use. */
export type SendOutcome = { kind: "sent"; messageId: string } | { kind: "refused"; reason: string };

/** A provider. Repeating a `key` sends nothing again. Throws `DependencyDown` when it cannot say. */
export type MessageProvider<M> = { send(message: M, key: string): Promise<SendOutcome> };
export type MailProvider = MessageProvider<Mail>;
export type SmsProvider = MessageProvider<Sms>;

/**
 * `gone`: the device is not there any more, and never will be. `foreign`: it is there, but not ours to
 * tell. Both concern one device only; what is `refused` would be refused on all.
 */
export type PushOutcome = SendOutcome | { kind: "gone" | "foreign"; reason: string };

/**
 * A provider of notifications. It knows no idempotency keys: a repeat is sent again, under the same name.
 * Throws `DependencyDown` when it cannot say.
 */
export type PushProvider = { send(message: Push): Promise<PushOutcome> };

/** What a person is reached by. A channel is used where its address is known. */
export type ChannelName = "email" | "sms" | "push";
