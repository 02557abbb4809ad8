import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { progressLine } from "../../src/cli/progress.ts"
import { refuse, reply } from "../support/fake-node.ts"
import { run, setUp, temporaryFolder } from "./fixture.ts"

const key = {
  id: "01k2v7x9q4m8w3r5t6y1z0a2bc",
  name: "orders",
  algorithm: "AES_256",
  state: "active",
  usages: ["encrypt", "decrypt"],
  extractable: false,
  sensitive: true,
  modifiable: true,
  destroyable: true,
  copyable: false,
  neverExtractable: true,
  alwaysSensitive: true,
  trusted: false,
  tags: { a: "b" },
  description: "d\u001b[2Jx",
  versions: [],
  minVersion: 1,
  createdAt: "2026-11-23T09:30:00.000Z",
  createdBy: "me",
  updatedAt: "2026-11-23T09:30:00.000Z",
  revision: 1,
}
const dataKey = {
  plaintext: Buffer.alloc(32, 7).toString("base64"),
  ciphertext: Buffer.from("wrapped").toString("base64"),
}

test("key create sends what its options say, as a manager", async (t) => {
  const { cli, node } = await setUp(t, (_seen, response) => reply(response, 201, key))
  const { code, text } = await cli([
    "key",
    "create",
    "--algorithm",
    "AES_256",
    "--tag",
    "a=b",
    "--tag",
    "c=d=e",
    "orders",
    "--usage",
    "encrypt",
    "--not-destroyable",
    "--rotate-every",
    "90d",
  ])
  assert.equal(code, 0)
  assert.match(text, /^name +orders\n/)
  assert.deepEqual(
    node.seen.map(({ method, path, body }) => ({ method, path, body })),
    [
      {
        method: "POST",
        path: "/api/v1/keys",
        body: {
          name: "orders",
          algorithm: "AES_256",
          usages: ["encrypt"],
          destroyable: false,
          tags: { a: "b", c: "d=e" },
          rotationPeriodSeconds: 7_776_000,
        },
      },
    ],
  )
  assert.equal(node.seen[0]?.headers.authorization, "Bearer M")
})

test("people see no control characters, programs the answer as it is", async (t) => {
  const { cli } = await setUp(t, (_seen, response) => reply(response, 200, key))
  const shown = await cli(["key", "show", "orders"])
  assert.ok(!shown.text.includes("\u001b") && shown.text.includes("d\ufffd[2Jx"))
  assert.deepEqual(JSON.parse((await cli(["key", "show", "orders", "--json"])).text), key)
  assert.deepEqual(JSON.parse((await cli(["--json", "key", "show", "orders"])).text), key)
})

test("a key shows which of its material is away, and what waits for a rotation", async (t) => {
  const version = { version: 1, createdAt: key.createdAt, origin: "imported", hasSecret: false }
  const ends = { hasSecret: true, materialExpiresAt: "2027-01-01T00:00:00.000Z" }
  const versions = [version, { ...version, version: 2, publicKey: "AA==" }]
  const pendingVersion = { ...version, version: 3, ...ends }
  const { cli } = await setUp(t, (_seen, response) =>
    reply(response, 200, { ...key, versions, pendingVersion }),
  )
  const { text } = await cli(["key", "show", "orders"])
  assert.match(text, /^versions +1 imported, material away; 2 imported, public$/m)
  assert.match(text, /^waits for rotation +3 imported, until 2027-01-01T00:00:00\.000Z$/m)
})

test("lists are tables for people and arrays for programs, read page after page", async (t) => {
  const { cli } = await setUp(t, (seen, response) =>
    reply(
      response,
      200,
      seen.path.includes("after")
        ? { items: [{ ...key, name: "z" }] }
        : { items: [key], next: "n" },
    ),
  )
  const { text } = await cli(["key", "list"])
  assert.deepEqual(
    text.split("\n").map((line) => line.split(/ +/)[0]),
    ["NAME", "orders", "z", ""],
  )
  const { text: json } = await cli(["key", "list", "--json", "--limit", "1"])
  assert.deepEqual(JSON.parse(json), [key])
})

test("encrypt and decrypt give a file back, through pipes and through files", async (t) => {
  const { cli, node, folder, file } = await setUp(t, (_seen, response) =>
    reply(response, 200, dataKey),
  )
  const content = Buffer.alloc(200_000, "report")
  const path = file("report.pdf", content)
  const sealed = await cli(["encrypt", "--key", "orders", path])
  assert.equal(sealed.code, 0)
  assert.equal(sealed.stdout.toString("latin1", 0, 3), "KHE")
  const opened = await cli(["decrypt"], { stdin: sealed.stdout })
  assert.deepEqual(opened.stdout, content)
  assert.deepEqual(
    node.seen.map(({ headers }) => headers.authorization),
    ["Bearer U", "Bearer U"],
  )
  const [out, back] = [join(folder, "r.kh"), join(folder, "copy")]
  await cli(["encrypt", "--key", "orders", "-o", out, "--aad", "4711"], { stdin: content })
  assert.equal((await cli(["decrypt", out, "--aad", "4711", "--output", back])).code, 0)
  assert.deepEqual(readFileSync(back), content)
})

test("a damaged file leaves no output file behind", async (t) => {
  const { cli, folder, file } = await setUp(t, (_seen, response) => reply(response, 200, dataKey))
  const sealed = await cli(["encrypt", "--key", "k"], { stdin: Buffer.alloc(100_000) })
  const cut = file("cut.kh", sealed.stdout.subarray(0, -1))
  const out = join(folder, "out")
  const { code, stderr } = await cli(["decrypt", cut, "-o", out])
  assert.equal(code, 1)
  assert.match(stderr, /ENVELOPE_DAMAGED/)
  assert.ok(!existsSync(out) && !readdirSync(folder).some((name) => name.endsWith(".part")))
})

test("a single ciphertext is made with --raw and --base64 and told from an envelope", async (t) => {
  const ciphertext = Buffer.from("KHC ciphertext")
  const { cli, node } = await setUp(t, (seen, response) =>
    reply(
      response,
      200,
      seen.path.endsWith("decrypt")
        ? { plaintext: "aGk=" }
        : { ciphertext: ciphertext.toString("base64") },
    ),
  )
  assert.deepEqual(
    (await cli(["encrypt", "--key", "k", "--raw"], { stdin: "hi" })).stdout,
    ciphertext,
  )
  const { text } = await cli(["encrypt", "--key", "k", "--base64"], { stdin: "hi" })
  assert.equal(text, `${ciphertext.toString("base64")}\n`)
  assert.equal((await cli(["decrypt"], { stdin: ciphertext })).text, "hi")
  assert.equal((await cli(["decrypt", "--base64"], { stdin: text })).text, "hi")
  const bare = ["decrypt", "--key", "k", "--iv", "AAAA", "--mechanism", "AES_CBC_PAD"]
  assert.equal((await cli(bare, { stdin: "c" })).text, "hi")
  const foreign = await cli(["decrypt", "--base64"], { stdin: "no*base64" })
  assert.deepEqual([foreign.code, /not base64/.test(foreign.stderr)], [2, true])
  assert.deepEqual(node.seen.at(-1)?.body, {
    ciphertext: "Yw==",
    iv: "AAAA",
    mechanism: "AES_CBC_PAD",
  })
  const large = await cli(["encrypt", "--key", "k", "--raw"], { stdin: Buffer.alloc(65_537) })
  assert.equal(large.code, 2)
})

test("binary is never written to a terminal, and then nothing is asked for", async (t) => {
  const { cli, node, file } = await setUp(t, (_seen, response) => reply(response, 200, {}))
  const path = file("message", "hi")
  for (const args of [
    ["encrypt", "--key", "k", path],
    ["sign", "--key", "k", path],
    ["mac", "--key", "k", path],
    ["random", "8"],
    ["decrypt", path],
    ["key", "export", "k"],
  ]) {
    const { code, stderr } = await cli(args, { terminal: true })
    assert.equal(code, 2, args.join(" "))
    assert.match(stderr, /terminal/)
  }
  assert.equal((await cli(["sign", "--key", "k"], { terminal: true })).code, 2)
  assert.equal(node.seen.length, 0)
})

test("sign gives raw bytes, base64 or JSON; content that is too long gets advice", async (t) => {
  const answer = { keyId: "k", version: 1, mechanism: "ED25519", signature: "AAEC" }
  const { cli, node } = await setUp(t, (_seen, response) => reply(response, 200, answer))
  const sign = ["sign", "--key", "release"]
  assert.deepEqual((await cli(sign, { stdin: "hi" })).stdout, Buffer.from([0, 1, 2]))
  assert.equal((await cli([...sign, "--base64"], { stdin: "hi" })).text, "AAEC\n")
  assert.deepEqual(JSON.parse((await cli([...sign, "--json"], { stdin: "hi" })).text), answer)
  const large = await cli(sign, { stdin: Buffer.alloc(2.5 * 1024 * 1024 + 1) })
  assert.equal(large.code, 2)
  assert.match(large.stderr, /sha256sum/)
  assert.equal(node.seen.length, 3)
})

test("a verification that says no ends with 3", async (t) => {
  const { cli, file } = await setUp(t, ({ body }, response) =>
    reply(response, 200, { valid: JSON.stringify(body).includes("AAEC"), version: 2 }),
  )
  const [good, bad] = [file("good", Buffer.from([0, 1, 2])), file("bad", "bad")]
  const text = file("text", "AAEC\n")
  const verify = (path: string, ...more: string[]) =>
    cli(["verify", "--key", "k", "--signature", path, ...more], { stdin: "message" })
  assert.equal((await verify(good)).code, 0)
  assert.equal((await verify(text, "--base64")).code, 0)
  assert.match((await verify(good)).text, /version 2/)
  assert.equal((await verify(bad)).code, 3)
  const mac = await cli(["verify-mac", "--key", "k", "--mac", bad, "--json"], { stdin: "message" })
  assert.deepEqual([mac.code, JSON.parse(mac.text)], [3, { valid: false, version: 2 }])
})

test("a refusal shows code, field, rule and a hint, and ends with 1", async (t) => {
  const problem = {
    code: "OPERATION_FORBIDDEN",
    detail: "needs the role user",
    rule: "role",
    requestId: "r1",
  }
  const { cli } = await setUp(t, (_seen, response) => refuse(response, 403, problem))
  const { code, stderr } = await cli(["key", "rotate", "orders"])
  assert.equal(code, 1)
  assert.equal(
    stderr,
    "keyhold: needs the role user (OPERATION_FORBIDDEN, rule role, request r1)\n" +
      "  keyhold explain shows which rule denies\n",
  )
  const json = await cli(["key", "rotate", "orders", "--json"])
  assert.deepEqual(JSON.parse(json.stderr), {
    ...problem,
    hint: "keyhold explain shows which rule denies",
  })
})

test("a file that is missing and a node that is missing are told apart", async (t) => {
  const { cli, folder } = await setUp(t, () => undefined)
  const missing = await cli(["sign", "--key", "k", join(folder, "missing")])
  assert.deepEqual([missing.code, /ENOENT/.test(missing.stderr)], [1, true])
  const variables = { KEYHOLD_URL: "https://127.0.0.1:1", KEYHOLD_TOKEN: "kh1_secret" }
  const nobody = await run(["key", "show", "k", "--timeout", "1"], { variables })
  assert.equal(nobody.code, 1)
  assert.match(nobody.stderr, /UNREACHABLE|TIMEOUT/)
  assert.ok(!nobody.stderr.includes("kh1_secret"))
})

test("--as acts in another role of a development HSM", async (t) => {
  const { cli, node } = await setUp(t, (_seen, response) => reply(response, 200, key))
  await cli(["key", "show", "orders", "--as", "officer"])
  assert.equal(node.seen[0]?.headers.authorization, "Bearer O")
  assert.equal((await cli(["key", "show", "orders", "--as", "king"])).code, 2)
})

test("a token comes from a file or a variable", async (t) => {
  const { node, file } = await setUp(t, (_seen, response) => reply(response, 200, key))
  const variables = { KEYHOLD_URL: node.url, KEYHOLD_CA_FILE: file("ca", node.ca) }
  const show = ["key", "show", "orders"]
  await run(show, { variables: { ...variables, KEYHOLD_TOKEN: "T1" } })
  await run([...show, "--token-file", file("token", "T2\n")], { variables })
  assert.deepEqual(
    node.seen.map(({ headers }) => headers.authorization),
    ["Bearer T1", "Bearer T2"],
  )
})

test("key update sends only what is named, and refuses to change nothing", async (t) => {
  const { cli, node } = await setUp(t, (_seen, response) => reply(response, 200, key))
  await cli(["key", "update", "orders", "--rotate-every", "never", "--not-extractable"])
  await cli(["key", "update", "orders", "--destroyable", "--description", ""])
  assert.deepEqual(
    node.seen.map(({ body }) => body),
    [
      { extractable: false, rotationPeriodSeconds: null },
      { destroyable: true, description: "" },
    ],
  )
  assert.equal((await cli(["key", "update", "orders"])).code, 2)
})

test("key import knows the format of PEM and asks for that of bytes", async (t) => {
  const { cli, node, file } = await setUp(t, (_seen, response) => reply(response, 201, key))
  const pem = file("k.pem", "-----BEGIN PUBLIC KEY-----\nAAEC\nAw==\n-----END PUBLIC KEY-----\n")
  const load = ["key", "import", "k", "--algorithm", "EC_P256"]
  assert.equal((await cli([...load, pem])).code, 0)
  assert.equal((await cli([...load, pem, "--format", "pkcs8"])).code, 2)
  assert.equal((await cli(load, { stdin: "raw" })).code, 2)
  assert.equal((await cli([...load, "--format", "raw"], { stdin: "raw" })).code, 0)
  assert.deepEqual(
    node.seen.map(({ body }) => body),
    [
      { name: "k", algorithm: "EC_P256", format: "spki", material: "AAECAw==" },
      { name: "k", algorithm: "EC_P256", format: "raw", material: "cmF3" },
    ],
  )
})

test("a batch shows each result and ends with 1 when one failed", async (t) => {
  const results = [
    { status: 200, bytes: "AA==" },
    { status: 404, code: "KEY_NOT_FOUND", detail: "no such key" },
  ]
  const { cli, node } = await setUp(t, (_seen, response) => reply(response, 200, { results }))
  const stdin = JSON.stringify([{ operation: "random", length: 1 }, { operation: "encrypt" }])
  const { code, text, stderr } = await cli(["batch"], { stdin })
  assert.equal(code, 1)
  assert.match(text, /1 +404 +KEY_NOT_FOUND: no such key/)
  assert.match(stderr, /1 of 2/)
  assert.equal(node.seen[0]?.headers.authorization, "Bearer U")
  assert.equal((await cli(["batch"], { stdin: "{}" })).code, 2)
})

test("audit verify says no to what is no log, offline too", async (t) => {
  const { cli, file } = await setUp(t, (_seen, response) => {
    response.writeHead(200, { "content-type": "application/jsonl" }).end("{}\n")
  })
  const online = await cli(["audit", "verify"])
  assert.deepEqual([online.code, /NOT verify/.test(online.text)], [3, true])
  const offline = await run(["audit", "verify", file("log", ""), "--json"])
  assert.deepEqual([offline.code, /"ok": false/.test(offline.text)], [3, true])
})

test("a progress line shows share and speed", () => {
  const mebibyte = 1024 * 1024
  assert.equal(
    progressLine(mebibyte, 2 * mebibyte, 500),
    `[${"=".repeat(15)}${" ".repeat(15)}]  50%  1.0 MiB  2.0 MiB/s`,
  )
  assert.equal(progressLine(mebibyte, undefined, 1000), "1.0 MiB  1.0 MiB/s")
})

test("a folder is no file", async (t) => {
  const folder = temporaryFolder(t)
  const variables = { KEYHOLD_URL: "https://127.0.0.1:1" }
  const { code, stderr } = await run(["sign", "--key", "k", folder], { variables })
  assert.deepEqual([code, /EISDIR/.test(stderr)], [1, true])
})
