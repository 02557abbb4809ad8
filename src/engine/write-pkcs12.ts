/**
 * PKCS#12 (RFC 7292) as every reader takes it: one key under PBES2, its certificate in the clear,
 * and an HMAC over both. It is written from what a password became, so that nobody has to keep it.
 */

import { createCipheriv, createHash, createHmac, pbkdf2 } from "node:crypto"
import { promisify } from "node:util"
import {
  derTags,
  explicit,
  sequence,
  writeDer,
  writeDerObjectId,
  writeDerUnsigned,
} from "../codec/der.ts"
import { limits } from "../domain/limits.ts"
import type { KeyFileSecrets } from "../domain/principal.ts"
import { macKey } from "./pkcs12.ts"
import { randomBytes } from "./random.ts"
import { SecretBytes } from "./secret-bytes.ts"

const derive = promisify(pbkdf2)

const saltBytes = 16 // RFC 8018 section 4.1: at least 64 bits, and NIST's 128.
const keyBytes = 32
const ivBytes = 16
const sha256 = { name: "sha256", block: 64 } as const
const bmpStringTag = 0x1e
const nothing = writeDer(derTags.null)

/** RFC 7292 section 4 and appendix D; RFC 8018 appendix A; NIST's register. */
const ids = {
  data: "1.2.840.113549.1.7.1",
  shroudedKeyBag: "1.2.840.113549.1.12.10.1.2",
  certificateBag: "1.2.840.113549.1.12.10.1.3",
  x509: "1.2.840.113549.1.9.22.1",
  friendlyName: "1.2.840.113549.1.9.20",
  localKeyId: "1.2.840.113549.1.9.21",
  pbes2: "1.2.840.113549.1.5.13",
  pbkdf2: "1.2.840.113549.1.5.12",
  hmacSha256: "1.2.840.113549.2.9",
  aes256Cbc: "2.16.840.1.101.3.4.1.42",
  sha256: "2.16.840.1.101.3.4.2.1",
} as const

/** Hashes a password for one file; off the event loop, or between its turns. */
export async function keyFileSecrets(password: string): Promise<KeyFileSecrets> {
  const iterations = limits.keyFileIterations
  const [salt, macSalt] = [randomBytes(saltBytes), randomBytes(saltBytes)]
  const cipherKey = new Uint8Array(await derive(password, salt, iterations, keyBytes, "sha256"))
  using mac = await macKey(password, macSalt, iterations, sha256)
  return { iterations, salt, cipherKey, macSalt, macKey: mac.lend((key) => new Uint8Array(key)) }
}

/** What a file holds. */
export interface KeyFileContent {
  /** PKCS#8. */
  readonly key: SecretBytes
  /** DER. */
  readonly certificate: Uint8Array
  /** For people: what programs call the pair. */
  readonly name: string
}

/** Writes the one file that these secrets are for. */
export function writePkcs12(secrets: KeyFileSecrets, content: KeyFileContent): SecretBytes {
  const { certificate, name } = content
  const attributes = attributesOf(name, certificate)
  const x509 = sequence(objectId(ids.x509), explicit(0, octets(certificate)))
  const certificateBag = sequence(objectId(ids.certificateBag), explicit(0, x509), attributes)
  const shrouded = explicit(0, shroud(secrets, content.key))
  const keyBag = sequence(objectId(ids.shroudedKeyBag), shrouded, attributes)
  const safes = sequence(data(sequence(certificateBag)), data(sequence(keyBag)))
  const { iterations, macSalt } = secrets
  const tag = createHmac(sha256.name, secrets.macKey).update(safes).digest()
  const digest = sequence(sequence(objectId(ids.sha256), nothing), octets(tag))
  const mac = sequence(digest, octets(macSalt), writeDerUnsigned(BigInt(iterations)))
  return new SecretBytes(sequence(writeDerUnsigned(3n), data(safes), mac))
}

/** An EncryptedPrivateKeyInfo, RFC 8018 section 6.2. */
function shroud({ cipherKey, salt, iterations }: KeyFileSecrets, key: SecretBytes): Uint8Array {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv("aes-256-cbc", cipherKey, iv)
  const begun = key.lend((pkcs8) => cipher.update(pkcs8))
  const count = writeDerUnsigned(BigInt(iterations))
  const prf = sequence(objectId(ids.hmacSha256), nothing)
  const kdf = sequence(objectId(ids.pbkdf2), sequence(octets(salt), count, prf))
  const scheme = sequence(objectId(ids.aes256Cbc), octets(iv))
  const algorithm = sequence(objectId(ids.pbes2), sequence(kdf, scheme))
  return sequence(algorithm, writeDer(derTags.octetString, begun, cipher.final()))
}

/** By the second one readers find the certificate of a key. */
function attributesOf(name: string, certificate: Uint8Array): Uint8Array {
  const named = writeDer(bmpStringTag, Buffer.from(name, "utf16le").swap16())
  const id = octets(createHash("sha256").update(certificate).digest().subarray(0, 20))
  const all = [attribute(ids.friendlyName, named), attribute(ids.localKeyId, id)]
  // A SET OF in DER: X.690 section 11.6.
  return writeDer(derTags.set, ...all.toSorted((one, other) => Buffer.compare(one, other)))
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(objectId(type), writeDer(derTags.set, value))
}

/** A ContentInfo of type data. */
function data(content: Uint8Array): Uint8Array {
  return sequence(objectId(ids.data), explicit(0, octets(content)))
}

function octets(content: Uint8Array): Uint8Array {
  return writeDer(derTags.octetString, content)
}

function objectId(dotted: string): Uint8Array {
  return writeDerObjectId(dotted)
}
