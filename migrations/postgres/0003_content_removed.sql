CREATE TABLE "content_removed" (
	"id" text PRIMARY KEY NOT NULL,
	"version" integer NOT NULL
);
