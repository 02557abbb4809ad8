/** Posts messages to webhooks: as `https-out.ts` goes out, and to no private network either. */

import { getCACertificates } from "node:tls"

import { limits } from "../domain/limits.ts"
import { createHttpsOut, localRanges, privateRanges } from "./https-out.ts"
import type { PostWebhook } from "./ports.ts"

export interface WebhookPostOptions {
  /** PEM of authorities to trust instead of Node's own list. */
  readonly ca?: string | undefined
  /** PEM of authorities to trust beside that list. */
  readonly moreCas?: readonly string[]
  /** The operator lets officers name addresses of his own network, and of this machine. */
  readonly allowPrivate: boolean
}

/** limits.webhookTimeoutMs bounds every message, whatever the receiver does. */
export function createWebhookPost({ ca, moreCas, allowPrivate }: WebhookPostOptions): PostWebhook {
  const refused = allowPrivate ? [] : [...localRanges, ...privateRanges]
  const trusted = moreCas === undefined ? ca : [...getCACertificates("default"), ...moreCas]
  const out = createHttpsOut({ ca: trusted, refused })
  return async ({ url, headers, body }) => {
    const answered = await out(url, {
      method: "POST",
      headers,
      body,
      timeoutMs: limits.webhookTimeoutMs,
      answerBytesMax: limits.webhookAnswerBytesMax,
    })
    return answered?.status
  }
}
