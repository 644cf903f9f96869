import type { Meter } from "../platform/telemetry/meter.ts";
import { sameText } from "../shared/digest.ts";
import { err, ok, type Result } from "../shared/result.ts";

/** A name says its type, so that what is served never depends on what an uploader claimed. */
export const MEDIA_NAME = /^[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,95}\.(?:svg|png|jpe?g|webp|avif)$/;
export const MEDIA_BYTES_MAX = 5 * 1024 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  avif: "image/avif",
};

export const MEDIA_TYPES: readonly string[] = [...new Set(Object.values(TYPES))];

export const mediaTypeOf = (name: string): string => TYPES[name.slice(name.lastIndexOf(".") + 1)]!;

const at = (offset: number, text: string) => (bytes: Uint8Array) =>
  [...text].every((char, index) => bytes[offset + index] === char.charCodeAt(0));
const startsAsSvg = (bytes: Uint8Array) =>
  /^\uFEFF?\s*<(?:\?xml|!--|!doctype svg|svg)/i.test(new TextDecoder().decode(bytes.slice(0, 256)));

const SIGNATURES: Readonly<Record<string, (bytes: Uint8Array) => boolean>> = {
  "image/svg+xml": startsAsSvg,
  "image/png": at(0, "\x89PNG\r\n\x1a\n"),
  "image/jpeg": at(0, "\xff\xd8\xff"),
  "image/webp": at(8, "WEBP"),
  "image/avif": at(4, "ftypavif"),
};

export type MediaError = { code: "type_mismatch"; expected: string } | { code: "name_taken" };
export type StoredMedia = { name: string; url: string; contentType: string; bytes: number };

export type MediaUpload = { name: string; contentType: string; bytes: ArrayBuffer };

/**
 * Stores an image under a name that is for ever: browsers keep it for a year without asking. The
 * same bytes again are fine; other bytes need another name.
 */
export async function storeMedia(
  bucket: R2Bucket,
  meter: Meter,
  { name, contentType, bytes }: MediaUpload,
): Promise<Result<StoredMedia, MediaError>> {
  const expected = mediaTypeOf(name);
  const looksRight = SIGNATURES[expected]!(new Uint8Array(bytes));
  if (contentType !== expected || !looksRight) return err({ code: "type_mismatch", expected });

  const sha256 = hex(await crypto.subtle.digest("SHA-256", bytes));
  const stored = { name, url: `/media/${name}`, contentType, bytes: bytes.byteLength };
  const written = await meter.step("r2", () =>
    bucket.put(name, bytes, {
      onlyIf: { etagDoesNotMatch: "*" }, // The check and the write are one, so two uploads cannot both win.
      httpMetadata: { contentType },
      customMetadata: { sha256 },
    }),
  );
  if (written) return ok(stored);
  const earlier = await meter.step("r2", () => bucket.head(name));
  const same = sameText(earlier?.customMetadata?.sha256 ?? "", sha256);
  return same ? ok(stored) : err({ code: "name_taken" });
}

const hex = (digest: ArrayBuffer) =>
  Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** No script of an image runs, even when it is opened as a document of its own. */
const SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

export const mediaHeaders = (name: string, etag: string): Record<string, string> => ({
  "Content-Type": mediaTypeOf(name),
  "Cache-Control": "public, max-age=31536000, immutable",
  "Content-Security-Policy": SANDBOX,
  "X-Content-Type-Options": "nosniff",
  ETag: etag,
});
