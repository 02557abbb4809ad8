/** RFC 3161 over HTTP, by clients that people have: openssl and curl, jarsigner, osslsigncode. */

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"

import { runClient } from "../support/aws-clients.ts"
import { flipBit } from "../support/flip-bit.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { fields, type Fields } from "../support/rest-client.ts"

const isStrict = process.env["CI"] !== undefined
const has = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: "ignore" }).error === undefined
for (const [command, wanted] of [
  ["openssl", "version"],
  ["curl", "--version"],
  ["osslsigncode", "--version"],
] as const) {
  if (isStrict && !has(command, wanted)) throw new Error(`install ${command}`)
}

const folder = mkdtempSync(join(tmpdir(), "keyhold-tsp-"))
const path = (name: string): string => join(folder, name)
let node: DevNode
let count = 0

before(async () => {
  node = await startDevNode()
  writeFileSync(path("data"), "what it is about")
  await newTimestamper("tsa", "EC_P256")
  await openssl("ts", "-query", "-data", path("data"), "-sha256", "-cert", "-out", path("q.tsq"))
})
after(async () => {
  await node.stop()
  rmSync(folder, { recursive: true })
})

/** A key with a certificate that it signed for itself, which `<name>.pem` holds. */
async function newTimestamper(name: string, algorithm: string): Promise<void> {
  const { client, token } = node
  const manager = token("manager")
  await client.call(manager, "POST /keys", { name, algorithm })
  const profile = { subject: `CN=${name}`, extendedKeyUsage: ["timeStamping"] }
  const made = await client.call(manager, `POST /keys/${name}/self-signed-certificate`, profile)
  const { chain, pem } = made as { readonly chain: readonly string[]; readonly pem: string }
  await client.call(manager, `POST /keys/${name}/certificates`, { chain })
  writeFileSync(path(`${name}.pem`), pem)
}

async function openssl(...args: readonly string[]): Promise<{ code: number; text: string }> {
  return await run("openssl", args)
}

async function run(
  command: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly text: string }> {
  const { code, stdout, stderr } = await runClient(node.dev, command, args)
  return { code, text: `${stdout}${stderr}` }
}

/** Posts a query as curl does; the answer lies in a file. */
async function post(
  where: string,
  more: readonly string[] = [],
  { query = path("q.tsq"), type = "application/timestamp-query" } = {},
): Promise<{ readonly status: string; readonly file: string; readonly bytes: Buffer }> {
  const file = path(`${count++}.tsr`)
  const how = ["-s", "--cacert", node.dev.caFile, "-w", "%{http_code} %{content_type}", "-o", file]
  const body = ["--data-binary", `@${query}`, "-H", `content-type: ${type}`]
  const sent = [...body, ...more, `${node.dev.url}${where}`]
  const { text: status } = await run("curl", [...how, ...sent])
  return { status, file, bytes: readFileSync(file) }
}

const replied = (status: number): string => `${status} application/timestamp-reply`
const bearer = (role: "user" | "manager"): string[] => [
  "-H",
  `authorization: Bearer ${node.token(role)}`,
]

async function verifies(file: string, trusted = "tsa"): Promise<boolean> {
  const of = ["-queryfile", path("q.tsq"), "-CAfile", path(`${trusted}.pem`)]
  return (await openssl("ts", "-verify", "-in", file, ...of)).code === 0
}

/** Somebody who may get timestamps by this key, with the token for his address. */
async function newHolder(more: Fields = {}): Promise<{ id: string; token: string }> {
  const grants = [{ operations: ["key.timestamp"], keyNames: "tsa" }]
  const body = { name: `holder-${count++}`, roles: ["user"], grants, ...more }
  const made = fields(
    await node.send("officer", "POST", "principals", { credential: { kind: "token" }, ...body }),
  )
  const { id } = made["principal"] as { readonly id: string }
  return { id, token: String(made["token"]) }
}

async function failure(file: string): Promise<string> {
  const { text } = await openssl("ts", "-reply", "-in", file, "-text")
  return /Failure info: (.*)/.exec(text)?.[1] ?? assert.fail(text)
}

test("openssl's query by curl gets what openssl verifies, by token and by address", async () => {
  const { token } = await newHolder()
  for (const [where, more] of [
    ["/tsp/tsa", bearer("user")],
    [`/tsp/tsa/${token}`, []],
  ] as const) {
    const { status, file } = await post(where, more)
    assert.equal(status, replied(200))
    assert.ok(await verifies(file), where)
  }
})

test("whatever is in the way has one answer", async () => {
  const { token } = await newHolder()
  const { token: powerful } = await newHolder({ grants: [] })
  const { token: mixed } = await newHolder({
    grants: [{ operations: ["key.timestamp", "key.sign"] }],
  })
  const disabled = await newHolder()
  const off = { state: "disabled" }
  await node.send("officer", "PATCH", `principals/${disabled.id}`, off)
  await newTimestamper("tsa-2", "EC_P256")
  await node.client.call(node.token("manager"), "POST /keys", {
    name: "plain",
    algorithm: "EC_P256",
  })
  const asked: readonly (readonly [string, string, string[]?])[] = [
    ["nobody", "/tsp/tsa"],
    ["who may not use keys", "/tsp/tsa", bearer("manager")],
    ["a key that is not there", "/tsp/nothing", bearer("user")],
    ["a key without a certificate", "/tsp/plain", bearer("user")],
    ["no key", "/tsp/", bearer("user")],
    ["no token", "/tsp/tsa/kh1_nothing"],
    ["a token that is cut", `/tsp/tsa/${token.slice(0, -1)}`],
    ["another key than his", `/tsp/tsa-2/${token}`],
    ["who may do everything, in an address", `/tsp/tsa/${powerful}`],
    ["who may sign as well, in an address", `/tsp/tsa/${mixed}`],
    ["who is switched off", `/tsp/tsa/${disabled.token}`],
    ["another partition", `/p/${"0".repeat(26)}/tsp/tsa/${token}`],
  ]
  const answers = new Set<string>()
  for (const [what, where, more] of asked) {
    const { status, bytes, file } = await post(where, more)
    assert.equal(status, replied(403), what)
    assert.match(await failure(file), /not permitted or supported/, what)
    answers.add(bytes.toString("hex"))
  }
  assert.equal(answers.size, 1)
})

test("what is no request is answered in the protocol's own words", async () => {
  const { token } = await newHolder()
  const where = `/tsp/tsa/${token}`
  const md5 = path("md5.tsq")
  await openssl("ts", "-query", "-data", path("data"), "-md5", "-out", md5)
  const other = path("policy.tsq")
  await openssl("ts", "-query", "-data", path("data"), "-tspolicy", "1.2.3.4", "-out", other)
  const trailing = path("trailing.tsq")
  writeFileSync(trailing, Buffer.concat([readFileSync(path("q.tsq")), Buffer.alloc(1)]))
  const long = path("long.tsq")
  writeFileSync(long, Buffer.alloc(5_000, 0x30))
  for (const [query, status, words] of [
    [md5, 200, /unrecognized or unsupported algorithm/],
    [other, 200, /policy is not supported/],
    [trailing, 200, /wrong format/],
    [long, 413, /wrong format/],
  ] as const) {
    const answer = await post(where, [], { query })
    assert.equal(answer.status, replied(status))
    assert.match(await failure(answer.file), words)
  }
  const asJson = await post(where, [], { type: "application/json" })
  assert.equal(asJson.status, replied(415))
  const got = await post(where, ["-X", "GET"])
  assert.equal(got.status, replied(405))
})

test("in our own API what is wrong has a place, and names the reason", async () => {
  const { client, token } = node
  const ask = async (key: string, body: Fields): Promise<Fields> =>
    fields(
      await client.send("POST", `/api/v1/keys/${key}/timestamp`, { token: token("user"), body }),
    )
  const digest = Buffer.alloc(32, 7).toString("base64")
  const short = await ask("tsa", { digest, hash: "SHA_384" })
  assert.deepEqual([short["code"], short["field"]], ["MALFORMED_REQUEST", "/digest"])
  assert.match(String((await ask("tsa", { digest, policy: "1.2.3" }))["detail"]), /policy .* 2\.25/)
  assert.equal((await ask("plain", { digest }))["code"], "NOT_FOUND")
  assert.equal((await ask("nothing", { digest }))["code"], "KEY_NOT_FOUND")
  for (const policy of ["1", "3.1.2", "1.40.1", "1.02.3", "1.2.", "a.b"]) {
    assert.equal((await ask("tsa", { digest, policy }))["code"], "MALFORMED_REQUEST", policy)
  }
})

test("a record names who asked, hash, policy and serial number", async () => {
  const { id, token } = await newHolder()
  const { file } = await post(`/tsp/tsa/${token}`)
  const { text } = await openssl("ts", "-reply", "-in", file, "-text")
  const serial = /Serial number: 0x0*([0-9A-F]+)/.exec(text)?.[1] ?? ""
  const { items } = fields(await node.send("auditor", "GET", `audit/records?subject=${id}`)) as {
    items: readonly Fields[]
  }
  const record = items.findLast(({ subject }) => subject === id)
  assert.equal(String(record?.["target"]).replace(/^0+/, ""), serial.toLowerCase())
  assert.match(String(record?.["note"]), /^SHA_256 2\.25\./)
  assert.ok(!JSON.stringify(items).includes(token.slice(-20)))
})

const noSigncode = has("osslsigncode", "--version") ? false : "osslsigncode is missing"
test(
  "osslsigncode gets a timestamp for what it signed, and verifies it",
  { skip: noSigncode },
  async () => {
    const { token } = await newHolder()
    const own = ["-subj", "/CN=signer", "-addext", "extendedKeyUsage=codeSigning"]
    const pair = ["-newkey", "rsa:2048", "-nodes", "-keyout", path("signer.key"), "-days", "30"]
    await openssl("req", "-x509", ...pair, "-out", path("signer.pem"), ...own)
    writeFileSync(path("a.ps1"), "Write-Output 1\r\n")
    const by = ["-certs", path("signer.pem"), "-key", path("signer.key"), "-h", "sha256"]
    const at = ["-ts", `${node.dev.url}/tsp/tsa/${token}`, "-HTTPS-CAfile", node.dev.caFile]
    const files = ["-in", path("a.ps1"), "-out", path("b.ps1")]
    const signed = await run("osslsigncode", ["sign", ...by, ...at, ...files])
    assert.equal(signed.code, 0, signed.text)
    const trusted = ["-CAfile", path("signer.pem"), "-TSA-CAfile", path("tsa.pem")]
    const read = await run("osslsigncode", ["verify", ...trusted, "-in", path("b.ps1")])
    assert.equal(read.code, 0, read.text)
    assert.match(read.text, /Timestamp Server Signature verification: ok/)
    writeFileSync(path("tampered.ps1"), flipBit(readFileSync(path("b.ps1")), 5))
    const broken = await run("osslsigncode", ["verify", ...trusted, "-in", path("tampered.ps1")])
    assert.notEqual(broken.code, 0)
  },
)

// A JDK is too much to install for one test; where there is one, it is asked.
if (has("jarsigner", "-help") && has("jar", "--version")) {
  test("jarsigner gets a timestamp for an archive, and verifies it", async () => {
    const { token } = await newHolder()
    const [store, trust] = [path("keys.p12"), path("trust.p12")]
    const password = ["-storepass", "changeit"]
    const subject = ["-dname", "CN=signer", "-alias", "signer", "-keyalg", "EC"]
    await run("keytool", ["-genkeypair", "-keystore", store, ...password, ...subject])
    const ca = ["-importcert", "-noprompt", "-alias", "ca", "-file", node.dev.caFile]
    await run("keytool", [...ca, "-keystore", trust, ...password])
    await run("jar", ["--create", "--file", path("a.jar"), "-C", folder, "data"])
    const tls = ["Store", "StorePassword"].map((name, at) => {
      const value = at === 0 ? trust : "changeit"
      return `-J-Djavax.net.ssl.trust${name}=${value}`
    })
    const how = ["-keystore", store, ...password, "-tsa", `${node.dev.url}/tsp/tsa/${token}`]
    const signed = await run("jarsigner", [...how, ...tls, path("a.jar"), "signer"])
    assert.equal(signed.code, 0, signed.text)
    const read = await run("jarsigner", ["-verify", "-verbose", "-certs", path("a.jar")])
    assert.match(read.text, /jar verified/)
    assert.match(read.text, /Timestamped by "CN=tsa" on /)
  })
}

test("a sealed node says so, to everybody alike", async () => {
  const { token } = await newHolder()
  await node.send("operator", "POST", "seal")
  for (const where of [`/tsp/tsa/${token}`, "/tsp/tsa", "/tsp/nothing"]) {
    const { status, file } = await post(where)
    assert.equal(status, replied(503))
    assert.match(await failure(file), /system failure/)
  }
})
