/** DER as text, RFC 7468. */

import { encodeBase64 } from "../../codec/base64.ts"

/** One block under a label such as `PUBLIC KEY`. */
export function renderPem(label: string, der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`
}
