import assert from "node:assert/strict"
import { X509Certificate } from "node:crypto"
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test, type TestContext } from "node:test"

import { nodePaths, parseConfig, type NodeConfig } from "../../src/daemon/config.ts"
import { initCluster, renderTranscript, type InitPorts } from "../../src/daemon/init.ts"
import { writeCustodianText } from "../../src/sealing/custodian-key.ts"
import { sealForImporter } from "../../src/sealing/importer.ts"
import { readNodeIdentity } from "../../src/sealing/node-identity.ts"
import { FileRoot, SharesRoot } from "../../src/sealing/root-of-trust.ts"
import { parseShareSet } from "../../src/sealing/share-set.ts"
import { openShare, parseShare } from "../../src/sealing/shares.ts"
import { expandXWing } from "../../src/sealing/xwing.ts"
import { reveal, seededRandom, start } from "../sealing/ceremony-fixture.ts"

const names = ["anna", "ben", "carl"] as const
const keys = names.map((_, at) => expandXWing(new Uint8Array(32).fill(at + 1)))
const recipients = names.map((name, at) => {
  const key = writeCustodianText(keys[at]?.publicKey ?? new Uint8Array())
  return { name, key }
})
const shared = {
  data: "data",
  rootOfTrust: { kind: "shares" },
  custodians: { scheme: "shamir", threshold: 2, recipients },
}

const restart = { progressMs: 60_000, now: start }

/** A folder with a configuration, and the ports of an init that records its bootstrap. */
async function prepare(t: TestContext, settings: object = shared) {
  const folder = await mkdtemp(join(tmpdir(), "keyhold-init-"))
  t.after(() => rm(folder, { recursive: true }))
  const config = parseConfig(JSON.stringify(settings), join(folder, "keyhold.yaml"))
  const founded: { clusterId: string; key: Uint8Array | undefined }[] = []
  const ports: InitPorts = {
    random: seededRandom("init"),
    clock: { now: () => start },
    bootstrap: async ({ clusterId, cmk }) => {
      founded.push({ clusterId, key: reveal(cmk) })
      cmk[Symbol.dispose]()
      return { operatorToken: "kh1_operator", clusterOfficerToken: "kh1_officer" }
    },
  }
  return { folder, config, ports, founded, sharesFolder: join(folder, "shares") }
}

/** What the node would do after a restart: collect these custodians' shares. */
async function unsealWith(config: NodeConfig, sharesFolder: string, custodians: readonly number[]) {
  const paths = nodePaths(config.data)
  const identity = readNodeIdentity(await readFile(paths.identity, "utf8"))
  const set = parseShareSet(await readFile(paths.cluster, "utf8"))
  const root = new SharesRoot({ identity, random: seededRandom("boot") }, { set, ...restart })
  let key
  for (const at of custodians) {
    const text = await readFile(join(sharesFolder, `share-${names[at]}.khs`), "utf8")
    const privateKey = keys[at]
    assert(privateKey)
    const offer = root.offer(start)
    const sealed = sealForImporter(offer, openShare(parseShare(text), privateKey), start)
    key = await root.submit(sealed, start)
  }
  return reveal(key)
}

test("the shares that init writes unseal the node after a restart", async (t) => {
  const { config, ports, founded, sharesFolder } = await prepare(t)
  const report = await initCluster(ports, { config, sharesFolder })
  const [first] = founded
  assert(first)
  assert.equal(report.clusterId, first.clusterId)
  assert.equal(first.key?.length, 32)
  for (const pair of [
    [0, 1],
    [2, 0],
    [1, 2],
  ]) {
    assert.deepEqual(await unsealWith(config, sharesFolder, pair), first.key)
  }
  assert.equal(await unsealWith(config, sharesFolder, [1]), undefined)
})

test("init leaves no key and no part in any file", async (t) => {
  const { folder, config, ports, founded, sharesFolder } = await prepare(t)
  await initCluster(ports, { config, sharesFolder })
  const key = founded[0]?.key
  assert(key)
  const parts = await Promise.all(
    names.map(async (name, at) => {
      const share = parseShare(await readFile(join(sharesFolder, `share-${name}.khs`), "utf8"))
      const privateKey = keys[at]
      assert(privateKey)
      return reveal(openShare(share, privateKey).part) ?? key
    }),
  )
  const written = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = written.filter((entry) => entry.isFile())
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name)
    const content = await readFile(path)
    assert.equal((await stat(path)).mode & 0o077, 0, path)
    for (const secret of [key, ...parts]) {
      for (const form of [Buffer.from(secret), secret.toBase64(), secret.toHex()]) {
        assert(!content.includes(form), path)
      }
    }
  }
  const expected = ["ca.crt", "cluster.json", "node.key", "tls.crt", "tls.key"]
  assert.deepEqual((await readdir(config.data)).toSorted(), expected)
})

test("the transcript shows patterns that each custodian can check, and tokens once", async (t) => {
  const { folder, config, ports, sharesFolder } = await prepare(t)
  const tokensFile = join(folder, "tokens.json")
  const report = await initCluster(ports, { config, sharesFolder, tokensFile })
  const transcript = renderTranscript(report)
  assert.match(transcript, /master key pattern {2}[0-9a-f]{4}(-[0-9a-f]{4}){3}\n/)
  for (const { custodian, partPattern } of report.shares) {
    assert(transcript.includes(`share of ${custodian}\n  part pattern      ${partPattern}\n`))
  }
  assert(!transcript.includes("kh1_"))
  const tokens: unknown = JSON.parse(await readFile(tokensFile, "utf8"))
  assert.deepEqual(tokens, { operator: "kh1_operator", "cluster-officer": "kh1_officer" })
  const shown = renderTranscript({ ...report, tokensFile: undefined })
  assert.match(shown, /"operator": "kh1_operator"/)
})

test("the generated certificate names the listener, and its authority signs it", async (t) => {
  const { config, ports, sharesFolder } = await prepare(t)
  await initCluster(ports, { config, sharesFolder })
  const certificate = new X509Certificate(await readFile(config.listen.tls.certificateFile))
  const authority = new X509Certificate(await readFile(join(config.data, "ca.crt")))
  assert(certificate.checkIP("127.0.0.1"))
  assert(certificate.checkHost("localhost"))
  assert(certificate.verify(authority.publicKey))
})

const conflict = (message: RegExp) => ({ code: "CONFLICT", message })

test("init founds nothing twice, and nothing over files that are there", async (t) => {
  const { config, ports, founded, sharesFolder } = await prepare(t)
  const init = () => initCluster(ports, { config, sharesFolder })
  await init()
  await assert.rejects(init(), conflict(/holds a cluster already/))
  await rm(join(config.data, "cluster.json"))
  await assert.rejects(init(), conflict(/not empty, perhaps after an interrupted init/))
  await rm(config.data, { recursive: true })
  await assert.rejects(init(), conflict(/share-anna.khs exists already/))
  assert.equal(founded.length, 1)
  await assert.rejects(readdir(config.data), { code: "ENOENT" })
})

const bootstrap = () => Promise.reject(new Error("power lost"))

test("an init that is interrupted leaves no cluster", async (t) => {
  const { config, ports, sharesFolder } = await prepare(t)
  const init = initCluster({ ...ports, bootstrap }, { config, sharesFolder })
  await assert.rejects(init, /power lost/)
  assert(!(await readdir(config.data)).includes("cluster.json"))
})

test("a root of shares without custodians is refused before anything is founded", async (t) => {
  const { custodians: _left, ...settings } = shared
  const { config, ports, sharesFolder, founded } = await prepare(t, settings)
  const init = initCluster(ports, { config, sharesFolder })
  await assert.rejects(init, { code: "MALFORMED_REQUEST", message: /custodians is missing/ })
  assert.equal(founded.length, 0)
  await assert.rejects(readdir(config.data), { code: "ENOENT" })
})

test("development keeps the key in a file that only its owner reads", async (t) => {
  const settings = {
    data: "data",
    rootOfTrust: { kind: "file", path: "data/development.key", development: true },
  }
  const { config, ports, sharesFolder, founded } = await prepare(t, settings)
  const report = await initCluster(ports, { config, sharesFolder })
  assert.deepEqual(report.shares, [])
  assert(config.rootOfTrust.kind === "file")
  assert.deepEqual(reveal(await new FileRoot(config.rootOfTrust).open()), founded[0]?.key)
})
