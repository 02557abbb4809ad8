import assert from "node:assert/strict"
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { test, type TestContext } from "node:test"

import type { Keyhold, SealStatus, UnsealRequest } from "@keyhold/sdk"

import type { Command } from "../../src/cli/command.ts"
import { custodianCommands } from "../../src/cli/ceremony.ts"
import { Input } from "../../src/cli/input.ts"
import { Output } from "../../src/cli/output.ts"
import { unsealCommand } from "../../src/cli/unseal.ts"
import { encodeId } from "../../src/codec/id-text.ts"
import { instant, type ClusterId } from "../../src/domain/ids.ts"
import { SecretBytes } from "../../src/engine/secret-bytes.ts"
import { readCustodianText } from "../../src/sealing/custodian-key.ts"
import { createNodeIdentity } from "../../src/sealing/node-identity.ts"
import { SharesRoot } from "../../src/sealing/root-of-trust.ts"
import { issueShares } from "../../src/sealing/shares.ts"
import { reveal, seededRandom } from "../sealing/ceremony-fixture.ts"

const [newCommand, showCommand] = custodianCommands
assert(newCommand && showCommand)
const random = seededRandom("cli")
const password = "correct horse battery"
const clusterId = encodeId(random.bytes(16)) as ClusterId // The written form of an id.
const { identity } = createNodeIdentity()
const master = random.bytes(32)

/** Runs one command; answers what it printed. */
async function run(command: Command, values: Record<string, string>, client?: object) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const context = {
    out: new Output({ stdout, stderr, json: true }),
    stdin: new PassThrough(),
    // As much of the client as the command uses.
    connect: async () => client as Keyhold,
  }
  await command.run(context, new Input(values))
  const printed: unknown = JSON.parse(String(stdout.read()))
  return printed as Record<string, unknown>
}

/** Two custodians with their files on disk, as the commands and the ceremony make them. */
async function prepare(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "keyhold-cli-"))
  t.after(() => rm(folder, { recursive: true }))
  const path = (name: string) => join(folder, name)
  await writeFile(path("password"), `${password}\n`, { mode: 0o600 })
  const passwordFile = path("password")
  const custodians = []
  for (const name of ["anna", "ben"]) {
    const made = await run(newCommand as Command, { out: path(`${name}.khc`), passwordFile })
    const publicKey = readCustodianText(String(made["publicKey"]))
    assert(publicKey)
    custodians.push({ name, publicKey })
  }
  const key = new SecretBytes(Uint8Array.from(master))
  const split = { clusterId, key, scheme: "xor", threshold: 2, custodians } as const
  const { set, shares } = await issueShares(random, { ...split, nodes: [identity.publicKey] })
  for (const share of shares) await writeFile(path(`${share.custodian}.khs`), share.file)
  const valuesOf = (name: string) => {
    return { share: path(`${name}.khs`), key: path(`${name}.khc`), passwordFile }
  }
  return { path, set, shares, valuesOf, passwordFile }
}

/** A sealed node behind the client's calls; `forge` stands between it and the custodian. */
function nodeOf(root: SharesRoot, forge = (status: SealStatus): SealStatus => status) {
  const received: Uint8Array[] = []
  const opened: SecretBytes[] = []
  const status = (): SealStatus => {
    const { importerKey, importerSignature, nodeKey, ...ids } = root.offer(instant(Date.now()))
    const { received: sharesReceived, threshold } = root.progress()
    const sealed = opened.length === 0
    return {
      ...ids,
      state: sealed ? "sealed" : "operational",
      sealed,
      nodeKey: nodeKey.toBase64(),
      importerKey: importerKey.toBase64(),
      importerSignature: importerSignature.toBase64(),
      sharesReceived,
      threshold,
    }
  }
  const call = async (operation: string, input?: { readonly body: UnsealRequest }) => {
    if (operation === "sealStatus") return forge(status())
    const share = Uint8Array.fromBase64(input?.body.share ?? "")
    received.push(share)
    const key = await root.submit(share, instant(Date.now()))
    if (key !== undefined) opened.push(key)
    return status()
  }
  return { call, received, opened }
}

function rootWith(set: Awaited<ReturnType<typeof prepare>>["set"], node = identity) {
  const now = instant(Date.now())
  return new SharesRoot({ identity: node, random }, { set, progressMs: 60_000, now })
}

test("two custodians unseal a node with their files and passwords", async (t) => {
  const { set, valuesOf } = await prepare(t)
  const node = nodeOf(rootWith(set))
  const first = await run(unsealCommand, valuesOf("anna"), node)
  assert.deepEqual([first["state"], first["sharesReceived"], first["threshold"]], ["sealed", 1, 2])
  const second = await run(unsealCommand, valuesOf("ben"), node)
  assert.equal(second["state"], "operational")
  assert.deepEqual(node.opened.map(reveal), [master])
  const third = await run(unsealCommand, valuesOf("ben"), node)
  assert.equal(third["state"], "operational")
  assert.equal(node.received.length, 2)
})

test("a man in the middle gets no share: not with his key, not with his name on it", async (t) => {
  const { set, valuesOf } = await prepare(t)
  const root = rootWith(set)
  const hostile = nodeOf(rootWith(set, createNodeIdentity().identity))
  const [honest, his] = [await nodeOf(root).call("sealStatus"), await hostile.call("sealStatus")]
  const forgeries: readonly SealStatus[] = [
    his,
    { ...his, nodeId: honest.nodeId, nodeKey: honest.nodeKey },
    { ...honest, importerKey: his.importerKey },
    { ...honest, importerSignature: his.importerSignature },
    { ...honest, clusterId: `0${"1".repeat(25)}` },
    { ...honest, importerKey: undefined, importerSignature: undefined },
    { ...honest, importerKey: "@" },
  ]
  for (const forged of forgeries) {
    const node = nodeOf(root, () => forged)
    // No password either: a wrong file would fail differently if it were asked for.
    const values = { ...valuesOf("anna"), passwordFile: "/nowhere" }
    await assert.rejects(run(unsealCommand, values, node), { name: "CliError" })
    assert.deepEqual(node.received, [])
  }
})

test("a wrong password sends nothing", async (t) => {
  const { path, set, valuesOf } = await prepare(t)
  const node = nodeOf(rootWith(set))
  await writeFile(path("other"), `${password}!`, { mode: 0o600 })
  const values = { ...valuesOf("anna"), passwordFile: path("other") }
  const wrong = { name: "CliError", message: /password is wrong, or .* was changed/ }
  await assert.rejects(run(unsealCommand, values, node), wrong)
  assert.deepEqual(node.received, [])
})

test("a custodian sees the patterns of the transcript", async (t) => {
  const { valuesOf, shares } = await prepare(t)
  const shown = await run(showCommand, valuesOf("ben"))
  assert.equal(shown["custodian"], "ben")
  assert.equal(shown["part"], "part 2 of 2 (xor, any 2)")
  assert.equal(shown["partPattern"], shares[1]?.pattern)
})

test("a key file is never written over, and only its owner reads it", async (t) => {
  const { path, passwordFile } = await prepare(t)
  const out = path("anna.khc")
  const before = await readFile(out, "utf8")
  assert.equal((await stat(out)).mode & 0o777, 0o600)
  await assert.rejects(run(newCommand, { out, passwordFile }), { code: "EEXIST" })
  assert.equal(await readFile(out, "utf8"), before)
})

test("a password file that others may read is refused, and none needs a terminal", async (t) => {
  const { path, passwordFile } = await prepare(t)
  await chmod(passwordFile, 0o644)
  const values = { out: path("carl.khc"), passwordFile }
  await assert.rejects(run(newCommand, values), { code: "FILE", message: /others may read/ })
  const nothing = { code: "USAGE", hint: /--password-file/ }
  await assert.rejects(run(newCommand, { out: path("carl.khc") }), nothing)
})
