/** The text of a file that programs of Windows may have written: with a byte order mark, or in UTF-16. */
export function decodeText(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return bytes.toString(isUtf16 ? "utf16le" : "utf8").replace(/^\ufeff/, "");
}
