/**
 * Writes test/vectors/made.json: vectors of the rows for which nobody has published any, made with
 * an implementation that is not the engine's: OpenSSL 3.0 and jwcrypto of Debian, and noble. Their
 * keys are published with them, and so good for nothing else. Run again, it makes other ones.
 */
import { execFileSync } from "node:child_process"
import { createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { eddsa } from "@noble/curves/abstract/edwards.js"
import { ed25519 } from "@noble/curves/ed25519.js"
import { schnorr } from "@noble/curves/secp256k1.js"
import { sha512 } from "@noble/hashes/sha2.js"
import { ml_kem1024, ml_kem512, ml_kem768 } from "@noble/post-quantum/ml-kem.js"

const folder = mkdtempSync(join(tmpdir(), "keyhold-vectors-"))
const message = Buffer.from("made where nobody published\n")
writeFileSync(join(folder, "message"), message)

function openssl(...args: readonly string[]): Buffer {
  return execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] })
}

function newKey(...how: readonly string[]): string {
  writeFileSync(join(folder, "key.pem"), openssl("genpkey", ...how))
  return openssl("pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER").toString(
    "base64",
  )
}

/** The key between an RSA key and what it wraps, and the message wrapped under it. */
const kek = randomBytes(32)
writeFileSync(join(folder, "kek"), kek)
const withIv = ["-K", kek.toString("hex"), "-iv", "A65959A6"] as const
const wrapped = openssl("enc", "-id-aes256-wrap-pad", ...withIv, "-in", "message")

const version = openssl("version").toString().split(" ").slice(0, 2).join(" ")

function rsaVectors(bits: number) {
  const key = newKey("-algorithm", "RSA", "-pkeyopt", `rsa_keygen_bits:${bits}`)
  const about = { algorithm: `RSA_${bits}`, key, message: message.toString("base64") }
  const encryption = (file: string, options: readonly string[]) => {
    const all = options.flatMap((option) => ["-pkeyopt", option])
    return openssl("pkeyutl", "-encrypt", "-inkey", "key.pem", "-in", file, ...all)
  }
  const encrypted = (mechanism: string, ...options: readonly string[]) => {
    const source = `${version} pkeyutl -encrypt ${options.join(" ")}`
    return { ...about, mechanism, source, ciphertext: base64(encryption("message", options)) }
  }
  const oaep = ["1", "256", "384", "512"].flatMap((hash) => {
    const digests = [`rsa_oaep_md:sha${hash}`, `rsa_mgf1_md:sha${hash}`]
    const options = ["rsa_padding_mode:oaep", ...digests]
    const row = encrypted(`RSA_OAEP_SHA_${hash}`, ...options)
    const ciphertext = base64(Buffer.concat([encryption("kek", options), wrapped]))
    const source = `${row.source}, enc -id-aes256-wrap-pad`
    return [
      row,
      { ...row, mechanism: `RSA_OAEP_WRAP_SHA_${hash}` },
      { ...row, mechanism: `RSA_AES_KWP_SHA_${hash}`, source, ciphertext },
    ]
  })
  const whole = Buffer.concat([Buffer.alloc(bits / 8 - message.length, 0), message])
  writeFileSync(join(folder, "message"), whole)
  const raw = {
    ...encrypted("RSA_RAW", "rsa_padding_mode:none"),
    message: whole.toString("base64"),
  }
  writeFileSync(join(folder, "message"), message)
  const options = ["rsa_padding_mode:pss", "rsa_pss_saltlen:32"]
  const pss = options.flatMap((option) => ["-sigopt", option])
  const signature = openssl("dgst", "-sha256", "-sign", "key.pem", ...pss, "message")
  const source = `${version} dgst -sha256 -sign ${options.join(" ")}`
  const signed = {
    ...about,
    mechanism: "RSA_PSS_SHA_256",
    source,
    signature: signature.toString("base64"),
  }
  return [...oaep, encrypted("RSA_PKCS1_ENCRYPTION", "rsa_padding_mode:pkcs1"), raw, signed]
}

function ecdhVector([algorithm, curve]: readonly [string, string]) {
  const how = ["-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${curve}`] as const
  newKey(...how)
  const peer = openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER")
  writeFileSync(join(folder, "peer.pem"), openssl("pkey", "-in", "key.pem", "-pubout"))
  const key = newKey(...how)
  const secret = openssl("pkeyutl", "-derive", "-inkey", "key.pem", "-peerkey", "peer.pem")
  return {
    algorithm,
    mechanism: "ECDH",
    source: `${version} pkeyutl -derive`,
    key,
    peer: peer.toString("base64"),
    secret: secret.toString("base64"),
  }
}

const jweScript = `
import sys
from jwcrypto import jwe, jwk
key = jwk.JWK.from_json(open("key.jwk").read())
header = '{"alg":"ECDH-ES+A256KW","enc":"A256GCM"}'
made = jwe.JWE(open("message", "rb").read(), protected=header, recipient=key)
sys.stdout.write(made.serialize(compact=True))
`

function jweVector([algorithm, ...how]: readonly [string, ...string[]]) {
  const key = newKey(...how)
  const jwk = createPublicKey(readFileSync(join(folder, "key.pem"))).export({ format: "jwk" })
  writeFileSync(join(folder, "key.jwk"), JSON.stringify(jwk))
  // Debian's own Python, which has the package python3-jwcrypto.
  const made = execFileSync("/usr/bin/python3", ["-c", jweScript], { cwd: folder })
  return {
    algorithm,
    mechanism: "ECDH_ES_A256KW",
    source: "jwcrypto 1.1",
    key,
    message: base64(message),
    ciphertext: base64(made),
  }
}

function mlKemVector(parameters: "512" | "768" | "1024") {
  const kem = { 512: ml_kem512, 768: ml_kem768, 1024: ml_kem1024 }[parameters]
  const { privateKey, publicKey } = generateKeyPairSync(`ml-kem-${parameters}`)
  const { cipherText, sharedSecret } = kem.encapsulate(rawPublic(publicKey, kem.lengths.publicKey))
  const keyed = ["-K", sharedSecret.toHex(), "-iv", "A65959A6"]
  const sealed = openssl("enc", "-id-aes256-wrap-pad", ...keyed, "-in", "message")
  return {
    algorithm: `ML_KEM_${parameters}`,
    mechanism: "ML_KEM_AES_KWP",
    source: `@noble/post-quantum 0.7.1, ${version} enc -id-aes256-wrap-pad`,
    key: base64(privateKey.export({ format: "der", type: "pkcs8" })),
    message: base64(message),
    ciphertext: base64(Buffer.concat([cipherText, sealed])),
  }
}

/** The last bytes of an SPKI are the key. */
function rawPublic(key: KeyObject, length = 0): Uint8Array {
  return key.export({ format: "der", type: "spki" }).subarray(-length)
}

/** SLIP-0010, test vector 1: the seed, and the private keys at its first hardened child. */
const seed = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex").toString("base64")
const children = {
  BIP32_SECP256K1: "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea",
  SLIP10_ED25519: "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3",
} as const

/** RFC 8032 section 5.1 with a prefix; `flag`: 1 where the message was hashed before. */
function prefixed(flag: number, context: Uint8Array) {
  const head = Buffer.from("SigEd25519 no Ed25519 collisions")
  return eddsa(ed25519.Point, sha512, {
    adjustScalarBytes: (bytes: Uint8Array) => {
      bytes[0] = (bytes[0] ?? 0) & 0xf8
      bytes[31] = ((bytes[31] ?? 0) & 0x7f) | 0x40
      return bytes
    },
    domain: (data: Uint8Array) =>
      Buffer.concat([head, Uint8Array.of(flag, context.length), context, data]),
  })
}

function seedVectors() {
  const digest = sha512(message).subarray(0, 32)
  const secp256k1 = Uint8Array.fromHex(children.BIP32_SECP256K1)
  const edwards = Uint8Array.fromHex(children.SLIP10_ED25519)
  const context = Buffer.from("keyhold")
  const about = { key: seed, path: "m/0'" }
  const source = "SLIP-0010 test vector 1, @noble/curves 2.4.0"
  return [
    {
      ...about,
      algorithm: "BIP32_SECP256K1",
      mechanism: "BIP340_SCHNORR",
      source,
      message: base64(digest),
      signature: base64(schnorr.sign(digest, secp256k1, new Uint8Array(32))),
    },
    {
      ...about,
      algorithm: "SLIP10_ED25519",
      mechanism: "ED25519_CTX",
      source,
      context: base64(context),
      message: base64(message),
      signature: base64(prefixed(0, context).sign(message, edwards)),
    },
    {
      ...about,
      algorithm: "SLIP10_ED25519",
      mechanism: "ED25519_PH",
      source,
      message: base64(message),
      signature: base64(prefixed(1, new Uint8Array()).sign(sha512(message), edwards)),
    },
  ]
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64")
}

const curves = [
  ["EC_P224", "secp224r1"],
  ["EC_BRAINPOOL_P224", "brainpoolP224r1"],
  ["EC_BRAINPOOL_P320", "brainpoolP320r1"],
  ["EC_BRAINPOOL_P384", "brainpoolP384r1"],
  ["EC_BRAINPOOL_P512", "brainpoolP512r1"],
] as const
const jwePairs = [
  ["EC_P256", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  ["EC_P384", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
  ["EC_P521", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
  ["X25519", "-algorithm", "X25519"],
] as const
const all = [
  ...[3072, 4096, 8192].flatMap(rsaVectors),
  ...curves.map(ecdhVector),
  ...jwePairs.map(jweVector),
  ...(["512", "768", "1024"] as const).map(mlKemVector),
  ...seedVectors(),
]
/** Wycheproof has these, and the known answers of the self-test. */
const published = [
  "RSA_3072 RSA_OAEP_SHA_512",
  "RSA_4096 RSA_OAEP_SHA_256",
  "RSA_3072 RSA_PSS_SHA_256",
  "RSA_4096 RSA_PSS_SHA_256",
  "EC_P256 ECDH_ES_A256KW",
  "ML_KEM_768 ML_KEM_AES_KWP",
]
const vectors = all.filter(
  ({ algorithm, mechanism }) => !published.includes(`${algorithm} ${mechanism}`),
)
const file = join(import.meta.dirname, "../test/vectors/made.json")
// A key that several vectors share stands once.
const keys = [...new Set(vectors.map(({ key }) => key))]
const named = vectors.map((vector) => ({ ...vector, key: keys.indexOf(vector.key) }))
writeFileSync(file, `${JSON.stringify({ keys, vectors: named }, undefined, 2)}\n`)
rmSync(folder, { recursive: true })
process.stdout.write(`${vectors.length} vectors, ${readFileSync(file).length} bytes\n`)
