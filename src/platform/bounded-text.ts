/**
 * The whole body of an answer from outside, as text.
 *
 * @throws RangeError beyond so many bytes: what answers there is not whom we asked, and an isolate's
 * memory is everybody's.
 */
export async function boundedText(response: Response, bytesMax: number): Promise<string> {
  if (!response.body) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel();
      throw new RangeError(`an answer of more than ${bytesMax} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
