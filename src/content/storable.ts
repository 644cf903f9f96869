/** Postgres stores neither NUL nor half a surrogate pair, and says so with an error. */
export const isStorableText = (text: string): boolean =>
  text.isWellFormed() && !text.includes("\0");

/** Whether `jsonb` takes a value, all its keys and texts included. `lengthMax` counts characters of JSON. */
export function isStorableJson(value: unknown, lengthMax: number): boolean {
  const waiting = [value];
  let length = 0;
  // Not by recursion: whoever wrote the value chose its depth.
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === "string") {
      if (!isStorableText(next)) return false;
      length += next.length;
    } else if (next !== null && typeof next === "object") {
      for (const [key, inner] of Object.entries(next)) {
        if (!isStorableText(key)) return false;
        length += key.length;
        waiting.push(inner);
      }
    } else {
      length += String(next).length;
    }
    length += 1;
    if (length > lengthMax) return false;
  }
  return true;
}
