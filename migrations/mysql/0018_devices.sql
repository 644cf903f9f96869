CREATE TABLE `push_devices` (
	`token_hash` varchar(64) NOT NULL,
	`created_at_ms` bigint NOT NULL,
	`id` varchar(40) NOT NULL,
	`user_id` varchar(40) NOT NULL,
	`session_id` varchar(40) NOT NULL,
	`token` varchar(1600) NOT NULL,
	`platform` varchar(10) NOT NULL,
	`locale` varchar(35),
	`name` varchar(60),
	`last_seen_at_ms` bigint NOT NULL,
	`check_due_ms` bigint NOT NULL,
	CONSTRAINT `push_devices_token_hash` PRIMARY KEY(`token_hash`)
);
--> statement-breakpoint
CREATE TABLE `sent_pushes` (
	`event_id` varchar(60) NOT NULL,
	`device_id` varchar(40) NOT NULL,
	`template` varchar(60) NOT NULL,
	`order_id` varchar(40) NOT NULL,
	`claimed_at_ms` bigint NOT NULL,
	`settled_at_ms` bigint,
	`outcome` varchar(10),
	`provider_message_id` varchar(200),
	CONSTRAINT `sent_pushes_event_id_device_id_pk` PRIMARY KEY(`event_id`,`device_id`)
);
--> statement-breakpoint
CREATE INDEX `push_devices_by_user` ON `push_devices` (`user_id`,`last_seen_at_ms`);--> statement-breakpoint
CREATE INDEX `push_devices_due` ON `push_devices` (`check_due_ms`);--> statement-breakpoint
CREATE INDEX `sent_pushes_by_order` ON `sent_pushes` (`order_id`);--> statement-breakpoint
CREATE INDEX `sent_pushes_by_age` ON `sent_pushes` (`claimed_at_ms`);