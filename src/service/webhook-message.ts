/** What a webhook is sent: about a request, never what is asked for nor what came out of it. */

import type { Instant, PartitionId } from "../domain/ids.ts"
import type { RequestRecord } from "../domain/request.ts"
import type { Webhook, WebhookEvent } from "../domain/webhook.ts"
import { signWebhook } from "../sealing/webhook-secret.ts"

/** A message as its receiver gets it. */
export interface WebhookMessage {
  /** The same in every attempt: receivers know by it what they have had. */
  readonly id: string
  readonly body: string
}

/** Standard Webhooks: `type`, `timestamp`, `data`. */
export function messageAbout(
  request: RequestRecord,
  event: WebhookEvent,
  at: Instant,
): WebhookMessage {
  const { id, partition, operation, mechanism, key, state, stampedAt, expiresAt } = request
  const data = {
    id,
    partition,
    operation,
    mechanism,
    key: key && { id: key.id, name: key.name, version: key.version },
    state,
    createdAt: textOf(stampedAt),
    expiresAt: textOf(expiresAt),
    finishedAt: request.finishedAt === undefined ? undefined : textOf(request.finishedAt),
    revision: request.revision,
  }
  return write(`${id}.${event}`, `request.${event}`, at, data)
}

/** Says that a webhook works. */
export function testMessage(partition: PartitionId, hook: Webhook, at: Instant): WebhookMessage {
  return write(`${hook.id}.test.${at}`, "webhook.test", at, { webhook: hook.id, partition })
}

function write(id: string, type: string, at: Instant, data: object): WebhookMessage {
  return { id, body: JSON.stringify({ type, timestamp: textOf(at), data }) }
}

/** The headers of one attempt. */
export function headersOf(
  { secret }: Webhook,
  { id, body }: WebhookMessage,
  now: Instant,
): Readonly<Record<string, string>> {
  const seconds = Math.floor(now / 1_000)
  return {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "user-agent": "keyhold-webhooks/1",
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": signWebhook(secret, { id, seconds, body }),
  }
}

function textOf(at: Instant): string {
  return new Date(at).toISOString()
}
