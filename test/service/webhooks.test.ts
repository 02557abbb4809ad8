/** Webhooks over real records and a real HTTPS receiver: told at least once, of nothing secret. */

import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import type { IncomingHttpHeaders, ServerResponse } from "node:http"
import { test, type TestContext } from "node:test"

import { limits } from "../../src/domain/limits.ts"
import { paths } from "../../src/records/kinds.ts"
import { createKey } from "../../src/service/create-key.ts"
import { makeRequest } from "../../src/service/make-request.ts"
import type { CreateWebhookCommand, RequestView } from "../../src/service/quorum-commands.ts"
import { cancelRequest, speakOnRequest } from "../../src/service/speak-request.ts"
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  testWebhook,
} from "../../src/service/webhooks.ts"
import { webhookEvents } from "../../src/domain/webhook.ts"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import { newApprover, quorumOf } from "../support/approvers.ts"
import { serveHttps } from "../support/https-server.ts"
import { contextOf, foundCluster, newPartition, openCluster, type Stack } from "../support/stack.ts"
import { wordOf } from "./request-fixture.ts"

const secretMessage = Buffer.from("pay 100 to Dora")
const anna = newApprover("Anna")

interface Got {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A promise: the receiver takes its time. */
type Status = number | "none" | Promise<number>

async function answer(response: ServerResponse, wanted: Status): Promise<void> {
  const status = await wanted
  if (status === "none") response.destroy()
  else response.writeHead(status).end()
}

/** A partition with a receiver that answers by `statuses`, then with 204 for good. */
async function scene(context: TestContext, statuses: Status[] = []) {
  const got: Got[] = []
  const { ca, port } = await serveHttps(context, (request, response) => {
    const pieces: Buffer[] = []
    request.on("data", (piece: Buffer) => pieces.push(piece))
    request.on("end", () => {
      got.push({ headers: request.headers, body: Buffer.concat(pieces).toString() })
      void answer(response, statuses.shift() ?? 204)
    })
  })
  const store = openMemoryStore()
  const cluster = await foundCluster(store)
  context.after(() => cluster.remove())
  const webhooks = { ca, allowPrivate: true }
  const url = `https://localhost:${port}/hook`
  const open = () => openCluster(cluster, { store, webhooks })
  let stack = await open()
  const partition = await newPartition(stack, "a")
  const as = (role: Parameters<typeof contextOf>[0]) => contextOf(role, partition)
  const self = {
    got,
    url,
    partition,
    as,
    clock: cluster.clock,
    get stack(): Stack {
      return stack
    },
    async restart() {
      await stack.ports.webhooks.stop()
      stack = await open()
    },
    hook: (fields: Partial<CreateWebhookCommand> = {}) =>
      createWebhook(stack.ports, as("officer"), { url, events: webhookEvents, ...fields }),
    async ask(): Promise<RequestView> {
      const rules = { use: quorumOf(1, [anna]) }
      const name = `key-${cluster.clock.now()}-${stack.audit.events.length}`
      const template = { name, algorithm: "EC_P256", rules } as const
      const { id: key } = await createKey(stack.ports, as("manager"), template)
      return await makeRequest(stack.ports, as("user"), {
        asked: { operation: "key.sign", parameters: { key, message: secretMessage } },
        reason: "Invoice 4711",
      })
    },
    approve: (view: RequestView) => speakOnRequest(stack.ports, as("approver"), wordOf(view, anna)),
    /** Lets the node tell, until nothing is under way. */
    async tick() {
      for (let turn = 0; turn < 3; turn++) {
        await stack.ports.webhooks.tick()
        await stack.ports.webhooks.idle()
      }
    },
    types: () => got.map(({ body }) => (JSON.parse(body) as { type: string }).type),
    /** As somebody does who has the store. */
    async rewrite(value: Uint8Array) {
      for (const { key } of await self.waiting()) {
        await stack.ports.records.commit(partition, { changes: [], rows: [{ put: key, value }] })
      }
    },
    async waiting() {
      const prefix = `p/${partition}/o/`
      return (await store.scan(prefix, { limit: 1_000 })).entries
    },
  }
  return self
}

test("who is told: created, approved, executed, in that order, each signed", async (context) => {
  const on = await scene(context)
  const { secret } = await on.hook()
  const view = await on.ask()
  await on.approve(view)
  await on.tick()
  assert.deepEqual(on.types(), ["request.created", "request.approved", "request.executed"])
  assert.deepEqual(await on.waiting(), [])
  const key = Buffer.from(secret.replace("whsec_", ""), "base64")
  for (const { headers, body } of on.got) {
    const { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": signed } = headers
    const text = `${String(id)}.${String(seconds)}.${body}`
    assert.equal(signed, `v1,${createHmac("sha256", key).update(text).digest("base64")}`)
    assert.equal(Number(seconds), Math.floor(on.clock.now() / 1_000))
  }
  const last = JSON.parse(on.got.at(-1)?.body ?? "") as { data: Record<string, unknown> }
  assert.equal(last.data["id"], view.request.id)
  assert.equal(last.data["state"], "executed")
})

test("no message has what is asked for, what came out of it, or why", async (context) => {
  const on = await scene(context)
  await on.hook()
  const view = await on.ask()
  const done = await on.approve(view)
  await on.tick()
  assert.equal(done.request.state, "executed")
  const { result } = await on.stack.ports.records
    .read("request", on.partition, view.request.id)
    .then((record) => record ?? assert.fail("gone"))
  const { signature } = result as { signature: Uint8Array } // What `sign` answers.
  const all = on.got.map(({ body, headers }) => body + JSON.stringify(headers)).join("\n")
  assert.ok(all.includes(view.request.id))
  for (const bytes of [secretMessage, signature, anna.publicKey]) {
    for (const text of [bytes.toString(), Buffer.from(bytes).toString("base64")]) {
      assert.ok(!all.includes(text), "a message gives it away")
    }
  }
  assert.ok(!all.includes("Invoice 4711"))
})

test("a webhook is told of the events that it names alone", async (context) => {
  const on = await scene(context)
  await on.hook({ events: ["cancelled"] })
  const { request } = await on.ask()
  await on.ask()
  await cancelRequest(on.stack.ports, on.as("user"), request.id)
  await on.tick()
  assert.deepEqual(on.types(), ["request.cancelled"])
})

test("until it says 2xx a receiver is asked again, later and later, in order", async (context) => {
  const on = await scene(context, [500, 301, "none", 410])
  await on.hook()
  const view = await on.ask()
  await on.approve(view)
  await on.tick()
  assert.equal(on.got.length, 1, "not at once")
  for (const wait of limits.webhookRetriesMs.slice(0, 4)) {
    const before: number = on.got.length
    on.clock.advance(wait - 1)
    await on.tick()
    assert.equal(on.got.length, before, "not before its time")
    on.clock.advance(1)
    await on.tick()
    assert.ok(on.got.length > before)
  }
  assert.deepEqual(on.types().slice(0, 5), Array(5).fill("request.created"))
  const ids = on.got.slice(0, 5).map(({ headers }) => headers["webhook-id"])
  assert.equal(new Set(ids).size, 1, "by its id the receiver knows that it is the same")
  assert.deepEqual(on.types().slice(5), ["request.approved", "request.executed"])
})

test("what was not told before a restart is told after it", async (context) => {
  const on = await scene(context, [500])
  await on.hook()
  await on.ask()
  await on.tick()
  assert.equal((await on.waiting()).length, 1)
  await on.restart()
  on.clock.advance(limits.webhookRetriesMs[0])
  await on.tick()
  assert.deepEqual(on.types(), ["request.created", "request.created"])
  assert.deepEqual(await on.waiting(), [])
})

test("a restart neither hurries the next try nor begins the waits anew", async (context) => {
  const on = await scene(context, [500, 500, 500])
  await on.hook()
  await on.ask()
  await on.tick()
  for (const wait of limits.webhookRetriesMs.slice(0, 3)) {
    const before = on.got.length
    await on.restart()
    on.clock.advance(wait - 1)
    await on.tick()
    assert.equal(on.got.length, before, "not before its time")
    on.clock.advance(1)
    await on.tick()
    assert.equal(on.got.length, before + 1)
  }
  assert.deepEqual(await on.waiting(), [])
})

test("a failure that ends after its webhook was deleted leaves no row", async (context) => {
  const late = Promise.withResolvers<number>()
  const on = await scene(context, [late.promise])
  const { webhook } = await on.hook()
  await on.ask()
  await on.stack.ports.webhooks.tick()
  while (on.got.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await deleteWebhook(on.stack.ports, on.as("officer"), webhook.id)
  late.resolve(500)
  await on.stack.ports.webhooks.idle()
  assert.deepEqual(await on.waiting(), [])
})

test("what the store says of tries is believed no more than one failure", async (context) => {
  for (const [said, latest] of [
    [Buffer.from("ffffffffffffff", "hex"), limits.webhookRetriesMs.at(-1)],
    [Buffer.from("01ffffffffffff", "hex"), limits.webhookRetriesMs[0]],
    [Buffer.from("ffff", "hex"), 0],
  ] as const) {
    const on = await scene(context, [500])
    await on.hook()
    await on.ask()
    await on.tick()
    await on.rewrite(said)
    await on.restart()
    await on.tick()
    assert.equal(on.got.length, latest === 0 ? 2 : 1)
    on.clock.advance(latest ?? 0)
    await on.tick()
    assert.equal(on.got.length, 2)
  }
})

test("a crash before anything was told loses nothing", async (context) => {
  const on = await scene(context)
  await on.hook()
  await on.approve(await on.ask())
  await on.restart()
  await on.tick()
  assert.deepEqual(on.types(), ["request.created", "request.approved", "request.executed"])
})

test("a slow receiver holds up neither requests nor other webhooks", async (context) => {
  const on = await scene(context)
  const stuck = await serveHttps(context, () => {})
  await on.hook({ url: `https://localhost:${stuck.port}/` })
  await on.hook({ events: ["created"] })
  const startedAt = performance.now()
  await on.ask()
  await on.stack.ports.webhooks.tick()
  while (on.got.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(performance.now() - startedAt < limits.webhookTimeoutMs / 2)
  await on.stack.ports.webhooks.stop()
})

test("a line is bounded, and the log says how much was told nobody", async (context) => {
  const on = await scene(context, [500])
  const { webhook } = await on.hook({ events: ["created"] })
  await on.ask()
  await on.tick()
  const { store } = on.stack.ports.records
  const [row] = await on.waiting()
  assert.ok(row !== undefined)
  const now = on.clock.now()
  const request = row.key.split("/").at(-1)?.split(".")[0] ?? ""
  const more = Array.from({ length: limits.webhookWaitingMax - 1 }, (_, n) => ({
    put: paths.telling(on.partition, webhook.id, now + n + 1, `${request}.0.created`),
    value: new Uint8Array(0),
  }))
  await store.commit({ opId: "fill", when: [], then: more })
  await on.restart()
  await on.stack.ports.webhooks.find()
  await on.ask()
  assert.equal((await on.waiting()).length, limits.webhookWaitingMax, "no row for this one")
  on.clock.advance(limits.webhookRetriesMs[0])
  await on.tick()
  const [lost] = on.stack.audit.of("system.webhook-lost", "done")
  assert.deepEqual([lost?.target, lost?.note], [webhook.id, "1 full"])
})

test("what could not be told for days is given up, and the log says so", async (context) => {
  const on = await scene(context, [500])
  await on.hook({ events: ["created"] })
  await on.ask()
  await on.tick()
  on.clock.advance(limits.webhookKeepMs + 1)
  await on.tick()
  assert.equal(on.got.length, 1)
  assert.deepEqual(await on.waiting(), [])
  assert.equal(on.stack.audit.of("system.webhook-lost", "done")[0]?.note, "1 late")
})

test("rows that a hostile store writes tell nothing that has not happened", async (context) => {
  const on = await scene(context)
  const { webhook } = await on.hook()
  const { request } = await on.ask()
  await on.tick()
  const now = on.clock.now()
  const rows = ["executed", "rejected", "nonsense", "approved"].map((event, n) => ({
    put: paths.telling(on.partition, webhook.id, now + n, `${request.id}.0.${event}`),
    value: new Uint8Array(0),
  }))
  const none = paths.telling(on.partition, webhook.id, now, "7zzzzzzzzzzzzzzzzzzzzzzzzz.0.created")
  await on.stack.ports.records.store.commit({
    opId: "forge",
    when: [],
    then: [...rows, { put: none, value: new Uint8Array(0) }],
  })
  await on.restart()
  await on.tick()
  assert.deepEqual(on.types(), ["request.created"])
  assert.deepEqual(await on.waiting(), [])
})

test("webhooks are the officers': tested, bounded, deleted", async (context) => {
  const on = await scene(context, [204, 500])
  const { ports } = on.stack
  const officer = on.as("officer")
  for (const role of ["user", "manager", "approver", "auditor"] as const) {
    await assert.rejects(listWebhooks(ports, on.as(role)), { code: "OPERATION_FORBIDDEN" })
  }
  for (const url of ["http://localhost/", "https://u:p@localhost/", "ftp://a/"]) {
    await assert.rejects(on.hook({ url }), { code: "MALFORMED_REQUEST" })
  }
  const { webhook } = await on.hook()
  assert.deepEqual(await testWebhook(ports, officer, webhook.id), { delivered: true, status: 204 })
  assert.deepEqual(await testWebhook(ports, officer, webhook.id), { delivered: false, status: 500 })
  assert.deepEqual(on.types(), ["webhook.test", "webhook.test"])
  for (let n = 1; n < limits.webhooksMax; n++) await on.hook()
  await assert.rejects(on.hook(), { code: "QUOTA_EXCEEDED" })
  await on.ask()
  await deleteWebhook(ports, officer, webhook.id)
  const left = (await on.waiting()).filter(({ key }) => key.includes(webhook.id))
  assert.deepEqual(left, [], "what waited for it is gone")
  await assert.rejects(deleteWebhook(ports, officer, webhook.id), { code: "NOT_FOUND" })
  await assert.rejects(testWebhook(ports, officer, webhook.id), { code: "NOT_FOUND" })
})

test("secrets lie sealed in the store", async (context) => {
  const on = await scene(context)
  const { secret, webhook } = await on.hook()
  const { entries } = await on.stack.ports.records.store.scan("p/", { limit: 1_000 })
  const all = Buffer.concat(entries.map(({ value }) => value))
  const text = secret.replace("whsec_", "")
  assert.ok(!all.includes(text) && !all.includes(Buffer.from(text, "base64")))
  assert.ok(!all.includes(webhook.url))
})
