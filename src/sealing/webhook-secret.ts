/**
 * Secrets of webhooks, and signatures under them: Standard Webhooks 1.0.0, symmetric signatures
 * (`v1`). The receiver has the secret too, so it is kept, sealed in its record, and not hashed.
 */

import { createHmac } from "node:crypto"

/** Of one webhook: 24 to 64 bytes, says the specification. */
export const webhookSecretBytes = 32

/** As receivers' libraries take it. */
export function writeWebhookSecret(secret: Uint8Array): string {
  return `whsec_${secret.toBase64()}`
}

/** The header `webhook-signature` of a message. @param seconds - of this attempt, since 1970. */
export function signWebhook(
  secret: Uint8Array,
  message: { readonly id: string; readonly seconds: number; readonly body: string },
): string {
  const { id, seconds, body } = message
  const signed = createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64")
  return `v1,${signed}`
}
