CREATE TABLE `staff_keys` (
	`id` varchar(40) NOT NULL,
	`member_id` varchar(40) NOT NULL,
	`name` varchar(120) NOT NULL,
	`sha256` char(64) NOT NULL,
	`scopes` json NOT NULL,
	`created_at_ms` bigint NOT NULL,
	`created_by` varchar(80) NOT NULL,
	`expires_at_ms` bigint NOT NULL,
	`revoked_at_ms` bigint,
	`replaced_by` varchar(40),
	`last_used_at_ms` bigint,
	CONSTRAINT `staff_keys_id` PRIMARY KEY(`id`),
	CONSTRAINT `staff_keys_by_hash` UNIQUE(`sha256`)
);
--> statement-breakpoint
CREATE TABLE `staff_members` (
	`id` varchar(40) NOT NULL,
	`name` varchar(120) NOT NULL,
	`email` varchar(254) NOT NULL,
	`role` varchar(20) NOT NULL,
	`created_at_ms` bigint NOT NULL,
	`disabled_at_ms` bigint,
	CONSTRAINT `staff_members_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
ALTER TABLE `audit_log` ADD `outcome` json;--> statement-breakpoint
CREATE INDEX `staff_keys_by_member` ON `staff_keys` (`member_id`,`id`);