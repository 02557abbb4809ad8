/** A development node as a process: it drains when told to stop, and finds its data again. */

import assert from "node:assert/strict"
import { mkdtemp, readFile, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, suite, test } from "node:test"

import type { DevFile } from "../../src/daemon/dev.ts"
import { startDaemon, type Daemon } from "../support/process.ts"
import { base64, fields, restClient, type Answer } from "../support/rest-client.ts"

let data: string
let daemon: Daemon
/** Made before the first stop. */
let ciphertext: unknown

suite("a node as a process", () => {
  before(async () => {
    data = await mkdtemp(join(tmpdir(), "keyhold-process-"))
    daemon = await start()
  })
  after(async () => {
    if (daemon.process.exitCode === null) await daemon.stop("SIGKILL")
    await rm(data, { recursive: true })
  })

  test("its files are its owner's alone", checkFiles)
  test("SIGTERM finishes what runs, takes nothing new, and ends within seconds", checkDrain)
  test("the second start has the same tokens, keys and log", checkSecondStart)
  test("kill -9 loses nothing that was acknowledged", checkKill)
  test("a second node on the same folder is refused", checkSecondNode)
})

async function checkFiles(): Promise<void> {
  for (const name of ["dev.json", "development.key", "node.key", "tls.key"]) {
    assert.equal((await stat(join(data, name))).mode & 0o077, 0, name)
  }
}

async function checkDrain(): Promise<void> {
  const dev = await devFile()
  const client = restClient(dev)
  const { manager, user } = dev.tokens
  await client.call(manager, "POST /keys", { name: "sign", algorithm: "RSA_3072" })
  await client.call(manager, "POST /keys", { name: "keep", algorithm: "AES_256" })
  const text = { plaintext: base64("text") }
  ciphertext = (await client.call(user, "POST /keys/keep/encrypt", text))["ciphertext"]
  const item = { operation: "sign", key: "sign", message: base64("text") }
  const body = { operations: Array.from({ length: 100 }, () => item) }
  const running = Array.from({ length: 4 }, () =>
    client.send("POST", "/api/v1/batch", { token: user, body }),
  )
  // An answer on another socket: by now the batches, sent before, have begun.
  await client.call(user, "POST /random", { length: 1 })
  let done = 0
  for (const one of running) void one.then(() => (done += 1))
  const stopped = daemon.stop()
  assert.ok(done < running.length, "something runs when the signal comes")
  const answers = await Promise.all(running)
  const { code, ms } = await stopped
  for (const answer of answers) {
    assert.equal(answer.status, 200)
    assert.ok(resultsOf(answer).every(({ status }) => status === 200))
  }
  assert.equal(code, 0)
  assert.ok(ms < 10_000, `${ms} ms`)
  await assert.rejects(restClient(dev).send("GET", "/health/live"), /ECONNREFUSED/)
  client.close()
}

async function checkSecondStart(): Promise<void> {
  daemon = await start()
  const dev = await devFile()
  const again = restClient(dev)
  const opened = await again.call(dev.tokens.user, "POST /decrypt", { ciphertext })
  assert.equal(opened["plaintext"], base64("text"))
  const { items } = await again.call<{ items: readonly { readonly count?: number }[] }>(
    dev.tokens.auditor,
    "GET /audit/records?act=key.sign&limit=1000",
  )
  assert.equal(items.length, 4) // One record per batch, which counts what was alike in it.
  assert.ok(items.every(({ count }) => count === 100))
  again.close()
}

async function checkKill(): Promise<void> {
  const dev = await devFile()
  const client = restClient(dev)
  const body = { name: "acknowledged", algorithm: "AES_256" }
  await client.call(dev.tokens.manager, "POST /keys", body)
  await daemon.stop("SIGKILL")
  client.close()
  daemon = await start()
  const again = restClient(await devFile())
  const key = await again.call(dev.tokens.user, "GET /keys/acknowledged")
  assert.equal(key["state"], "active")
  again.close()
}

async function checkSecondNode(): Promise<void> {
  await assert.rejects(start(), /the daemon ended/)
  const client = restClient(await devFile())
  assert.equal((await client.send("GET", "/health/ready")).status, 200)
  client.close()
}

async function start(): Promise<Daemon> {
  return await startDaemon(["dev", "--data", data, "--port", "0"])
}

async function devFile(): Promise<DevFile> {
  return JSON.parse(await readFile(join(data, "dev.json"), "utf8")) as DevFile // Our own file.
}

function resultsOf(answer: Answer): readonly { readonly status: number }[] {
  return fields(answer)["results"] as readonly { readonly status: number }[] // As the API says.
}
