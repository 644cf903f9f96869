CREATE TABLE `open_payments` (
	`payment_key` varchar(80) NOT NULL,
	`processor` varchar(10) NOT NULL,
	`checkout_id` varchar(40) NOT NULL,
	`sent_at_ms` bigint NOT NULL,
	`due_at_ms` bigint NOT NULL,
	CONSTRAINT `open_payments_payment_key` PRIMARY KEY(`payment_key`)
);
--> statement-breakpoint
CREATE TABLE `payment_alerts` (
	`id` varchar(200) NOT NULL,
	`kind` varchar(40) NOT NULL,
	`subject` varchar(160) NOT NULL,
	`detail` varchar(500) NOT NULL,
	`occurrences` int NOT NULL,
	`first_at_ms` bigint NOT NULL,
	`last_at_ms` bigint NOT NULL,
	CONSTRAINT `payment_alerts_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `payment_events` (
	`processor` varchar(10) NOT NULL,
	`event_id` varchar(160) NOT NULL,
	`type` varchar(80) NOT NULL,
	`reference` varchar(120),
	`payment_id` varchar(120),
	`body` mediumtext NOT NULL,
	`received_at_ms` bigint NOT NULL,
	`handled_at_ms` bigint,
	`due_at_ms` bigint,
	`tries` int NOT NULL,
	`fault` varchar(40),
	CONSTRAINT `payment_events_processor_event_id_pk` PRIMARY KEY(`processor`,`event_id`)
);
--> statement-breakpoint
CREATE INDEX `open_payments_due` ON `open_payments` (`due_at_ms`,`payment_key`);--> statement-breakpoint
CREATE INDEX `payment_alerts_by_time` ON `payment_alerts` (`last_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `payment_events_due` ON `payment_events` (`due_at_ms`,`event_id`);--> statement-breakpoint
CREATE INDEX `payment_events_by_reference` ON `payment_events` (`processor`,`reference`);--> statement-breakpoint
CREATE INDEX `payment_events_by_payment` ON `payment_events` (`processor`,`payment_id`);