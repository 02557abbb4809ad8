import assert from "node:assert/strict"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { test } from "node:test"

import { runCli } from "../../src/cli/run.ts"
import { foundStore } from "../../src/daemon/bootstrap.ts"
import { loadConfig } from "../../src/daemon/config.ts"
import { initCluster } from "../../src/daemon/init.ts"
import { serveNode, type RunningNode } from "../../src/daemon/serve.ts"
import { systemClock, systemRandom } from "../../src/daemon/system.ts"

test("a ceremony, a start, two shares over TLS, a seal, and two shares again", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "keyhold-ceremony-"))
  t.after(async () => {
    for (const node of nodes) await node.close()
    await rm(folder, { recursive: true })
  })
  const nodes: RunningNode[] = []
  const path = (name: string) => join(folder, name)
  await writeFile(path("password"), "correct horse battery\n", { mode: 0o600 })
  const recipients = []
  for (const name of ["anna", "ben", "carl"]) {
    const made = await keyhold([
      "custodian",
      "new",
      "--out",
      path(`${name}.khc`),
      "--password-file",
      path("password"),
    ])
    recipients.push({ name, key: made["publicKey"] })
  }
  const settings = {
    data: "data",
    listen: { port: 0 },
    rootOfTrust: { kind: "shares" },
    custodians: { scheme: "shamir", threshold: 2, recipients },
    log: { level: "error" },
  }
  await writeFile(path("keyhold.yaml"), JSON.stringify(settings))
  const config = await loadConfig(path("keyhold.yaml"))
  const { tokens, clusterId } = await initCluster(
    { random: systemRandom, clock: systemClock(), bootstrap: foundStore },
    { config, sharesFolder: path("shares") },
  )

  const running = await serveNode(config)
  nodes.push(running)
  const { gate } = running.node
  const url = `https://localhost:${running.port}`
  const at = ["--url", url, "--ca-file", path("data/ca.crt")]
  const bring = (name: string) => {
    const files = [path(`shares/share-${name}.khs`), "--key", path(`${name}.khc`)]
    return keyhold(["unseal", ...files, "--password-file", path("password"), ...at])
  }
  assert.equal(gate.status().state, "sealed")
  assert.equal((await bring("carl"))["sharesReceived"], 1)
  assert.equal((await bring("carl"))["sharesReceived"], 1)
  const opened = await bring("anna")
  assert.deepEqual([opened["state"], opened["clusterId"]], ["operational", clusterId])

  await writeFile(path("token"), tokens.operatorToken)
  const asOperator = [...at, "--token-file", path("token")]
  assert.deepEqual((await keyhold(["whoami", ...asOperator]))["roles"], ["operator"])
  await gate.seal()
  await assert.rejects(keyhold(["whoami", ...asOperator]), /SEALED/)
  await bring("ben")
  assert.equal((await bring("anna"))["state"], "operational")
  assert.deepEqual((await keyhold(["whoami", ...asOperator]))["roles"], ["operator"])
})

/** Runs the command line; answers what it printed as JSON. */
async function keyhold(args: readonly string[]): Promise<Record<string, unknown>> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const around = { stdin, stdout, stderr, variables: {} }
  const exitCode = await runCli([...args, "--json"], around)
  if (exitCode !== 0) throw new Error(String(stderr.read()))
  const printed: unknown = JSON.parse(String(stdout.read()))
  return printed as Record<string, unknown>
}
