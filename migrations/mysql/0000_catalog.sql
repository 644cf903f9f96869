CREATE TABLE `categories` (
	`id` varchar(40) NOT NULL,
	`handle` varchar(255) character set utf8mb4 collate utf8mb4_bin NOT NULL,
	`title` varchar(255) NOT NULL,
	`created_at_ms` bigint NOT NULL,
	CONSTRAINT `categories_id` PRIMARY KEY(`id`),
	CONSTRAINT `categories_handle` UNIQUE(`handle`)
);
--> statement-breakpoint
CREATE TABLE `product_categories` (
	`product_id` varchar(40) NOT NULL,
	`category_id` varchar(40) NOT NULL,
	CONSTRAINT `product_categories_product_id_category_id_pk` PRIMARY KEY(`product_id`,`category_id`)
);
--> statement-breakpoint
CREATE TABLE `product_images` (
	`product_id` varchar(40) NOT NULL,
	`position` int NOT NULL,
	`url` varchar(2048) NOT NULL,
	`alt` varchar(512) NOT NULL,
	CONSTRAINT `product_images_product_id_position_pk` PRIMARY KEY(`product_id`,`position`)
);
--> statement-breakpoint
CREATE TABLE `product_options` (
	`product_id` varchar(40) NOT NULL,
	`position` int NOT NULL,
	`name` varchar(255) NOT NULL,
	`option_values` text NOT NULL,
	CONSTRAINT `product_options_product_id_position_pk` PRIMARY KEY(`product_id`,`position`)
);
--> statement-breakpoint
CREATE TABLE `product_tags` (
	`product_id` varchar(40) NOT NULL,
	`tag_key` varchar(255) character set utf8mb4 collate utf8mb4_bin NOT NULL,
	CONSTRAINT `product_tags_product_id_tag_key_pk` PRIMARY KEY(`product_id`,`tag_key`)
);
--> statement-breakpoint
CREATE TABLE `products` (
	`id` varchar(40) NOT NULL,
	`handle` varchar(255) character set utf8mb4 collate utf8mb4_bin NOT NULL,
	`title` varchar(255) NOT NULL,
	`vendor` varchar(255) NOT NULL,
	`product_type` varchar(255) NOT NULL,
	`tags` text NOT NULL,
	`currency` varchar(3) NOT NULL,
	`price_from_minor` bigint NOT NULL,
	`compare_at_from_minor` bigint,
	`image_url` varchar(2048),
	`image_alt` varchar(512) NOT NULL,
	`in_stock` boolean NOT NULL,
	`published` boolean NOT NULL,
	`variant_count` int NOT NULL,
	`version` int NOT NULL,
	`source_hash` varchar(64) NOT NULL,
	`created_at_ms` bigint NOT NULL,
	`updated_at_ms` bigint NOT NULL,
	CONSTRAINT `products_id` PRIMARY KEY(`id`),
	CONSTRAINT `products_handle` UNIQUE(`handle`)
);
--> statement-breakpoint
CREATE TABLE `variants` (
	`id` varchar(40) NOT NULL,
	`product_id` varchar(40) NOT NULL,
	`sku` varchar(64) character set utf8mb4 collate utf8mb4_bin NOT NULL,
	`position` int NOT NULL,
	`title` varchar(1024) NOT NULL,
	`option1` varchar(255),
	`option2` varchar(255),
	`option3` varchar(255),
	`price_minor` bigint NOT NULL,
	`compare_at_minor` bigint,
	`grams` int NOT NULL,
	`barcode` varchar(255),
	`image_url` varchar(2048),
	`requires_shipping` boolean NOT NULL,
	`taxable` boolean NOT NULL,
	`backorder` boolean NOT NULL,
	`backorder_sent` boolean NOT NULL,
	`in_stock` boolean NOT NULL,
	`stock_received` boolean NOT NULL,
	`updated_at_ms` bigint NOT NULL,
	CONSTRAINT `variants_id` PRIMARY KEY(`id`),
	CONSTRAINT `variants_sku` UNIQUE(`sku`)
);
--> statement-breakpoint
CREATE INDEX `categories_by_title` ON `categories` (`title`,`id`);--> statement-breakpoint
CREATE INDEX `product_categories_by_category` ON `product_categories` (`category_id`,`product_id`);--> statement-breakpoint
CREATE INDEX `product_tags_by_tag` ON `product_tags` (`tag_key`,`product_id`);--> statement-breakpoint
CREATE INDEX `products_by_title` ON `products` (`published`,`title`,`id`);--> statement-breakpoint
CREATE INDEX `products_by_price` ON `products` (`published`,`price_from_minor`,`id`);--> statement-breakpoint
CREATE INDEX `products_by_age` ON `products` (`published`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `products_vendor_title` ON `products` (`published`,`vendor`,`title`,`id`);--> statement-breakpoint
CREATE INDEX `products_vendor_price` ON `products` (`published`,`vendor`,`price_from_minor`,`id`);--> statement-breakpoint
CREATE INDEX `products_vendor_age` ON `products` (`published`,`vendor`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `products_type_title` ON `products` (`published`,`product_type`,`title`,`id`);--> statement-breakpoint
CREATE INDEX `products_type_price` ON `products` (`published`,`product_type`,`price_from_minor`,`id`);--> statement-breakpoint
CREATE INDEX `products_type_age` ON `products` (`published`,`product_type`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `variants_by_product` ON `variants` (`product_id`,`position`);