CREATE TABLE `addresses` (
	`id` varchar(40) NOT NULL,
	`user_id` varchar(40) NOT NULL,
	`name` varchar(120) NOT NULL,
	`line1` varchar(120) NOT NULL,
	`line2` varchar(120),
	`city` varchar(80) NOT NULL,
	`region` varchar(80),
	`postal_code` varchar(20) NOT NULL,
	`country` varchar(2) NOT NULL,
	`phone` varchar(40),
	`created_at_ms` bigint NOT NULL,
	`updated_at_ms` bigint NOT NULL,
	CONSTRAINT `addresses_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `erasures` (
	`user_id` varchar(40) NOT NULL,
	`requested_at_ms` bigint NOT NULL,
	`due_at_ms` bigint,
	`ended_at_ms` bigint,
	CONSTRAINT `erasures_user_id` PRIMARY KEY(`user_id`)
);
--> statement-breakpoint
CREATE TABLE `profiles` (
	`user_id` varchar(40) NOT NULL,
	`name` varchar(120),
	`phone` varchar(40),
	`marketing_consent` boolean NOT NULL DEFAULT false,
	`consent_changed_at_ms` bigint,
	`default_address_id` varchar(40),
	`updated_at_ms` bigint NOT NULL,
	CONSTRAINT `profiles_user_id` PRIMARY KEY(`user_id`)
);
--> statement-breakpoint
CREATE INDEX `addresses_by_user` ON `addresses` (`user_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `erasures_due` ON `erasures` (`due_at_ms`);