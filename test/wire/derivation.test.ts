/** Keys derived from keys, over the wire: what comes out, and what nobody gets out of it. */

import assert from "node:assert/strict"
import { generateKeyPairSync, hkdfSync, diffieHellman, createPublicKey } from "node:crypto"
import { after, before, test } from "node:test"

import { newApprover, statementFor } from "../support/approvers.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, fields, type Answer, type Fields } from "../support/rest-client.ts"
import { derivationCases } from "../vectors/derivation.ts"
import { vectorsMissing } from "../vectors/wycheproof.ts"

let node: DevNode
let count = 0

before(async () => {
  node = await startDevNode()
  const flags = { keyImport: true, plainExport: true, wrappedExport: true }
  assert.equal((await send("officer", "PATCH", "partition", { flags })).status, 200)
})
after(() => node.stop())

const send: DevNode["send"] = (...asked) => node.send(...asked)

function freshName(): string {
  return `derived-${count++}`
}

async function create(body: Fields): Promise<string> {
  const made = await send("manager", "POST", "keys", { name: freshName(), ...body })
  assert.equal(made.status, 201, made.text)
  return String(fields(made)["name"])
}

async function imported(body: Fields): Promise<string> {
  const made = await send("manager", "POST", "keys/import", { name: freshName(), ...body })
  assert.equal(made.status, 201, made.text)
  return String(fields(made)["name"])
}

function derive(parent: string, body: Fields): Promise<Answer> {
  const whole = { name: freshName(), algorithm: "AES_256", ...body }
  return send("manager", "POST", `keys/${parent}/derive`, whole)
}

async function derived(parent: string, body: Fields): Promise<Record<string, unknown>> {
  const answer = await derive(parent, body)
  assert.equal(answer.status, 201, answer.text)
  return fields(answer)
}

async function bytesOf(key: unknown): Promise<string> {
  const answer = await send("manager", "POST", `keys/${String(key)}/export`, {})
  assert.equal(answer.status, 200, answer.text)
  return Buffer.from(String(fields(answer)["material"]), "base64").toString("hex")
}

async function code(answer: Promise<Answer>): Promise<unknown> {
  const found = await answer
  assert.ok(found.status >= 400, found.text)
  return fields(found)["code"]
}

const open = { extractable: true, sensitive: false }
const password = { algorithm: "PASSWORD", format: "raw", material: base64("tr0ub4dor&3"), ...open }
const costly = { iterations: 1_000, salt: base64(Buffer.alloc(16, 7)) }

test("the API derives as Wycheproof has it", { skip: vectorsMissing() }, async () => {
  const fits = derivationCases().filter(
    ({ secret, bytes, isValid, mechanism }) =>
      isValid && bytes >= 32 && secret.length >= 16 && mechanism.startsWith("HKDF"),
  )
  assert.ok(fits.length > 60)
  for (const { id, mechanism, secret, salt, info, derived: expected } of fits) {
    const material = base64(secret)
    const parent = await imported({ algorithm: "GENERIC_SECRET", format: "raw", material, ...open })
    const parameters = { salt: base64(salt), info: base64(info) }
    const made = await derived(parent, { mechanism, parameters, ...open })
    // What is longer begins the same.
    assert.equal(
      await bytesOf(made["id"]),
      Buffer.from(expected.subarray(0, 32)).toString("hex"),
      id,
    )
  }
})

test("a derivation gives the same key again, and another for other parameters", async () => {
  const secret = await create({ algorithm: "GENERIC_SECRET", ...open })
  const cipher = await create({ algorithm: "AES_256", usages: ["derive"], ...open })
  const remembered = await imported(password)
  const label = { label: base64("a") }
  const cases = [
    [secret, "HKDF_SHA_512", { info: base64("a") }, { info: base64("b") }],
    [secret, "KBKDF_COUNTER_HMAC_SHA_256", label, { context: base64("a") }],
    [secret, "KBKDF_FEEDBACK_HMAC_SHA_384", { iv: base64("a") }, label],
    [cipher, "KBKDF_COUNTER_AES_CMAC", label, { label: base64("b") }],
    [remembered, "PBKDF2_HMAC_SHA_512", costly, { ...costly, iterations: 1_001 }],
    [
      remembered,
      "ARGON2ID",
      { ...costly, iterations: 1, memoryKiB: 64, parallelism: 1 },
      { ...costly, iterations: 1, memoryKiB: 65, parallelism: 1 },
    ],
  ] as const
  for (const [parent, mechanism, one, other] of cases) {
    const make = async (parameters: Fields): Promise<string> =>
      await bytesOf((await derived(parent, { mechanism, parameters, ...open }))["id"])
    assert.equal(await make(one), await make(one), mechanism)
    assert.notEqual(await make(one), await make(other), mechanism)
  }
})

test("two sides derive the same key from what they agree on", async () => {
  const pair = await create({ algorithm: "EC_P256", usages: ["derive"], ...open })
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const own = fields(await send("user", "GET", `keys/${pair}/public`))
  const shared = diffieHellman({ privateKey, publicKey: createPublicKey(String(own["pem"])) })
  const expected = hkdfSync("sha256", shared, Buffer.alloc(0), Buffer.from("both"), 32)
  const spki = publicKey.export({ format: "der", type: "spki" })
  const parameters = { publicKey: base64(spki), info: base64("both") }
  const made = await derived(pair, { parameters, ...open })
  assert.equal(await bytesOf(made["id"]), Buffer.from(expected).toString("hex"))
  assert.deepEqual((made["derivedFrom"] as Fields)["mechanism"], "AGREEMENT_HKDF_SHA_256")
  const wrong = { publicKey: base64(spki.subarray(1)) }
  assert.equal(await code(derive(pair, { parameters: wrong })), "MALFORMED_REQUEST")
})

test("a derived key leaves only where the one may that it comes from", async () => {
  const parent = await create({ algorithm: "GENERIC_SECRET" })
  for (const more of [{ extractable: true }, open]) {
    assert.equal(await code(derive(parent, more)), "OPERATION_FORBIDDEN")
  }
  const made = await derived(parent, {})
  assert.deepEqual([made["extractable"], made["neverExtractable"]], [false, true])
  const known = await create({ algorithm: "GENERIC_SECRET", extractable: true })
  assert.equal(await code(derive(known, open)), "OPERATION_FORBIDDEN")
  const inner = await derived(known, {})
  assert.deepEqual([inner["extractable"], inner["neverExtractable"]], [false, false])
})

test("attack: the same key derived for two uses, one of which gives the other away", async () => {
  const parent = await create({ algorithm: "GENERIC_SECRET" })
  for (const usages of [["wrap"], ["unwrap"], ["derive"], ["wrap", "unwrap"]]) {
    assert.equal(await code(derive(parent, { usages })), "OPERATION_FORBIDDEN", usages.join())
  }
  const { id } = await derived(parent, { usages: ["decrypt"] })
  const trusting = send("officer", "POST", `keys/${String(id)}/trust`, { trusted: true })
  assert.equal(await code(trusting), "OPERATION_FORBIDDEN")
  // Whoever made MACs under a parent would compute what is derived from it.
  for (const usages of [
    ["derive", "sign"],
    ["derive", "encrypt"],
  ]) {
    const both = { name: freshName(), algorithm: "AES_256", usages }
    assert.equal(await code(send("manager", "POST", "keys", both)), "MALFORMED_REQUEST")
  }
})

test("parameters are the mechanism's, within bounds", async () => {
  const secret = await create({ algorithm: "GENERIC_SECRET" })
  const remembered = await imported(password)
  const salt = costly.salt
  const bad = [
    [secret, { parameters: { label: base64("a") } }, "/label"],
    [secret, { parameters: { iterations: 1_000 } }, "/iterations"],
    [secret, { algorithm: "EC_P256" }, "/algorithm"],
    [remembered, { mechanism: "PBKDF2_HMAC_SHA_256", parameters: { salt } }, "/iterations"],
    [
      remembered,
      { mechanism: "PBKDF2_HMAC_SHA_256", parameters: { salt, iterations: 999 } },
      "/iterations",
    ],
    [
      remembered,
      { mechanism: "PBKDF2_HMAC_SHA_256", parameters: { ...costly, salt: base64("short") } },
      "/salt",
    ],
    [remembered, { parameters: { ...costly, memoryKiB: 64, parallelism: 1 } }, "/iterations"],
    [
      remembered,
      { parameters: { salt, iterations: 1, memoryKiB: 31, parallelism: 4 } },
      "/memoryKiB",
    ],
  ] as const
  for (const [parent, body, field] of bad) {
    const answer = await derive(parent, body)
    const { code: found, field: at } = fields(answer)
    assert.deepEqual([found, at], ["MALFORMED_REQUEST", field], answer.text)
  }
  assert.equal(await code(derive(secret, { mechanism: "ARGON2ID" })), "OPERATION_FORBIDDEN")
  const plain = await create({ algorithm: "AES_256" })
  assert.equal(await code(derive(plain, {})), "OPERATION_FORBIDDEN")
})

test("a key derived from one with rules has those rules", async () => {
  const parent = await create({ algorithm: "GENERIC_SECRET", rules: {} })
  const made = await derived(parent, {})
  assert.deepEqual(made["rules"], fields(await send("user", "GET", `keys/${parent}`))["rules"])
  assert.ok(made["rules"] !== undefined)
})

test("where a rule asks approvers, the request makes the key once they agree", async () => {
  const anna = newApprover("Anna")
  const publicKey = base64(anna.publicKey)
  const group = { name: "a", quorum: 1, approvers: [{ kind: "public-key", name: "a", publicKey }] }
  const rules = { use: { tokens: [{ name: "a", groups: [group] }] } }
  const parent = await create({ algorithm: "GENERIC_SECRET", rules })
  assert.equal(await code(derive(parent, {})), "APPROVAL_REQUIRED")
  const name = freshName()
  const asked = { operation: "deriveKey", key: parent, name, algorithm: "AES_256" }
  const request = fields(await send("manager", "POST", "requests", { asked }))
  assert.equal((await send("user", "GET", `keys/${name}`)).status, 404)
  const statement = statementFor("approval", Buffer.from(String(request["statement"]), "base64"))
  const done = await send("approver", "POST", `requests/${String(request["id"])}/words`, {
    word: "approval",
    publicKey,
    mechanism: "ECDSA_SHA_256",
    signature: base64(anna.sign(statement)),
  })
  assert.equal(fields(done)["state"], "executed", done.text)
  const made = fields(await send("user", "GET", `keys/${name}`))
  const read = fields(await send("manager", "GET", `requests/${String(request["id"])}`))
  assert.equal((read["result"] as Fields)["keyId"], made["id"])
  assert.ok((made["rules"] as Fields)["use"] !== undefined, "it asks the same approvers")
})
