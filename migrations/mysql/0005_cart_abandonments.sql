CREATE TABLE `cart_abandonments` (
	`event_id` varchar(60) NOT NULL,
	`cart_id` varchar(40) NOT NULL,
	`cart_version` int NOT NULL,
	`owner_kind` varchar(10) NOT NULL,
	`abandoned_at_ms` bigint NOT NULL,
	`recorded_at_ms` bigint NOT NULL,
	CONSTRAINT `cart_abandonments_event_id` PRIMARY KEY(`event_id`)
);
--> statement-breakpoint
CREATE INDEX `cart_abandonments_by_age` ON `cart_abandonments` (`abandoned_at_ms`);