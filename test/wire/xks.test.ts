/** The XKS proxy API, rule by rule of its specification (1.0.3), against a node over TLS. */

import assert from "node:assert/strict"
import { createDecipheriv, createHash } from "node:crypto"
import { after, before, test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { kmsClient } from "../support/aws.ts"
import { base64, bytes, fields, saying, type Answer, type Fields } from "../support/rest-client.ts"
import { newKeyStore, requestMetadata, xksCall, type XksCall } from "../support/xks.ts"

const aad = Buffer.from("project=nile,department=marketing")
const plaintext = Buffer.from("Hello World!")
const secret = Buffer.from("thirty-two bytes that all know..")
const encryptionAlgorithm = "AES_GCM"

let node: DevNode
let count = 0
/** AES-256, imported: its bytes are known to OpenSSL as well. */
let key: string

before(async () => {
  node = await startDevNode()
  const imported = { algorithm: "AES_256", format: "raw", material: base64(secret) }
  key = await create({ ...imported }, "keys/import")
})
after(() => node.stop())

async function create(body: Fields, path = "keys"): Promise<string> {
  const name = `key-${count++}`
  const made = await node.send("manager", "POST", path, { name, algorithm: "AES_256", ...body })
  assert.equal(made.status, 201, made.text)
  return String(fields(made)["id"])
}

const call = (rest: string, body: unknown, how?: XksCall) => xksCall(node, rest, body, how)
const encryptBody = (more: Fields = {}) => ({
  requestMetadata,
  plaintext: base64(plaintext),
  encryptionAlgorithm,
  additionalAuthenticatedData: base64(aad),
  ...more,
})
const encrypt = (on: string, more: Fields = {}, how?: XksCall) =>
  call(`/keys/${on}/encrypt`, encryptBody(more), how)
const decrypt = (on: string, stored: Fields, how?: XksCall) => {
  const extra = { requestMetadata, encryptionAlgorithm, additionalAuthenticatedData: base64(aad) }
  return call(`/keys/${on}/decrypt`, { ...extra, ...stored }, how)
}

async function done(asked: Promise<Answer>): Promise<Fields> {
  const answer = await asked
  assert.equal(answer.status, 200, answer.text)
  return fields(answer)
}

async function refused(asked: Promise<Answer>): Promise<string> {
  const { status, text } = await asked
  const { errorName, errorMessage } = JSON.parse(text) as Fields
  assert.match(String(errorMessage), /^[ -~]{1,511}$/)
  return `${status} ${String(errorName)}`
}

/** What AWS would give back. */
async function stored(on: string, more: Fields = {}): Promise<Fields> {
  const { ciphertextDataIntegrityValue: _, ...kept } = await done(encrypt(on, more))
  return kept
}

test("what is encrypted decrypts, with and without additional data, up to its bounds", async () => {
  const long = { plaintext: base64(Buffer.alloc(4_300, 7)) }
  const longest = { ...long, additionalAuthenticatedData: base64(Buffer.alloc(8_192, 8)) }
  for (const more of [{}, { additionalAuthenticatedData: undefined }, long, longest]) {
    const sent: Fields = encryptBody(more)
    const made = await stored(key, more)
    const { additionalAuthenticatedData } = sent
    const opened = await done(decrypt(key, { ...made, additionalAuthenticatedData }))
    assert.equal(opened["plaintext"], sent["plaintext"])
    const length = (name: string) => bytes(made[name]).length
    assert.equal(length("ciphertext"), bytes(sent["plaintext"]).length)
    assert.deepEqual([length("initializationVector"), length("authenticationTag")], [12, 16])
    assert.ok(length("ciphertextMetadata") <= 20)
  }
})

test("OpenSSL opens it with the additional data that the specification describes", async () => {
  const made = await stored(key)
  const metadata = bytes(made["ciphertextMetadata"])
  const bound = [Uint8Array.of(0, aad.length), aad, Uint8Array.of(metadata.length), metadata]
  const opening = createDecipheriv("aes-256-gcm", secret, bytes(made["initializationVector"]))
  opening.setAAD(Buffer.concat(bound)).setAuthTag(bytes(made["authenticationTag"]))
  const opened = Buffer.concat([opening.update(bytes(made["ciphertext"])), opening.final()])
  assert.deepEqual(opened, plaintext)
})

test("the integrity value is a hash over all that AWS keeps", async () => {
  const made = await done(encrypt(key, { ciphertextDataIntegrityValueAlgorithm: "SHA_256" }))
  const parts = ["ciphertextMetadata", "initializationVector", "ciphertext", "authenticationTag"]
  const all = Buffer.concat([aad, ...parts.map((name) => bytes(made[name]))])
  const hash = createHash("sha256").update(all).digest("base64")
  assert.equal(made["ciphertextDataIntegrityValue"], hash)
  assert.equal((await done(encrypt(key)))["ciphertextDataIntegrityValue"], undefined)
})

test("a key that rotates decrypts what its older versions have encrypted", async () => {
  const rotating = await create({})
  const first = await stored(rotating)
  assert.equal((await node.send("manager", "POST", `keys/${rotating}/rotate`)).status, 200)
  const second = await stored(rotating)
  assert.notEqual(first["ciphertextMetadata"], second["ciphertextMetadata"])
  for (const one of [first, second]) await done(decrypt(rotating, one))
  const mixed = { ...first, ciphertextMetadata: second["ciphertextMetadata"] }
  assert.equal(await refused(decrypt(rotating, mixed)), "400 InvalidCiphertextException")
})

test("attack: every field of a ciphertext, changed in turn, has one answer", async () => {
  const made = await stored(key)
  const changed = (name: string, at: number) => ({
    ...made,
    [name]: base64(flipBit(bytes(made[name]), at)),
  })
  const tag = bytes(made["authenticationTag"])
  const ciphertext = bytes(made["ciphertext"])
  const metadata = bytes(made["ciphertextMetadata"])
  const attempts: Fields[] = [
    changed("ciphertext", 0),
    changed("ciphertext", -1),
    changed("initializationVector", 3),
    changed("authenticationTag", 0),
    changed("ciphertextMetadata", 0),
    changed("ciphertextMetadata", -1),
    { ...made, ciphertextMetadata: "" },
    { ...made, ciphertextMetadata: undefined },
    { ...made, ciphertextMetadata: base64(Buffer.concat([metadata, Uint8Array.of(0)])) },
    { ...made, additionalAuthenticatedData: undefined },
    { ...made, additionalAuthenticatedData: base64("project=nile") },
    // One field lends bytes to its neighbour.
    { ...made, additionalAuthenticatedData: base64(Buffer.concat([aad, metadata])) },
    {
      ...made,
      ciphertext: base64(Buffer.concat([ciphertext, tag.subarray(0, 1)])),
      authenticationTag: base64(tag.subarray(1)),
    },
    { ...made, authenticationTag: base64(tag.subarray(0, 12)) },
    { ...made, initializationVector: base64(Buffer.alloc(16)) },
  ]
  const answers = await Promise.all(attempts.map((one) => decrypt(key, one)))
  assert.equal(new Set(answers.map(saying)).size, 1)
  assert.equal(await refused(decrypt(key, attempts[0] ?? {})), "400 InvalidCiphertextException")
  const other = await create({})
  assert.equal(await refused(decrypt(other, made)), "400 InvalidCiphertextException")
})

test("a key that only encrypts cannot promise that it decrypts", async () => {
  const one = await create({ usages: ["encrypt"] })
  const made = await stored(one)
  const proven = { ciphertextDataIntegrityValueAlgorithm: "SHA_256" }
  assert.equal(await refused(encrypt(one, proven)), "400 InvalidKeyUsageException")
  assert.equal(await refused(decrypt(one, made)), "400 InvalidKeyUsageException")
  const signer = await create({ algorithm: "EC_P256" })
  assert.equal(await refused(encrypt(signer)), "400 InvalidKeyUsageException")
})

test("metadata and health say what AWS looks for", async () => {
  const { kmsKeyArn: _, ...creating } = { ...requestMetadata, kmsOperation: "CreateKey" }
  const shown = await done(call(`/keys/${key}/metadata`, { requestMetadata: creating }))
  const usage = { keyUsage: ["ENCRYPT", "DECRYPT"], keyStatus: "ENABLED" }
  assert.deepEqual(shown, { keySpec: "AES_256", ...usage })
  const off = await create({})
  await node.send("manager", "POST", `keys/${off}/disable`)
  const disabled = await done(call(`/keys/${off}/metadata`, { requestMetadata }))
  assert.equal(disabled["keyStatus"], "DISABLED")
  assert.equal(await refused(encrypt(off)), "400 InvalidStateException")
  await node.send("officer", "PATCH", "partition", { flags: { immediateDestruction: true } })
  await node.send("manager", "DELETE", `keys/${off}?windowSeconds=0`)
  const gone = call(`/keys/${off}/metadata`, { requestMetadata })
  assert.equal(await refused(gone), "404 KeyNotFoundException")
  const about = { kmsRequestId: "not a uuid", kmsOperation: "SomethingNew" }
  const { ekmFleetDetails, ...health } = await done(call("/health", { requestMetadata: about }))
  const [{ healthStatus }] = ekmFleetDetails as [{ healthStatus: string }]
  assert.equal(healthStatus, "ACTIVE")
  assert.ok(
    ["xksProxyFleetSize", "xksProxyVendor", "xksProxyModel", "ekmVendor"].every(
      (name) => name in health,
    ),
  )
})

test("what does not fit the specification is refused by name", async () => {
  const { kmsKeyArn: _, ...keyless } = requestMetadata
  const { awsPrincipalArn: __, ...anonymous } = requestMetadata
  const { kmsRequestId: ___, ...unnamed } = requestMetadata
  const invalid: unknown[] = [
    "no JSON",
    "[]",
    "null",
    {},
    encryptBody({ requestMetadata: undefined }),
    encryptBody({ requestMetadata: keyless }),
    encryptBody({ requestMetadata: anonymous }),
    encryptBody({ requestMetadata: unnamed }),
    encryptBody({ requestMetadata: "Alice" }),
    encryptBody({ plaintext: undefined }),
    encryptBody({ plaintext: "SGVsbG8" }),
    encryptBody({ plaintext: 7 }),
    encryptBody({ encryptionAlgorithm: undefined }),
    encryptBody({ encryptionAlgorithm: "AES_CBC" }),
    encryptBody({ ciphertextDataIntegrityValueAlgorithm: "MD5" }),
    encryptBody({ additionalAuthenticatedData: "?" }),
  ]
  for (const body of invalid) {
    const asked = call(`/keys/${key}/encrypt`, body)
    assert.equal(await refused(asked), "400 ValidationException", JSON.stringify(body))
  }
  for (const more of [
    { plaintext: base64(Buffer.alloc(4_301)) },
    { additionalAuthenticatedData: base64(Buffer.alloc(8_193)) },
  ]) {
    assert.equal(await refused(encrypt(key, more)), "501 UnsupportedOperationException")
  }
  const health = call("/health", { requestMetadata: { kmsOperation: "KmsHealthCheck" } })
  assert.equal(await refused(health), "400 ValidationException")
  // Operations that KMS may have one day, and ids in whatever form, are none of it.
  const newer = { ...requestMetadata, kmsOperation: "BulkEncrypt", kmsRequestId: "?" }
  await done(encrypt(key, { requestMetadata: newer, fieldOfTomorrow: true }))
})

test("paths: unknown keys, other key stores, other methods", async () => {
  assert.equal(await refused(encrypt("nothing-here")), "404 KeyNotFoundException")
  for (const rest of ["", "/", "/keys", `/keys/${key}`, `/keys/${key}/sign`, "/health/deep"]) {
    assert.equal(await refused(call(rest, {})), "404 InvalidUriPathException", rest)
  }
  const other = await newKeyStore(node, "other")
  for (const prefix of [other.prefix, "", "/xks", `/x${node.dev.xks.prefix}`]) {
    const store = { ...node.dev.xks, prefix }
    assert.equal(await refused(encrypt(key, {}, { store })), "404 InvalidUriPathException", prefix)
  }
  await done(encrypt(key, {}, { store: other }))
  const put = encrypt(key, {}, { method: "PUT" })
  assert.equal(await refused(put), "405 UnsupportedOperationException")
})

test("attack: signatures that are missing, wrong, old, or of something else", async () => {
  const path = `${node.dev.xks.prefix}/kms/xks/v1/keys/${key}/encrypt`
  const bare = node.client.send("POST", path, { body: encryptBody() })
  const minutes = 60_000
  const second = await create({})
  const changed = { body: encryptBody({ plaintext: base64("Hello Mallory") }) }
  const attempts: Record<string, Promise<Answer>> = {
    "none at all": bare,
    "a wrong secret": encrypt(
      key,
      {},
      { store: { ...node.dev.xks, secretAccessKey: "x".repeat(43) } },
    ),
    "an unknown access key": encrypt(
      key,
      {},
      { store: { ...node.dev.xks, accessKeyId: "A".repeat(30) } },
    ),
    "six minutes ago": encrypt(key, {}, { at: Date.now() - 6 * minutes }),
    "in six minutes": encrypt(key, {}, { at: Date.now() + 6 * minutes }),
    "for another service": encrypt(key, {}, { service: "kms" }),
    "of another body": encrypt(key, {}, { sent: changed }),
    "of another path": encrypt(key, {}, { sent: { path: path.replace(key, second) } }),
    "of another time": encrypt(
      key,
      {},
      { sent: { headers: { "x-amz-date": "20261127T000000Z" } } },
    ),
    "of another host": encrypt(key, {}, { signedHost: "keys.example" }),
  }
  for (const [what, asked] of Object.entries(attempts)) {
    assert.equal(await refused(asked), "401 AuthenticationFailedException", what)
  }
  await done(encrypt(key, {}, { at: Date.now() - 4 * minutes }))
})

test("two access keys count at once; what is revoked does not", async () => {
  const old = await newKeyStore(node, "rotating")
  const path = `principals/${old.id}`
  const issued = fields(await node.send("officer", "POST", `${path}/access-keys`, {}))
  const next = { prefix: old.prefix, ...(issued["accessKey"] as Omit<typeof old, "prefix" | "id">) }
  for (const store of [old, next]) await done(encrypt(key, {}, { store }))
  const { credentials } = issued["principal"] as { credentials: Record<string, string>[] }
  const gone = credentials.find(({ accessKeyId }) => accessKeyId === old.accessKeyId)
  await node.send("officer", "DELETE", `${path}/credentials/${gone?.["id"]}`)
  const refusal = await refused(encrypt(key, {}, { store: old }))
  assert.equal(refusal, "401 AuthenticationFailedException")
  await done(encrypt(key, {}, { store: next }))
})

const denied = "403 AccessDeniedException"
const admitting: readonly (readonly [Fields, Fields, Fields])[] = [
  [
    { principals: ["arn:aws:iam::123456789012:user/*"] },
    { awsPrincipalArn: "arn:aws:iam::123456789012:user/Bob" },
    { awsPrincipalArn: "arn:aws:iam::123456789012:role/Bob" },
  ],
  [
    { accounts: ["111122223333"] },
    {},
    { kmsKeyArn: "arn:aws:kms:us-east-2:999999999999:key/1234abcd" },
  ],
  [
    { regions: ["us-east-2"] },
    {},
    { kmsKeyArn: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd" },
  ],
  [{ viaServices: ["ebs"] }, {}, { kmsViaService: undefined }],
  [{ vpcs: ["vpc-1", "vpc-2"] }, { awsSourceVpc: "vpc-2" }, { awsSourceVpc: "vpc-3" }],
  [{ vpcEndpoints: ["vpce-1"] }, { awsSourceVpce: "vpce-1" }, {}],
  [{ operations: ["Decrypt"] }, { kmsOperation: "Decrypt" }, { kmsOperation: "Encrypt" }],
]
for (const [policy, good, bad] of admitting) {
  test(`a key store passes on what its policy admits: ${Object.keys(policy).join()}`, async () => {
    const store = await newKeyStore(node, `store-${count++}`, policy)
    const asking = (more: Fields) =>
      encrypt(key, { requestMetadata: { ...requestMetadata, ...more } }, { store })
    await done(asking(good))
    assert.equal(await refused(asking(bad)), denied)
    const shown = call(
      `/keys/${key}/metadata`,
      { requestMetadata: { ...requestMetadata, ...bad } },
      { store },
    )
    assert.equal(await refused(shown), denied)
    await done(call("/health", { requestMetadata: { ...requestMetadata, ...bad } }, { store }))
  })
}

test("the switch: a policy that admits nothing holds from the next request on", async () => {
  const store = await newKeyStore(node, "switch")
  const made = await done(encrypt(key, {}, { store }))
  const path = `principals/${store.id}`
  const off = await node.send("officer", "PATCH", path, { keyStore: { operations: [] } })
  assert.equal(off.status, 200, off.text)
  assert.equal(await refused(decrypt(key, made, { store })), denied)
  await node.send("officer", "PATCH", path, { keyStore: {} })
  await done(decrypt(key, made, { store }))
  await node.send("officer", "PATCH", path, { state: "disabled" })
  assert.equal(await refused(decrypt(key, made, { store })), "401 AuthenticationFailedException")
})

test("attack: a key store's access key elsewhere, and another's at a key store", async () => {
  const { aws, xks, caFile } = node.dev
  const kms = kmsClient({ aws, caFile }, xks)
  const asked = kms.send("ListKeys").then(
    () => "done",
    (error: unknown) => (error as Error).name, // The SDK throws nothing else.
  )
  assert.equal(await asked, "AccessDeniedException")
  kms.destroy()
  const listed = fields(await node.send("officer", "GET", "principals"))
  const items = listed["items"] as { id: string; name: string }[]
  const id = items.find(({ name }) => name === "aws")?.id
  const store = { ...aws, prefix: `/xks/${id}` }
  assert.equal(await refused(encrypt(key, {}, { store })), denied)
  const grown = { roles: ["user", "officer"] }
  const own = await newKeyStore(node, "grown")
  const more = await node.send("officer", "PATCH", `principals/${own.id}`, grown)
  assert.equal(fields(more)["code"], "MALFORMED_REQUEST")
  const turned = await node.send("officer", "PATCH", `principals/${id}`, { keyStore: {} })
  assert.equal(fields(turned)["code"], "MALFORMED_REQUEST")
})

test("a key store's grants narrow its keys", async () => {
  const store = await newKeyStore(node, "narrow")
  const grants = [{ keyIds: [key] }]
  await node.send("officer", "PATCH", `principals/${store.id}`, { grants })
  const other = await create({})
  await done(encrypt(key, {}, { store }))
  assert.equal(await refused(encrypt(other, {}, { store })), denied)
})
