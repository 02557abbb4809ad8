/** Webhooks, behind `kh.webhooks`: whom the node tells what becomes of a partition's requests. */

import type { CreatedWebhook, TestedWebhook, Webhook, WebhookEvent } from "./api.generated.ts"
import type { Keyhold } from "./keyhold.ts"

export class Webhooks {
  readonly #client: Keyhold

  constructor(client: Keyhold) {
    this.#client = client
  }

  /** Registers one; the secret in the answer is shown this once. All events when none are named. */
  create(url: string, events?: readonly WebhookEvent[]): Promise<CreatedWebhook> {
    return this.#client.call("createWebhook", { body: { url, events } })
  }

  async list(): Promise<readonly Webhook[]> {
    return (await this.#client.call("listWebhooks")).items
  }

  async delete(id: string): Promise<void> {
    await this.#client.call("deleteWebhook", { params: { webhook: id } })
  }

  /** Sends it a message that says nothing, at once. */
  test(id: string): Promise<TestedWebhook> {
    return this.#client.call("testWebhook", { params: { webhook: id } })
  }
}
