/** DER as text, RFC 7468. */

import { decodeBase64, encodeBase64 } from "./base64.ts"
import { CodecError } from "./error.ts"

/** One block under a label such as `PUBLIC KEY`. */
export function renderPem(label: string, der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`
}

const block = /^-----BEGIN ([A-Z0-9 ]{1,64})-----\r?\n([A-Za-z0-9+/=\r\n]*)-----END \1-----\s*$/

/**
 * One block under one of the labels, and nothing else.
 *
 * @param field - names the text in the error.
 * @throws {@link CodecError} for everything else.
 */
export function readPem(text: string, labels: readonly string[], field: string): Uint8Array {
  const [, label = "", lines = ""] = block.exec(text) ?? []
  if (labels.includes(label)) return decodeBase64(lines.replaceAll(/[\r\n]/g, ""), field)
  throw new CodecError(field, `is no PEM of ${labels.join(" or ")}`)
}
