/** Posts messages to webhooks: as `https-out.ts` goes out, and to no private network either. */

import { limits } from "../domain/limits.ts"
import { createHttpsOut, localRanges, privateRanges } from "./https-out.ts"
import type { PostWebhook } from "./ports.ts"

export interface WebhookPostOptions {
  /** PEM of authorities to trust instead of Node's own list. */
  readonly ca?: string | undefined
  /** The operator lets officers name addresses of his own network, and of this machine. */
  readonly allowPrivate: boolean
}

/** limits.webhookTimeoutMs bounds every message, whatever the receiver does. */
export function createWebhookPost({ ca, allowPrivate }: WebhookPostOptions): PostWebhook {
  const refused = allowPrivate ? [] : [...localRanges, ...privateRanges]
  const out = createHttpsOut({ ca, refused })
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
