CREATE TABLE "product_documents" (
	"product_id" text PRIMARY KEY NOT NULL,
	"handle" text NOT NULL,
	"description_html" text NOT NULL,
	"attributes" jsonb NOT NULL,
	"seo" jsonb NOT NULL,
	"updated_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "product_documents_by_handle" ON "product_documents" USING btree ("handle");