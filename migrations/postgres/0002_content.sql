CREATE TABLE "content_blocks" (
	"id" text PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"locale" text NOT NULL,
	"title" text NOT NULL,
	"body_html" text NOT NULL,
	"published" boolean NOT NULL,
	"version" integer NOT NULL,
	"updated_at_ms" bigint NOT NULL,
	"data" jsonb NOT NULL,
	CONSTRAINT "content_blocks_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "content_pages" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"locale" text NOT NULL,
	"title" text NOT NULL,
	"body_html" text NOT NULL,
	"published" boolean NOT NULL,
	"version" integer NOT NULL,
	"updated_at_ms" bigint NOT NULL,
	"blocks" jsonb NOT NULL,
	"seo" jsonb NOT NULL,
	CONSTRAINT "content_pages_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "content_purges" (
	"id" text PRIMARY KEY NOT NULL,
	"tags" jsonb NOT NULL,
	"noted_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "content_purges_by_time" ON "content_purges" USING btree ("noted_at_ms");