/** Another implementation agrees with what leaves the API: the OpenSSL command line. */

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, suite, test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, bytes, type Fields } from "../support/rest-client.ts"

const found = spawnSync("openssl", ["version"]).status === 0
if (!found && process.env["CI"] !== undefined) throw new Error("install openssl")
const skip = found ? false : "the Debian package openssl is missing"

const message = Buffer.from("another implementation agrees\n")
const pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]

/** Mechanism, algorithm, and how `openssl dgst` is told about it. */
const signing = [
  ["ECDSA_SHA_256", "EC_P256", "sha256", []],
  ["ECDSA_SHA_384", "EC_P384", "sha384", []],
  ["ECDSA_SHA_512", "EC_P521", "sha512", []],
  ["RSA_PSS_SHA_256", "RSA_2048", "sha256", pss],
  ["RSA_PSS_SHA_512", "RSA_2048", "sha512", pss],
  ["RSA_PKCS1_SHA_256", "RSA_2048", "sha256", []],
  ["RSA_PKCS1_SHA_384", "RSA_2048", "sha384", []],
] as const

interface Signing {
  readonly mechanism: string
  readonly algorithm: string
  readonly hash: string
  readonly options: readonly string[]
}

let node: DevNode
let folder: string
let count = 0

suite("OpenSSL agrees with the API", { skip }, () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "keyhold-openssl-"))
    writeFileSync(at("message"), message)
    node = await startDevNode()
  })
  after(async () => {
    rmSync(folder, { recursive: true })
    await node.stop()
  })

  for (const [mechanism, algorithm, hash, options] of signing) {
    test(`${mechanism} of ${algorithm} verifies there, and not with one bit flipped`, () =>
      checkSignature({ mechanism, algorithm, hash, options }))
  }

  test("ED25519 verifies there, and not with one bit flipped", checkEd25519)

  test("what OpenSSL encrypts with RSA-OAEP opens here", checkOaep)

  for (const [mechanism, cipher] of [
    ["AES_CBC_PAD", "cbc"],
    ["AES_CTR", "ctr"],
  ] as const) {
    for (const size of [128, 192, 256]) {
      test(`${mechanism} of ${size} bits opens there`, () => checkCipher(mechanism, cipher, size))
    }
  }

  for (const hash of ["256", "384", "512"]) {
    test(`HMAC-SHA-${hash} comes out there as here`, () => checkMac(hash))
  }

  for (const algorithm of ["AES_256", "HMAC_SHA_384", "EC_P256", "RSA_2048"]) {
    test(`a wrapped ${algorithm} unwraps there to what is exported in the clear`, () =>
      checkWrapped(algorithm))
  }

  test("a key that OpenSSL made signs here as it does there", checkPkcs8)

  test("a public key alone verifies what OpenSSL signed, and signs nothing", checkSpki)
})

async function checkSignature({ mechanism, algorithm, hash, options }: Signing): Promise<void> {
  const key = await create({ algorithm })
  const { signature } = await use(key, "sign", { message: base64(message), mechanism })
  await publicKey(key)
  const verify = (one: Uint8Array) => {
    writeFileSync(at("sig"), one)
    const which = [`-${hash}`, ...options, "-verify", at("pub.pem"), "-signature", at("sig")]
    return openssl(["dgst", ...which, at("message")]).status === 0
  }
  assert.equal(verify(bytes(signature)), true)
  assert.equal(verify(flipBit(bytes(signature), -1)), false)
}

async function checkEd25519(): Promise<void> {
  const key = await create({ algorithm: "ED25519" })
  const { signature } = await use(key, "sign", { message: base64(message) })
  await publicKey(key)
  const options = ["-verify", "-pubin", "-inkey", at("pub.pem"), "-rawin", "-in", at("message")]
  const verify = (one: Uint8Array) => {
    writeFileSync(at("sig"), one)
    return openssl(["pkeyutl", ...options, "-sigfile", at("sig")]).status === 0
  }
  assert.equal(verify(bytes(signature)), true)
  assert.equal(verify(flipBit(bytes(signature), -1)), false)
}

async function checkOaep(): Promise<void> {
  const key = await create({ algorithm: "RSA_2048", usages: ["encrypt", "decrypt"] })
  await publicKey(key)
  const oaep = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"]
  const options = oaep.flatMap((option) => ["-pkeyopt", option])
  const input = ["-pubin", "-inkey", at("pub.pem"), "-in", at("message")]
  const { stdout } = openssl(["pkeyutl", "-encrypt", ...input, ...options])
  const mechanism = "RSA_OAEP_SHA_256"
  const opened = await use(key, "decrypt", { ciphertext: base64(stdout), mechanism })
  assert.deepEqual(Buffer.from(bytes(opened["plaintext"])), message)
}

async function checkCipher(mechanism: string, cipher: string, size: number): Promise<void> {
  const { key, hex } = await exportable({ algorithm: `AES_${size}` })
  const sealed = { plaintext: base64(message), mechanism, raw: true }
  const { ciphertext, iv } = await use(key, "encrypt", sealed)
  const options = ["-K", hex, "-iv", Buffer.from(bytes(iv)).toString("hex")]
  const opened = openssl(["enc", "-d", `-aes-${size}-${cipher}`, ...options], bytes(ciphertext))
  assert.deepEqual(opened.stdout, message)
  const wrong = openssl(
    ["enc", "-d", `-aes-${size}-${cipher}`, ...options],
    flipBit(bytes(ciphertext), -1),
  )
  assert.notDeepEqual(wrong.stdout, message)
}

async function checkMac(hash: string): Promise<void> {
  const { key, hex } = await exportable({ algorithm: `HMAC_SHA_${hash}` })
  const { mac } = await use(key, "mac", { message: base64(message) })
  const options = ["-digest", `SHA${hash}`, "-macopt", `hexkey:${hex}`, "-binary"]
  const { stdout } = openssl(["mac", ...options, "-in", at("message"), "HMAC"])
  assert.equal(base64(stdout), mac)
}

async function checkWrapped(algorithm: string): Promise<void> {
  const wrapper = await exportable({ algorithm: "AES_256", usages: ["wrap", "unwrap"] })
  const path = `POST /keys/${wrapper.key}/trust`
  await node.client.call(node.token("officer"), path, { trusted: true })
  const target = await exportable({ algorithm })
  const wrapped = await exportKey(target.key, { wrappingKey: wrapper.key })
  const options = ["-id-aes256-wrap-pad", "-K", wrapper.hex, "-iv", "a65959a6"]
  const { stdout } = openssl(["enc", "-d", ...options], wrapped)
  assert.equal(stdout.toString("hex"), target.hex)
  assert.notEqual(openssl(["enc", "-d", ...options], flipBit(wrapped, -1)).status, 0)
}

async function checkPkcs8(): Promise<void> {
  openssl(["genpkey", "-algorithm", "ED25519", "-outform", "DER", "-out", at("own.der")])
  const pem = ["-inform", "DER", "-in", at("own.der"), "-out", at("own.pem")]
  openssl(["pkey", ...pem])
  const key = await importKey("ED25519", "pkcs8", readFileSync(at("own.der")))
  const { signature } = await use(key, "sign", { message: base64(message) })
  const options = ["-sign", "-rawin", "-inkey", at("own.pem"), "-in", at("message")]
  assert.equal(base64(openssl(["pkeyutl", ...options]).stdout), signature)
}

async function checkSpki(): Promise<void> {
  const curve = ["-pkeyopt", "ec_paramgen_curve:P-256"]
  openssl(["genpkey", "-algorithm", "EC", ...curve, "-out", at("ec.pem")])
  const spki = openssl(["pkey", "-in", at("ec.pem"), "-pubout", "-outform", "DER"]).stdout
  const key = await importKey("EC_P256", "spki", spki)
  const made = openssl(["dgst", "-sha256", "-sign", at("ec.pem"), at("message")]).stdout
  const check = (signature: Uint8Array) =>
    use(key, "verify", { message: base64(message), signature: base64(signature) })
  assert.equal((await check(made))["valid"], true)
  assert.equal((await check(flipBit(made, -1)))["valid"], false)
  await assert.rejects(use(key, "sign", { message: base64(message) }), /403/)
}

function at(name: string): string {
  return join(folder, name)
}

function openssl(args: readonly string[], input?: Uint8Array) {
  return spawnSync("openssl", args, input === undefined ? {} : { input })
}

async function create(template: Fields): Promise<string> {
  count += 1
  const body = { name: `key-${count}`, ...template }
  const { id } = await node.client.call(node.token("manager"), "POST /keys", body)
  return String(id)
}

async function importKey(
  algorithm: string,
  format: "pkcs8" | "spki",
  material: Uint8Array,
): Promise<string> {
  count += 1
  const body = { name: `key-${count}`, algorithm, format, material: base64(material) }
  const { id } = await node.client.call(node.token("manager"), "POST /keys/import", body)
  return String(id)
}

async function use(key: string, operation: string, body: Fields): Promise<Fields> {
  return await node.client.call(node.token("user"), `POST /keys/${key}/${operation}`, body)
}

async function exportKey(key: string, body: Fields): Promise<Uint8Array> {
  const exported = await node.client.call(node.token("manager"), `POST /keys/${key}/export`, body)
  return bytes(exported["material"])
}

/** A key whose material may leave in the clear, and that material. */
async function exportable(template: Fields): Promise<{ key: string; hex: string }> {
  const key = await create({ ...template, extractable: true, sensitive: false })
  return { key, hex: Buffer.from(await exportKey(key, {})).toString("hex") }
}

async function publicKey(key: string): Promise<void> {
  const { pem } = await node.client.call(node.token("user"), `GET /keys/${key}/public`)
  writeFileSync(at("pub.pem"), String(pem))
}
