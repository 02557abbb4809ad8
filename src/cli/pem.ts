/** Files that hold DER or, as text, several of them: RFC 7468. */

import { parseBase64 } from "./input.ts"

const block = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g

/** Every block under a label, with `NEW` before it or not; the whole of what is DER. */
export function parsePem(content: Uint8Array, label: string): readonly Uint8Array[] {
  if (content[0] === 0x30) return [content]
  const blocks = [...Buffer.from(content).toString("latin1").matchAll(block)]
  return blocks
    .filter(([, found = ""]) => found === label || found === `NEW ${label}`)
    .map(([, , text = ""]) => parseBase64(Buffer.from(text, "latin1")))
}
