/** Webhooks and approvers of the matrix, and names that nothing has yet. */

import type { RestClient } from "../support/rest-client.ts"

let count = 0

/** A name that was not used before. */
export function freshName(): string {
  count += 1
  return `name-${count}`
}

/** Where nobody listens: refused at once. */
export const nobodysUrl = "https://127.0.0.1:1/"

interface Tokens {
  readonly officer?: string
}

export async function makeWebhook(
  client: RestClient,
  { officer }: Tokens,
): Promise<{ readonly webhook: string }> {
  const made = await client.call<{ webhook: { id: string } }>(officer, "POST /webhooks", {
    url: nobodysUrl,
  })
  return { webhook: made.webhook.id }
}

export async function makeApprover(
  client: RestClient,
  { officer }: Tokens,
): Promise<{ readonly approver: string }> {
  const name = freshName()
  await client.call(officer, "POST /approvers", { name })
  return { approver: name }
}
