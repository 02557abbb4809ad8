/** Two workers and a keyholder: one truth, whoever is asked, and whoever dies. */

import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, suite, test } from "node:test"
import { setTimeout as pause } from "node:timers/promises"

import { splitLines, verifyExport } from "../../src/audit/verify.ts"
import type { DevFile } from "../../src/daemon/dev.ts"
import { kmsClient } from "../support/aws.ts"
import { approvedCall, guardedKey } from "../support/brought-calls.ts"
import { startDaemon, type Daemon } from "../support/process.ts"
import { base64, fields, restClient, type RestClient } from "../support/rest-client.ts"

let data: string
let daemon: Daemon
let dev: DevFile
/** Each on a connection of its own: the kernel deals them out to the workers. */
let clients: RestClient[]

const plaintext = base64("one truth")
const connections = 12

suite("a node of several processes", () => {
  before(async () => {
    data = await mkdtemp(join(tmpdir(), "keyhold-workers-"))
    await start(2)
  })
  after(async () => {
    for (const client of clients) client.close()
    if (daemon.process.exitCode === null) await daemon.stop("SIGKILL")
    await rm(data, { recursive: true })
  })

  test("both workers serve one key, each with a chain of its own", bothServe)
  test("the keyholder has no connection to any network", noNetwork)
  test("a key disabled through one is refused by all before the answer", disabled)
  test("a token revoked through one is refused by all before the answer", revoked)
  test("a key's policy and a grant's end hold in all before the answer", keyAccess)
  test("a deleted key's ciphertext opens nowhere, and its handle is closed", deleted)
  test("a budget of a key's rule is of all workers together", ruleBudget)
  test("approvals that a call brings are good for once, whichever worker is asked", broughtCalls)
  test("a quota holds for all workers together", quota)
  test("metrics are of all processes together", metrics)
  test("a worker that is killed takes nobody down and is started again", killWorker)
  test("the log of all chains lists, pages and verifies; without one it does not", wholeLog)
  test("a node that is told to ends without an error, its last state anchored", cleanEnd)
  test("sealing leaves no worker with a key", sealed)
  test("chains of workers that are no more stay in the log", fewerWorkers)
  test("the keyholder's death ends its workers", killKeyholder)
})

async function start(workers: number): Promise<void> {
  daemon = await startDaemon(["dev", "--data", data, "--port", "0", "--workers", String(workers)])
  dev = JSON.parse(await readFile(join(data, "dev.json"), "utf8")) as DevFile // Our own file.
  clients = Array.from({ length: connections }, () => restClient(dev, { maxSockets: 1 }))
}

function clientAt(index: number): RestClient {
  const client = clients[index % connections]
  assert.ok(client !== undefined)
  return client
}

async function create(name: string, algorithm = "AES_256"): Promise<string> {
  const key = await clientAt(0).call(dev.tokens.manager, "POST /keys", { name, algorithm })
  return String(key["id"])
}

/** The status of one encryption on every connection at once. */
async function encryptEverywhere(key: string, token = dev.tokens.user): Promise<number[]> {
  const sent = clients.map((client) =>
    client.send("POST", `/api/v1/keys/${key}/encrypt`, { token, body: { plaintext } }),
  )
  return (await Promise.all(sent)).map(({ status }) => status)
}

async function records(query = ""): Promise<readonly Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = []
  for (let after = ""; ;) {
    const page = await clientAt(0).call<{ items: Record<string, unknown>[]; next?: string }>(
      dev.tokens.auditor,
      `GET /audit/records?limit=50${query}${after}`,
    )
    found.push(...page.items)
    if (page.next === undefined) return found
    after = `&after=${page.next}`
  }
}

/** What the API shows of the rule is what was asked for. */
async function ruleBudget(): Promise<void> {
  const budget = { operations: 20, periodSeconds: 31_622_400 }
  const token = { name: "small", groups: [], budget }
  const rules = { use: { tokens: [token] } }
  const body = { name: "budgeted", algorithm: "AES_256", rules }
  const made = await clientAt(0).call(dev.tokens.manager, "POST /keys", body)
  const shown = { ...token, timelockSeconds: 0, timeoutSeconds: 0 }
  assert.deepEqual(made["rules"], { use: { tokens: [shown] } })
  const codes: number[] = []
  for (let round = 0; round < 4; round++) codes.push(...(await encryptEverywhere("budgeted")))
  assert.equal(codes.filter((status) => status === 200).length, 20, codes.join())
  assert.equal(new Set(codes).size, 2)
}

async function bothServe(): Promise<void> {
  const key = await create("shared")
  const sealed = await clientAt(0).call(dev.tokens.user, `POST /keys/${key}/encrypt`, { plaintext })
  for (const client of clients) {
    const opened = await client.call(dev.tokens.user, "POST /decrypt", {
      ciphertext: sealed["ciphertext"],
    })
    assert.equal(opened["plaintext"], plaintext)
  }
  const used = await clientAt(0).call(dev.tokens.manager, `GET /keys/${key}/last-use`)
  assert.equal(used["operation"], "key.decrypt")
  const chains = new Set((await records("&act=key.decrypt")).map(({ chain }) => chain))
  assert.equal(chains.size, 2, "the kernel deals twelve connections out to both")
}

function noNetwork(): void {
  const { pid = 0 } = daemon.process
  const held = readdirSync(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`))
  const inet = ["tcp", "tcp6", "udp", "udp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "latin1")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[9]),
  )
  assert.deepEqual(
    held.filter((one) => inet.includes(/^socket:\[(\d+)\]$/.exec(one)?.[1] ?? "none")),
    [],
  )
}

function link(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return "" // Closed meanwhile.
  }
}

/** Encrypts on all connections until told to stop; what was sent after that has to be refused. */
async function whileBusy(key: string, token: string | undefined, change: () => Promise<void>) {
  let changed = false
  const late: number[] = []
  const busy = clients.map(async (client) => {
    for (let after = 0; after < 3;) {
      const isLate = changed
      const options = { token, body: { plaintext } }
      const { status } = await client.send("POST", `/api/v1/keys/${key}/encrypt`, options)
      if (isLate) {
        after += 1
        late.push(status)
      }
    }
  })
  await pause(100)
  await change()
  changed = true
  await Promise.all(busy)
  return late
}

async function disabled(): Promise<void> {
  const key = await create("to-disable")
  for (let round = 0; round < 5; round++) {
    const late = await whileBusy(key, dev.tokens.user, async () => {
      await clientAt(round).call(dev.tokens.manager, `POST /keys/${key}/disable`)
    })
    assert.deepEqual(new Set(late), new Set([409]), "a disabled key was used")
    await clientAt(round + 1).call(dev.tokens.manager, `POST /keys/${key}/enable`)
    assert.deepEqual(new Set(await encryptEverywhere(key)), new Set([200]))
  }
}

async function revoked(): Promise<void> {
  const key = await create("to-revoke")
  for (let round = 0; round < 3; round++) {
    const body = { name: `guest-${round}`, roles: ["user"], credential: { kind: "token" } }
    const { principal, token } = await clientAt(1).call<{
      principal: { id: string }
      token: string
    }>(dev.tokens.officer, "POST /principals", body)
    const late = await whileBusy(key, token, async () => {
      const path = `DELETE /principals/${principal.id}`
      await clientAt(round).call(dev.tokens.officer, path)
    })
    assert.deepEqual(new Set(late).difference(new Set([401, 429])), new Set())
  }
}

async function keyAccess(): Promise<void> {
  const kms = kmsClient(dev)
  const KeyId = await create("access")
  const account = dev.aws.accountId
  const made = await clientAt(0).call(dev.tokens.officer, "POST /principals", {
    name: "guest",
    roles: ["user"],
    grants: [{ keyNames: "none-*" }],
    credential: { kind: "token" },
  })
  const guest = String(made["token"])
  assert.deepEqual(new Set(await encryptEverywhere(KeyId, guest)), new Set([403]))
  const grant = { KeyId, GranteePrincipal: `arn:aws:iam::${account}:user/guest` }
  const { GrantId } = await kms.send("CreateGrant", { ...grant, Operations: ["Encrypt"] })
  assert.deepEqual(new Set(await encryptEverywhere(KeyId, guest)), new Set([200]))
  await kms.send("RevokeGrant", { KeyId, GrantId })
  assert.deepEqual(new Set(await encryptEverywhere(KeyId, guest)), new Set([403]))
  assert.deepEqual(new Set(await encryptEverywhere(KeyId)), new Set([200]))
  const allow = { Effect: "Allow", Principal: { AWS: account }, Action: "kms:*", Resource: "*" }
  const deny = { ...allow, Effect: "Deny", Action: "kms:Encrypt" }
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow, deny] })
  await kms.send("PutKeyPolicy", { KeyId, Policy })
  assert.deepEqual(new Set(await encryptEverywhere(KeyId)), new Set([403]))
  kms.destroy()
}

async function deleted(): Promise<void> {
  const key = await create("to-delete")
  const made = await clientAt(0).call(dev.tokens.user, `POST /keys/${key}/encrypt`, { plaintext })
  assert.deepEqual(new Set(await encryptEverywhere(key)), new Set([200]))
  await clientAt(0).call(dev.tokens.manager, `DELETE /keys/${key}?windowSeconds=0`)
  for (const client of clients) {
    const options = { token: dev.tokens.user, body: { ciphertext: made["ciphertext"] } }
    const { status } = await client.send("POST", "/api/v1/decrypt", options)
    assert.ok(status >= 400, `status ${status}`)
  }
}

async function broughtCalls(): Promise<void> {
  const key = await guardedKey(clientAt(0), dev, "brought")
  const body = await approvedCall(clientAt(1), dev, key)
  const sent = clients.map((client) =>
    client.send("POST", "/api/v1/calls", { token: dev.tokens.user, body }),
  )
  const statuses = (await Promise.all(sent)).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 200).length, 1)
  assert.equal(statuses.filter((status) => status === 409).length, clients.length - 1)
}

async function quota(): Promise<void> {
  const key = await create("metered")
  const path = `PATCH /partitions/${dev.partition}`
  await clientAt(0).call(dev.tokens.operator, path, { quota: { operationsPerSecond: 20 } })
  await pause(1_100) // What was leased at the old rate is used up, or forgotten.
  const startedAt = performance.now()
  let allowed = 0
  for (let round = 0; round < 10; round++) {
    allowed += (await encryptEverywhere(key)).filter((status) => status === 200).length
  }
  const seconds = (performance.now() - startedAt) / 1_000
  await clientAt(0).call(dev.tokens.operator, path, { quota: { operationsPerSecond: 100_000 } })
  await pause(100) // Who had found nothing left asks again.
  assert.ok(allowed >= 10, `${allowed} were allowed`)
  // One second's worth at once, then as many as come in; and what two workers had leased.
  assert.ok(allowed <= 20 + 20 * seconds + 4, `${allowed} of 120 in ${seconds} s`)
}

async function metrics(): Promise<void> {
  const before = await encryptCount()
  await encryptEverywhere("metered")
  assert.equal((await encryptCount()) - before, connections)
}

async function encryptCount(): Promise<number> {
  const { text } = await clientAt(0).send("GET", "/metrics")
  const pattern = /^keyhold_request_duration_seconds_count\{operation="encrypt"\} (\d+)$/m
  assert.match(text, /^keyhold_sealed 0$/m)
  assert.match(text, /^keyhold_event_loop_delay_seconds\{quantile="1"\} /m)
  return Number(pattern.exec(text)?.[1])
}

function workerPids(): number[] {
  const { pid = 0 } = daemon.process
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n")
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === pid && /worker\.ts/.test(args.join(" ")))
    .map(([own]) => Number(own))
}

async function killWorker(): Promise<void> {
  const key = await create("survives")
  const lastSeen = await create("seen-before")
  await clientAt(1).call(dev.tokens.user, `POST /keys/${lastSeen}/encrypt`, { plaintext })
  const [victim = 0] = workerPids()
  process.kill(victim, "SIGKILL")
  let served = 0
  for (let round = 0; round < 20 && served < 20; round++) {
    const sent = clients.map(
      (client) =>
        client
          .send("POST", `/api/v1/keys/${key}/encrypt`, {
            token: dev.tokens.user,
            body: { plaintext },
          })
          .then(
            ({ status }) => status,
            () => 0,
          ), // Cut off with its worker: sent again on another.
    )
    served += (await Promise.all(sent)).filter((status) => status === 200).length
  }
  assert.ok(served >= 20, "the other worker went on")
  for (let tries = 0; workerPids().length < 2 && tries < 100; tries++) await pause(100)
  assert.equal(workerPids().length, 2)
  for (let tries = 0; tries < 100; tries++) {
    if ((await clientAt(0).send("GET", "/health/ready")).status === 200) break
    await pause(100)
  }
  const used = await clientAt(0).call(dev.tokens.manager, `GET /keys/${lastSeen}/last-use`)
  assert.equal(used["operation"], "key.encrypt", "the log has what the worker's memory had")
  assert.deepEqual(new Set(await encryptEverywhere(key)), new Set([200]))
  const of = (await records("&act=key.encrypt")).filter(({ keyId }) => keyId === key)
  const recorded = of.reduce((sum, { count = 1 }) => sum + Number(count), 0)
  assert.ok(recorded >= served + connections, "every answer is in a record")
}

async function exported(): Promise<string> {
  const token = dev.tokens.auditor
  return (await clientAt(0).send("GET", "/api/v1/audit/export", { token })).text
}

async function wholeLog(): Promise<void> {
  await pause(5_500) // Checkpoints name the other chains' heads from the second one on.
  await encryptEverywhere("survives")
  const text = await exported()
  const report = await verifyExport(splitLines([text]))
  assert.deepEqual(report.problems, [])
  assert.equal(report.chains.length, 3)
  const listed = await records()
  assert.ok(listed.length >= report.records, "each page read is one more record")
  assert.equal(
    new Set(listed.map(({ chain, index }) => `${String(chain)}/${String(index)}`)).size,
    listed.length,
  )
  const second = text.indexOf('"keyhold/audit-export/v1"', 100)
  const withoutFirst = text.slice(text.lastIndexOf("\n", second) + 1)
  const cut = await verifyExport(splitLines([withoutFirst]))
  assert.match(cut.problems.join(), /the export of chain .* is missing/)
}

async function cleanEnd(): Promise<void> {
  const before = daemon.errors().length
  const { code, ms } = await daemon.stop()
  assert.equal(code, 0)
  assert.ok(ms < 5_000, "nobody waits for workers that have ended")
  assert.doesNotMatch(daemon.errors().slice(before), /schedule\.failed/)
  assert.deepEqual(workerPids(), [])
  await start(2)
}

async function sealed(): Promise<void> {
  await clientAt(0).call(dev.tokens.operator, "POST /seal")
  assert.deepEqual(new Set(await encryptEverywhere("survives")), new Set([503]))
  assert.equal(fields(await clientAt(1).send("GET", "/api/v1/seal-status"))["sealed"], true)
  const { code } = await daemon.stop()
  assert.equal(code, 0)
  assert.deepEqual(workerPids(), [])
}

async function fewerWorkers(): Promise<void> {
  await start(0)
  assert.deepEqual(new Set(await encryptEverywhere("survives")), new Set([200]))
  const report = await verifyExport(splitLines([await exported()]))
  assert.deepEqual(report.problems, [])
  assert.equal(report.chains.length, 3)
  await daemon.stop()
}

async function killKeyholder(): Promise<void> {
  await start(2)
  assert.deepEqual(new Set(await encryptEverywhere("survives")), new Set([200]))
  const pids = workerPids()
  assert.equal(pids.length, 2)
  await daemon.stop("SIGKILL")
  for (let tries = 0; pids.some(isAlive) && tries < 50; tries++) await pause(100)
  assert.ok(!pids.some(isAlive))
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"))
  } catch {
    return false
  }
}
