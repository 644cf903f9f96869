CREATE TABLE `stock_locations` (
	`code` varchar(40) NOT NULL,
	`settings` json NOT NULL,
	`updated_at_ms` bigint NOT NULL,
	CONSTRAINT `stock_locations_code` PRIMARY KEY(`code`)
);
