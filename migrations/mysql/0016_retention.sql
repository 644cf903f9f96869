ALTER TABLE `orders` ADD `refunds_pending` boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `webhook_deliveries_by_age` ON `webhook_deliveries` (`delivered_at_ms`);--> statement-breakpoint
CREATE INDEX `alerts_by_end` ON `alerts` (`resolved_at_ms`);--> statement-breakpoint
CREATE INDEX `dead_letters_by_redrive` ON `dead_letters` (`redriven_at_ms`);--> statement-breakpoint
CREATE INDEX `payment_events_by_age` ON `payment_events` (`handled_at_ms`);