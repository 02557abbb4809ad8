/**
 * Webhooks of a node of several processes, registered by the command line: the keyholder has no
 * network, so a worker posts for it; what was not acknowledged survives `kill -9`.
 */

import assert from "node:assert/strict"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"

import type { DevFile } from "../../src/daemon/dev.ts"
import { guardedKey } from "../support/brought-calls.ts"
import { serveHttps } from "../support/https-server.ts"
import { startDaemon, type Daemon } from "../support/process.ts"
import { base64, restClient } from "../support/rest-client.ts"
import { run } from "../cli/fixture.ts"

test("what was not acknowledged is told again after kill -9", async (context) => {
  const data = await mkdtemp(join(tmpdir(), "keyhold-webhook-"))
  context.after(() => rm(data, { recursive: true }))
  const bodies: string[] = []
  let status = 503
  const { ca, port } = await serveHttps(context, (request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (piece: string) => (body += piece))
    request.on("end", () => {
      bodies.push(body)
      response.writeHead(status).end()
    })
  })
  const caFile = join(data, "receiver.pem")
  await writeFile(caFile, ca)
  process.env["NODE_EXTRA_CA_CERTS"] = caFile // Of the daemon that starts now.
  context.after(() => delete process.env["NODE_EXTRA_CA_CERTS"])
  const folder = join(data, "node")
  const start = (): Promise<Daemon> =>
    startDaemon(["dev", "--data", folder, "--port", "0", "--workers", "1"])
  let daemon = await start()
  context.after(() => (daemon.process.exitCode === null ? daemon.stop("SIGKILL") : undefined))
  const around = { variables: { KEYHOLD_DATA: folder } }
  const made = await run(["webhook", "create", `https://localhost:${port}/`], around)
  assert.equal(made.code, 0, made.stderr)
  assert.match(made.text, /^whsec_[A-Za-z0-9+/]{43}=\n$/)
  const id = /webhook (\S+)/.exec(made.stderr)?.[1] ?? ""
  const listed = await run(["webhook", "list"], around)
  assert.ok(listed.text.includes(id) && !listed.text.includes("whsec_"))

  const refused = await run(["webhook", "test", id], around)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /it answered 503/)
  const dev = JSON.parse(await readFile(join(folder, "dev.json"), "utf8")) as DevFile // Our own.
  const client = restClient(dev)
  const key = await guardedKey(client, dev, "payments")
  const asked = { operation: "sign", key, message: base64("pay 100 to Dora") }
  const request = await client.call(dev.tokens.user, "POST /requests", { asked })
  await until(() => bodies.some((body) => body.includes("request.created")))
  client.close()
  await daemon.stop("SIGKILL")

  status = 204
  bodies.length = 0
  daemon = await start()
  await until(() => bodies.length > 0)
  const { type, data: told } = JSON.parse(bodies[0] ?? "") as { type: string; data: object }
  assert.equal(type, "request.created")
  assert.deepEqual((told as { id: unknown }).id, request["id"])
  const tested = await run(["webhook", "test", id], around)
  assert.match(tested.text, /delivered: it answered 204/)
  const deleted = await run(["webhook", "delete", id], around)
  assert.equal(deleted.code, 0, deleted.stderr)
  assert.equal((await run(["webhook", "test", id], around)).code, 1)
})

async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 20_000; !isSo();) {
    assert.ok(performance.now() < deadline, "nobody was told")
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
