CREATE TABLE `account_mails` (
	`id` varchar(40) NOT NULL,
	`purpose` varchar(30) NOT NULL,
	`email` varchar(254) NOT NULL,
	`email_key` varchar(254) NOT NULL,
	`password_hash` varchar(255),
	`created_at_ms` bigint NOT NULL,
	`expires_at_ms` bigint NOT NULL,
	`used_at_ms` bigint,
	`send_due_ms` bigint,
	CONSTRAINT `account_mails_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `passwords` (
	`user_id` varchar(40) NOT NULL,
	`hash` varchar(255) NOT NULL,
	`changed_at_ms` bigint NOT NULL,
	CONSTRAINT `passwords_user_id` PRIMARY KEY(`user_id`)
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` varchar(40) NOT NULL,
	`user_id` varchar(40) NOT NULL,
	`epoch` int NOT NULL,
	`generation` int NOT NULL,
	`methods` json NOT NULL,
	`authenticated_at_ms` bigint NOT NULL,
	`started_at_ms` bigint NOT NULL,
	`rotated_at_ms` bigint NOT NULL,
	`expires_at_ms` bigint NOT NULL,
	`revoked_at_ms` bigint,
	`revoked_reason` varchar(40),
	`revoke_due_ms` bigint,
	CONSTRAINT `sessions_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `users` (
	`id` varchar(40) NOT NULL,
	`email` varchar(254) NOT NULL,
	`email_key` varchar(254) NOT NULL,
	`status` varchar(20) NOT NULL,
	`session_epoch` int NOT NULL,
	`created_at_ms` bigint NOT NULL,
	`updated_at_ms` bigint NOT NULL,
	`revoke_due_ms` bigint,
	CONSTRAINT `users_id` PRIMARY KEY(`id`),
	CONSTRAINT `users_email_key` UNIQUE(`email_key`)
);
--> statement-breakpoint
CREATE INDEX `account_mails_by_email` ON `account_mails` (`email_key`,`purpose`,`created_at_ms`);--> statement-breakpoint
CREATE INDEX `account_mails_expired` ON `account_mails` (`expires_at_ms`);--> statement-breakpoint
CREATE INDEX `account_mails_due` ON `account_mails` (`send_due_ms`);--> statement-breakpoint
CREATE INDEX `sessions_by_user` ON `sessions` (`user_id`,`started_at_ms`);--> statement-breakpoint
CREATE INDEX `sessions_expired` ON `sessions` (`expires_at_ms`);--> statement-breakpoint
CREATE INDEX `sessions_revoke_due` ON `sessions` (`revoke_due_ms`);--> statement-breakpoint
CREATE INDEX `users_revoke_due` ON `users` (`revoke_due_ms`);