const CHARACTERS_MAX = 255;

/**
 * A tag, vendor or type as filters compare it: letter case, width and outer spaces do not matter. The
 * database compares these keys byte by byte, so that it and the tags of pages agree on what is equal.
 */
export function lookupKey(text: string): string {
  const key = text.normalize("NFKC").trim().toLowerCase();
  // Normalising may lengthen. By characters, because half a surrogate pair is no text.
  return key.length <= CHARACTERS_MAX ? key : [...key].slice(0, CHARACTERS_MAX).join("");
}
