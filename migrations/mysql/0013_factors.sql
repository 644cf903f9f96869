CREATE TABLE `passkeys` (
	`id` varchar(40) NOT NULL,
	`user_id` varchar(40) NOT NULL,
	`credential_hash` varchar(64) NOT NULL,
	`credential_id` varchar(1400) NOT NULL,
	`public_key` varchar(2000) NOT NULL,
	`counter` bigint NOT NULL,
	`uses` int NOT NULL,
	`transports` varchar(120) NOT NULL,
	`name` varchar(60) NOT NULL,
	`created_at_ms` bigint NOT NULL,
	`last_used_at_ms` bigint,
	CONSTRAINT `passkeys_id` PRIMARY KEY(`id`),
	CONSTRAINT `passkeys_credential` UNIQUE(`credential_hash`)
);
--> statement-breakpoint
CREATE TABLE `recovery_codes` (
	`user_id` varchar(40) NOT NULL,
	`code_hash` varchar(64) NOT NULL,
	`created_at_ms` bigint NOT NULL,
	`used_at_ms` bigint,
	CONSTRAINT `recovery_codes_user_id_code_hash_pk` PRIMARY KEY(`user_id`,`code_hash`)
);
--> statement-breakpoint
CREATE TABLE `totp_factors` (
	`user_id` varchar(40) NOT NULL,
	`secret` varchar(200),
	`pending_secret` varchar(200),
	`pending_until_ms` bigint NOT NULL,
	`last_step` bigint NOT NULL,
	`confirmed_at_ms` bigint,
	CONSTRAINT `totp_factors_user_id` PRIMARY KEY(`user_id`)
);
--> statement-breakpoint
CREATE TABLE `oidc_identities` (
	`identity_hash` varchar(64) NOT NULL,
	`user_id` varchar(40) NOT NULL,
	`issuer` varchar(255) NOT NULL,
	`subject` varchar(255) NOT NULL,
	`linked_at_ms` bigint NOT NULL,
	CONSTRAINT `oidc_identities_identity_hash` PRIMARY KEY(`identity_hash`),
	CONSTRAINT `oidc_identities_by_user` UNIQUE(`user_id`,`issuer`)
);
--> statement-breakpoint
CREATE INDEX `passkeys_by_user` ON `passkeys` (`user_id`,`created_at_ms`);