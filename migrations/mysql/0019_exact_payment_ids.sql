ALTER TABLE `payment_alerts` MODIFY COLUMN `id` varchar(200) character set utf8mb4 collate utf8mb4_bin NOT NULL;--> statement-breakpoint
ALTER TABLE `payment_events` MODIFY COLUMN `event_id` varchar(160) character set utf8mb4 collate utf8mb4_bin NOT NULL;--> statement-breakpoint
ALTER TABLE `payment_events` MODIFY COLUMN `reference` varchar(120) character set utf8mb4 collate utf8mb4_bin;--> statement-breakpoint
ALTER TABLE `payment_events` MODIFY COLUMN `payment_id` varchar(120) character set utf8mb4 collate utf8mb4_bin;