DROP INDEX `order_events_unpublished` ON `order_events`;--> statement-breakpoint
ALTER TABLE `order_events` ADD `due_at_ms` bigint;--> statement-breakpoint
ALTER TABLE `order_events` ADD `awaiting` int NOT NULL;--> statement-breakpoint
CREATE INDEX `order_events_due` ON `order_events` (`due_at_ms`,`event_id`);