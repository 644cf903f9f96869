CREATE TABLE "cart_snapshots" (
	"cart_id" text PRIMARY KEY NOT NULL,
	"owner_kind" text NOT NULL,
	"lines" jsonb NOT NULL,
	"mode" text NOT NULL,
	"version" integer NOT NULL,
	"taken_at_ms" bigint NOT NULL,
	"expired_at_ms" bigint
);
--> statement-breakpoint
CREATE INDEX "cart_snapshots_by_expiry" ON "cart_snapshots" USING btree ("expired_at_ms");