/** A partition's webhooks: its officers say who is told of requests. */

import { encodeId } from "../codec/id-text.ts"
import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { Webhook, WebhooksRecord } from "../domain/webhook.ts"
import { isHttpsUri } from "../identity/https-out.ts"
import type { Committed } from "../records/committer.ts"
import { webhookSecretBytes, writeWebhookSecret } from "../sealing/webhook-secret.ts"
import { perform, recordDone } from "./act.ts"
import { malformed } from "./check-access.ts"
import type { Context } from "./commands.ts"
import type { Ports } from "./ports.ts"
import type { CreatedWebhook, CreateWebhookCommand, TestedWebhook } from "./quorum-commands.ts"
import { isDelivered } from "./webhook-delivery.ts"

/**
 * Registers a webhook. Its secret is shown this once.
 *
 * @throws HsmError MALFORMED_REQUEST for what is no https address; QUOTA_EXCEEDED beyond
 * limits.webhooksMax; OPERATION_FORBIDDEN.
 */
export async function createWebhook(
  ports: Ports,
  context: Context,
  { url, events }: CreateWebhookCommand,
): Promise<CreatedWebhook> {
  if (!isHttpsUri(url)) throw malformed("/url", "no https address without user and fragment")
  return await perform(ports, context, { operation: "webhook.create" }, async (act) => {
    const { hooks, revision } = await read(ports, act.partition.id)
    if (hooks.length >= limits.webhooksMax) {
      throw new HsmError("QUOTA_EXCEEDED", `at most ${limits.webhooksMax} webhooks`)
    }
    const secret = ports.random.bytes(webhookSecretBytes)
    const { subject: createdBy } = context.caller
    const id = encodeId(ports.random.bytes(16))
    const made = { id, url, events: [...new Set(events)], secret, createdAt: act.now, createdBy }
    const committed = await write(ports, act.partition.id, [...hooks, made], revision)
    await recordDone(ports, act, { target: id, committed })
    return { webhook: made, secret: writeWebhookSecret(secret) }
  })
}

/** All of the partition's, without their secrets. */
export async function listWebhooks(ports: Ports, context: Context): Promise<readonly Webhook[]> {
  return await perform(ports, context, { operation: "webhook.list" }, async ({ partition }) => {
    return (await read(ports, partition.id)).hooks
  })
}

/**
 * Takes a webhook away; what waits for it is told nobody.
 *
 * @throws HsmError NOT_FOUND, also for another partition's.
 */
export async function deleteWebhook(ports: Ports, context: Context, id: string): Promise<void> {
  await perform(ports, context, { operation: "webhook.delete", target: id }, async (act) => {
    const partition = act.partition.id
    const { hooks, revision } = await read(ports, partition)
    const { id: found } = find(hooks, id)
    const left = hooks.filter((one) => one.id !== found)
    const committed = await write(ports, partition, left, revision)
    await ports.webhooks.forget(partition, found)
    await recordDone(ports, act, { target: found, committed })
  })
}

/**
 * Sends a webhook a message that says nothing, now and once.
 *
 * @throws HsmError NOT_FOUND.
 */
export async function testWebhook(
  ports: Ports,
  context: Context,
  id: string,
): Promise<TestedWebhook> {
  const ask = { operation: "webhook.test", target: id } as const
  return await perform(ports, context, ask, async ({ partition }) => {
    const { hooks } = await read(ports, partition.id)
    const status = await ports.webhooks.test(partition.id, find(hooks, id))
    const delivered = isDelivered(status)
    return status === undefined ? { delivered } : { delivered, status }
  })
}

async function read(
  { records }: Ports,
  partition: PartitionId,
): Promise<Pick<WebhooksRecord, "hooks" | "revision">> {
  return (await records.read("webhooks", partition, "all")) ?? { hooks: [], revision: 0 }
}

async function write(
  { records }: Ports,
  partition: PartitionId,
  hooks: readonly Webhook[],
  before: number,
): Promise<Committed> {
  const record = { id: "all", partition, hooks, revision: before + 1 } as const
  return await records.commit(partition, { changes: [{ kind: "webhooks", record }] })
}

function find(hooks: readonly Webhook[], id: string): Webhook {
  const found = hooks.find((one) => one.id === id)
  if (found === undefined) throw new HsmError("NOT_FOUND", "no such webhook")
  return found
}
