/**
 * Whom the node takes for a webhook's receiver: authorities that it trusts anyway, and those of
 * `webhooks.caFile`. Who is trusted is the operator's to say, for the whole node: an officer who
 * names an address does not say as well who may vouch for it.
 */

import { X509Certificate } from "node:crypto"
import { open } from "node:fs/promises"

import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import type { WebhookPostOptions } from "../identity/webhook-post.ts"
import type { NodeConfig } from "./config.ts"

const block = /-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----/g

/**
 * Reads the authorities that the configuration names.
 *
 * @throws HsmError MALFORMED_REQUEST when the file cannot be read, is longer than
 * limits.webhookCaBytesMax, or has anything but 1 to limits.webhookCasMax PEM certificates of
 * authorities in it.
 */
export async function readWebhookTrust({
  webhooks: { caFile, allowPrivate },
}: Pick<NodeConfig, "webhooks">): Promise<WebhookPostOptions> {
  if (caFile === undefined) return { allowPrivate }
  const problem = (what: string): HsmError =>
    new HsmError("MALFORMED_REQUEST", `webhooks.caFile: ${caFile} ${what}`)
  const text = await readBounded(caFile).catch(() => undefined)
  if (text === undefined) throw problem("cannot be read; correct the path or its owner")
  if (text.length > limits.webhookCaBytesMax) {
    throw problem(`is longer than ${limits.webhookCaBytesMax} bytes`)
  }
  const more = text.match(block) ?? []
  if (more.length === 0 || more.length > limits.webhookCasMax) {
    throw problem(`has to have 1 to ${limits.webhookCasMax} certificates in PEM`)
  }
  if (text.replaceAll(block, "").trim() !== "") throw problem("has more in it than certificates")
  if (!more.every(isAuthority)) throw problem("has a certificate that is no authority's")
  return { allowPrivate, moreCas: more }
}

/** A little more than is admitted, of a file that may be of any length. */
async function readBounded(path: string): Promise<string> {
  const file = await open(path)
  try {
    const bytes = Buffer.alloc(limits.webhookCaBytesMax + 1)
    let length = 0
    for (let read = 1; read > 0 && length < bytes.length; length += read) {
      read = (await file.read(bytes, length)).bytesRead
    }
    return bytes.toString("latin1", 0, length)
  } finally {
    await file.close()
  }
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca
  } catch {
    return false
  }
}
