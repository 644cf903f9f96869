CREATE TABLE `catalog_outbox` (
	`id` varchar(40) NOT NULL,
	`type` varchar(60) NOT NULL,
	`data` mediumtext NOT NULL,
	`tags` mediumtext NOT NULL,
	`occurred_at_ms` bigint NOT NULL,
	`published_at_ms` bigint,
	CONSTRAINT `catalog_outbox_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `price_rules` (
	`id` varchar(40) NOT NULL,
	`title` varchar(255) NOT NULL,
	`kind` varchar(10) NOT NULL,
	`value` bigint NOT NULL,
	`target` varchar(10) NOT NULL,
	`target_id` varchar(40),
	`starts_at_ms` bigint NOT NULL,
	`ends_at_ms` bigint,
	`created_at_ms` bigint NOT NULL,
	`deleted_at_ms` bigint,
	CONSTRAINT `price_rules_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `promotions` (
	`id` varchar(40) NOT NULL,
	`code` varchar(40),
	`title` varchar(120) NOT NULL,
	`effect` text NOT NULL,
	`target` text NOT NULL,
	`minimum_subtotal_minor` bigint NOT NULL,
	`stacking` varchar(12) NOT NULL,
	`starts_at_ms` bigint NOT NULL,
	`ends_at_ms` bigint,
	`uses_max` int,
	`uses_per_shopper_max` int,
	`active` boolean NOT NULL,
	`created_at_ms` bigint NOT NULL,
	CONSTRAINT `promotions_id` PRIMARY KEY(`id`),
	CONSTRAINT `promotions_code` UNIQUE(`code`)
);
--> statement-breakpoint
DROP INDEX `product_categories_by_category` ON `product_categories`;--> statement-breakpoint
DROP INDEX `product_tags_by_tag` ON `product_tags`;--> statement-breakpoint
DROP INDEX `products_by_price` ON `products`;--> statement-breakpoint
DROP INDEX `products_vendor_title` ON `products`;--> statement-breakpoint
DROP INDEX `products_vendor_price` ON `products`;--> statement-breakpoint
DROP INDEX `products_vendor_age` ON `products`;--> statement-breakpoint
DROP INDEX `products_type_title` ON `products`;--> statement-breakpoint
DROP INDEX `products_type_price` ON `products`;--> statement-breakpoint
DROP INDEX `products_type_age` ON `products`;--> statement-breakpoint
ALTER TABLE `product_categories` ADD `title` varchar(255) NOT NULL;--> statement-breakpoint
ALTER TABLE `product_categories` ADD `sort_price_minor` bigint NOT NULL;--> statement-breakpoint
ALTER TABLE `product_categories` ADD `published` boolean NOT NULL;--> statement-breakpoint
ALTER TABLE `product_categories` ADD `created_at_ms` bigint NOT NULL;--> statement-breakpoint
ALTER TABLE `product_tags` ADD `title` varchar(255) NOT NULL;--> statement-breakpoint
ALTER TABLE `product_tags` ADD `sort_price_minor` bigint NOT NULL;--> statement-breakpoint
ALTER TABLE `product_tags` ADD `published` boolean NOT NULL;--> statement-breakpoint
ALTER TABLE `product_tags` ADD `created_at_ms` bigint NOT NULL;--> statement-breakpoint
ALTER TABLE `products` ADD `sort_price_minor` bigint NOT NULL;--> statement-breakpoint
ALTER TABLE `products` ADD `vendor_key` varchar(255) character set utf8mb4 collate utf8mb4_bin NOT NULL;--> statement-breakpoint
ALTER TABLE `products` ADD `type_key` varchar(255) character set utf8mb4 collate utf8mb4_bin NOT NULL;--> statement-breakpoint
UPDATE `products` SET `sort_price_minor` = `price_from_minor`, `vendor_key` = LOWER(TRIM(`vendor`)), `type_key` = LOWER(TRIM(`product_type`));--> statement-breakpoint
UPDATE `products` SET `source_hash` = '' WHERE LENGTH(CONCAT(`vendor`, `product_type`)) <> CHAR_LENGTH(CONCAT(`vendor`, `product_type`));--> statement-breakpoint
UPDATE `product_categories` m JOIN `products` p ON p.`id` = m.`product_id` SET m.`title` = p.`title`, m.`sort_price_minor` = p.`sort_price_minor`, m.`published` = p.`published`, m.`created_at_ms` = p.`created_at_ms`;--> statement-breakpoint
UPDATE `product_tags` m JOIN `products` p ON p.`id` = m.`product_id` SET m.`title` = p.`title`, m.`sort_price_minor` = p.`sort_price_minor`, m.`published` = p.`published`, m.`created_at_ms` = p.`created_at_ms`;--> statement-breakpoint
CREATE INDEX `catalog_outbox_unpublished` ON `catalog_outbox` (`published_at_ms`,`occurred_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `price_rules_by_end` ON `price_rules` (`ends_at_ms`);--> statement-breakpoint
CREATE INDEX `price_rules_by_age` ON `price_rules` (`deleted_at_ms`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `promotions_automatic` ON `promotions` (`code`,`active`);--> statement-breakpoint
CREATE INDEX `promotions_by_age` ON `promotions` (`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `product_categories_by_title` ON `product_categories` (`category_id`,`published`,`title`,`product_id`);--> statement-breakpoint
CREATE INDEX `product_categories_by_price` ON `product_categories` (`category_id`,`published`,`sort_price_minor`,`product_id`);--> statement-breakpoint
CREATE INDEX `product_categories_by_age` ON `product_categories` (`category_id`,`published`,`created_at_ms`,`product_id`);--> statement-breakpoint
CREATE INDEX `product_tags_by_title` ON `product_tags` (`tag_key`,`published`,`title`,`product_id`);--> statement-breakpoint
CREATE INDEX `product_tags_by_price` ON `product_tags` (`tag_key`,`published`,`sort_price_minor`,`product_id`);--> statement-breakpoint
CREATE INDEX `product_tags_by_age` ON `product_tags` (`tag_key`,`published`,`created_at_ms`,`product_id`);--> statement-breakpoint
CREATE INDEX `products_by_sort_price` ON `products` (`published`,`sort_price_minor`,`id`);--> statement-breakpoint
CREATE INDEX `products_by_vendor_title` ON `products` (`vendor_key`,`published`,`title`,`id`);--> statement-breakpoint
CREATE INDEX `products_by_vendor_price` ON `products` (`vendor_key`,`published`,`sort_price_minor`,`id`);--> statement-breakpoint
CREATE INDEX `products_by_vendor_age` ON `products` (`vendor_key`,`published`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `products_by_type_title` ON `products` (`type_key`,`published`,`title`,`id`);--> statement-breakpoint
CREATE INDEX `products_by_type_price` ON `products` (`type_key`,`published`,`sort_price_minor`,`id`);--> statement-breakpoint
CREATE INDEX `products_by_type_age` ON `products` (`type_key`,`published`,`created_at_ms`,`id`);