/** A production node, from the ceremony on: founded, sealed, opened by custodians, sealed again. */

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, suite, test } from "node:test"

import { keyhold, startDaemon, type Daemon } from "../support/process.ts"
import { base64, fields, restClient, type RestClient } from "../support/rest-client.ts"

const main = join(import.meta.dirname, "../../src/daemon/main.ts")
const custodians = ["anna", "ben", "carl"]

let folder: string
let daemon: Daemon
let client: RestClient
let url: string
let operator: string
let user: string
let ciphertext: unknown

suite("a ceremony and its node", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhold-ceremony-"))
    await found()
    await start()
  })
  after(async () => {
    client.close()
    await daemon.stop("SIGKILL")
    await rm(folder, { recursive: true })
  })

  test("a started node is sealed, and answers only what needs no key", checkSealed)
  test("too few, repeated and wrong shares leave it sealed", checkShares)
  test("enough shares open it, and keys can be used", checkUnseal)
  test("sealed by its operator, it refuses at once, and opens again with its data", checkSeal)
  test("a restarted node is sealed again, and opens with its data", checkRestart)
})

const at = (name: string): string => join(folder, name)

async function found(): Promise<void> {
  await writeFile(at("password"), "correct horse battery\n", { mode: 0o600 })
  const recipients = []
  for (const name of [...custodians, "eve"]) {
    const files = ["--out", at(`${name}.khc`), "--password-file", at("password")]
    const made = await keyhold(["custodian", "new", ...files])
    if (name !== "eve") recipients.push({ name, key: made["publicKey"] })
  }
  const settings = {
    data: "data",
    listen: { port: 0 },
    rootOfTrust: { kind: "shares" },
    custodians: { scheme: "shamir", threshold: 2, recipients },
    metrics: { open: true },
    log: { level: "error" },
  }
  await writeFile(at("keyhold.yaml"), JSON.stringify(settings))
  const options = ["--config", at("keyhold.yaml"), "--shares", at("shares")]
  const tokens = ["--tokens-out", at("tokens")]
  const { status, stderr } = spawnSync(process.execPath, [main, "init", ...options, ...tokens])
  assert.equal(status, 0, String(stderr))
  operator = /kh1_0{26}_\w+/.exec(await readFile(at("tokens"), "utf8"))?.[0] ?? ""
}

async function start(): Promise<void> {
  daemon = await startDaemon(["serve", "--config", at("keyhold.yaml")])
  const [, port] = /port (\d+)/.exec(daemon.ready) ?? []
  url = `https://localhost:${port}`
  client = restClient({ url, caFile: at("data/ca.crt") })
}

/** A custodian brings a share, with his own key or another's. */
async function bring(name: string, keyOf = name) {
  const share = [at(`shares/share-${name}.khs`), "--key", at(`${keyOf}.khc`)]
  const node = ["--url", url, "--ca-file", at("data/ca.crt")]
  return await keyhold(["unseal", ...share, "--password-file", at("password"), ...node])
}

async function status(path: string, token?: string): Promise<number> {
  return (await client.send("GET", path, { token })).status
}

async function decrypts(): Promise<boolean> {
  const opened = await client.call(user, "POST /decrypt", { ciphertext })
  return opened["plaintext"] === base64("text")
}

async function checkSealed(): Promise<void> {
  assert.match(daemon.ready, /sealed/)
  for (const path of ["/health/live", "/metrics", "/api/v1/version", "/api/v1/seal-status"]) {
    assert.equal(await status(path), 200, path)
  }
  const ready = await client.send("GET", "/health/ready")
  assert.deepEqual([ready.status, fields(ready)["ready"]], [503, false])
  for (const path of ["whoami", "keys", "partitions", "audit/records"]) {
    const answer = await client.send("GET", `/api/v1/${path}`, { token: operator })
    assert.deepEqual([answer.status, fields(answer)["code"]], [503, "SEALED"])
  }
  const seal = await client.send("GET", "/api/v1/seal-status")
  assert.deepEqual([fields(seal)["sharesReceived"], fields(seal)["threshold"]], [0, 2])
}

async function checkShares(): Promise<void> {
  await assert.rejects(bring("anna", "eve"))
  const forged = { share: base64(new Uint8Array(200)) }
  const refused = await client.send("POST", "/api/v1/unseal", { body: forged })
  assert.deepEqual([refused.status, fields(refused)["code"]], [403, "UNSEAL_REFUSED"])
  assert.equal((await bring("anna"))["sharesReceived"], 1)
  assert.equal((await bring("anna"))["sharesReceived"], 1)
  assert.equal(await status("/health/ready"), 503)
  assert.equal(await status("/api/v1/whoami", operator), 503)
}

async function checkUnseal(): Promise<void> {
  assert.equal((await bring("carl"))["state"], "operational")
  assert.equal(await status("/health/ready"), 200)
  const made = await client.call<{ token: string }>(operator, "POST /partitions", { name: "shop" })
  const principal = async (role: string) => {
    const body = { name: role, roles: [role], credential: { kind: "token" } }
    return (await client.call<{ token: string }>(made.token, "POST /principals", body)).token
  }
  const manager = await principal("manager")
  user = await principal("user")
  await client.call(manager, "POST /keys", { name: "orders", algorithm: "AES_256" })
  const text = { plaintext: base64("text") }
  ciphertext = (await client.call(user, "POST /keys/orders/encrypt", text))["ciphertext"]
  assert.ok(await decrypts())
}

async function checkSeal(): Promise<void> {
  await writeFile(at("operator"), operator, { mode: 0o600 })
  const options = ["--url", url, "--ca-file", at("data/ca.crt"), "--token-file", at("operator")]
  assert.equal((await keyhold(["seal", ...options]))["state"], "sealed")
  assert.equal(await status("/api/v1/whoami", user), 503)
  assert.equal(await status("/health/ready"), 503)
  await bring("ben")
  assert.equal(await status("/api/v1/whoami", user), 503)
  assert.equal((await bring("carl"))["state"], "operational")
  assert.ok(await decrypts())
}

async function checkRestart(): Promise<void> {
  const { code } = await daemon.stop()
  assert.equal(code, 0)
  client.close()
  await start()
  assert.equal(await status("/api/v1/whoami", user), 503)
  await bring("anna")
  assert.equal((await bring("ben"))["state"], "operational")
  assert.ok(await decrypts())
}
