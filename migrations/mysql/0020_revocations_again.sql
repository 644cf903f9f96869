ALTER TABLE `users` ADD `epoch_raised_at_ms` bigint;--> statement-breakpoint
CREATE INDEX `sessions_revoked` ON `sessions` (`revoked_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `users_epoch_raised` ON `users` (`epoch_raised_at_ms`,`id`);