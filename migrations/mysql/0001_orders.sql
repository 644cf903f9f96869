CREATE TABLE `sent_messages` (
	`event_id` varchar(60) NOT NULL,
	`template` varchar(60) NOT NULL,
	`channel` varchar(10) NOT NULL,
	`order_id` varchar(40) NOT NULL,
	`provider_message_id` varchar(120) NOT NULL,
	`sent_at_ms` bigint NOT NULL,
	CONSTRAINT `sent_messages_event_id_template_channel_pk` PRIMARY KEY(`event_id`,`template`,`channel`)
);
--> statement-breakpoint
CREATE TABLE `inventory_levels` (
	`sku` varchar(64) NOT NULL,
	`available` int NOT NULL,
	`backorder` boolean NOT NULL,
	`version` bigint NOT NULL,
	`updated_at_ms` bigint NOT NULL,
	CONSTRAINT `inventory_levels_sku` PRIMARY KEY(`sku`)
);
--> statement-breakpoint
CREATE TABLE `dead_letters` (
	`id` varchar(200) NOT NULL,
	`queue` varchar(63) NOT NULL,
	`body` mediumtext NOT NULL,
	`reason` varchar(1000) NOT NULL,
	`arrivals` int NOT NULL,
	`first_at_ms` bigint NOT NULL,
	`last_at_ms` bigint NOT NULL,
	CONSTRAINT `dead_letters_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `order_events` (
	`order_id` varchar(40) NOT NULL,
	`sequence` int NOT NULL,
	`event_id` varchar(60) NOT NULL,
	`type` varchar(60) NOT NULL,
	`data` json NOT NULL,
	`actor_kind` varchar(20) NOT NULL,
	`actor_id` varchar(80) NOT NULL,
	`occurred_at_ms` bigint NOT NULL,
	`trace` varchar(80) NOT NULL,
	`published_at_ms` bigint,
	CONSTRAINT `order_events_order_id_sequence_pk` PRIMARY KEY(`order_id`,`sequence`),
	CONSTRAINT `order_events_event` UNIQUE(`event_id`)
);
--> statement-breakpoint
CREATE TABLE `orders` (
	`order_id` varchar(40) NOT NULL,
	`number` varchar(20) NOT NULL,
	`status` varchar(20) NOT NULL,
	`email` varchar(254) NOT NULL,
	`owner` varchar(120) NOT NULL,
	`total_minor` bigint NOT NULL,
	`captured_minor` bigint NOT NULL,
	`refunded_minor` bigint NOT NULL,
	`currency` varchar(3) NOT NULL,
	`payment_status` varchar(20) NOT NULL,
	`placed_at_ms` bigint NOT NULL,
	`updated_at_ms` bigint NOT NULL,
	`version` int NOT NULL,
	CONSTRAINT `orders_order_id` PRIMARY KEY(`order_id`)
);
--> statement-breakpoint
CREATE INDEX `sent_messages_by_order` ON `sent_messages` (`order_id`);--> statement-breakpoint
CREATE INDEX `dead_letters_by_queue` ON `dead_letters` (`queue`,`last_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `order_events_unpublished` ON `order_events` (`published_at_ms`,`occurred_at_ms`,`event_id`);--> statement-breakpoint
CREATE INDEX `orders_number` ON `orders` (`number`);--> statement-breakpoint
CREATE INDEX `orders_by_owner` ON `orders` (`owner`,`placed_at_ms`,`order_id`);--> statement-breakpoint
CREATE INDEX `orders_by_status` ON `orders` (`status`,`placed_at_ms`,`order_id`);--> statement-breakpoint
CREATE INDEX `orders_by_age` ON `orders` (`placed_at_ms`,`order_id`);