/** `keyhold webhook ...`: whom the node tells what becomes of requests. */

import type { Webhook } from "@keyhold/sdk"
import type { Command } from "../command.ts"
import { CliError } from "../failure.ts"
import type { Columns } from "../output.ts"
import { webhookEvents as events } from "../vocabulary.ts"

const columns: Columns<Webhook> = [
  ["id", ({ id }) => id],
  ["url", ({ url }) => url],
  ["events", (webhook) => webhook.events.join(", ")],
  ["created at", ({ createdAt }) => createdAt],
]

export const webhookCommands: readonly Command[] = [
  {
    usage: "webhook create <address>",
    summary: "Tell a server what becomes of requests",
    description:
      "Messages are signed as Standard Webhooks has it. Their secret is shown once: it goes to " +
      "standard output, alone.",
    options: [["--event <event...>", `one of ${events.join(", ")}; all unless given`]],
    example: "keyhold webhook create https://hooks.example.com/keyhold > webhook.secret",
    async run({ out, connect }, input) {
      const kh = await connect()
      const made = await kh.webhooks.create(input.text("address"), input.someOf("event", events))
      out.note(`webhook ${made.webhook.id}`)
      await out.document(made, made.secret)
    },
  },
  {
    usage: "webhook list",
    summary: "List the partition's webhooks",
    example: "keyhold webhook list",
    async run({ out, connect }) {
      const kh = await connect()
      await out.table([...(await kh.webhooks.list())], columns)
    },
  },
  {
    usage: "webhook test <webhook>",
    summary: "Send a webhook a message that says nothing",
    example: "keyhold webhook test 01k2v7x9q4m8w3r5t6y1z0h00k",
    async run({ out, connect }, input) {
      const kh = await connect()
      const tested = await kh.webhooks.test(input.text("webhook"))
      const { delivered, status } = tested
      const said = status === undefined ? "there was no answer" : `it answered ${status}`
      if (!delivered) throw new CliError("FAILED", said, "https, a public address, 2xx in 10 s")
      await out.document(tested, `delivered: ${said}`)
    },
  },
  {
    usage: "webhook delete <webhook>",
    summary: "Tell a server no more",
    example: "keyhold webhook delete 01k2v7x9q4m8w3r5t6y1z0h00k",
    async run({ out, connect }, input) {
      const kh = await connect()
      const webhook = input.text("webhook")
      await kh.webhooks.delete(webhook)
      await out.document({ deleted: webhook }, `deleted ${webhook}`)
    },
  },
]
