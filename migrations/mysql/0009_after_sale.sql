CREATE TABLE `webhook_deliveries` (
	`event_id` varchar(60) NOT NULL,
	`receiver` varchar(60) NOT NULL,
	`order_id` varchar(40) NOT NULL,
	`delivered_at_ms` bigint NOT NULL,
	CONSTRAINT `webhook_deliveries_event_id_receiver_pk` PRIMARY KEY(`event_id`,`receiver`)
);
--> statement-breakpoint
CREATE TABLE `webhook_endpoints` (
	`id` varchar(40) NOT NULL,
	`url` varchar(500) NOT NULL,
	`events` json NOT NULL,
	`created_at_ms` bigint NOT NULL,
	`disabled_at_ms` bigint,
	`disabled_reason` varchar(200),
	CONSTRAINT `webhook_endpoints_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `alerts` (
	`id` varchar(120) NOT NULL,
	`kind` varchar(40) NOT NULL,
	`subject` varchar(80) NOT NULL,
	`detail` json NOT NULL,
	`raised_at_ms` bigint NOT NULL,
	`last_seen_at_ms` bigint NOT NULL,
	`resolved_at_ms` bigint,
	CONSTRAINT `alerts_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
ALTER TABLE `dead_letters` ADD `redriven_at_ms` bigint;--> statement-breakpoint
CREATE INDEX `webhook_deliveries_by_order` ON `webhook_deliveries` (`order_id`);--> statement-breakpoint
CREATE INDEX `alerts_by_time` ON `alerts` (`raised_at_ms`,`id`);