CREATE TABLE `audit_log` (
	`id` varchar(40) NOT NULL,
	`actor` varchar(80) NOT NULL,
	`action` varchar(80) NOT NULL,
	`target` json NOT NULL,
	`at_ms` bigint NOT NULL,
	`request_id` varchar(80) NOT NULL,
	CONSTRAINT `audit_log_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE INDEX `audit_log_by_time` ON `audit_log` (`at_ms`,`id`);