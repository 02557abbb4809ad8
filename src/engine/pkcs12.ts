/** PKCS#12 (RFC 7292): the one private key of a file that its MAC vouches for. */

import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { setImmediate } from "node:timers/promises"
import { derContent, derUnsigned, readDer, type DerElement } from "../codec/der.ts"
import { decryptPkcs8 } from "./encrypted-pkcs8.ts"
import {
  byObjectId,
  encodedId,
  iterationCount,
  materialField,
  objectId,
  octets,
  sequence,
} from "./key-file.ts"
import { malformed } from "./malformed.ts"
import { SecretBytes } from "./secret-bytes.ts"

/** RFC 7292 sections 4 and 4.1: version 3, a content of octets, a bag of a shrouded key. */
const version = 3n
const dataId = encodedId("1.2.840.113549.1.7.1")
const shroudedKeyBagId = encodedId("1.2.840.113549.1.12.10.1.2")
/** `[0] EXPLICIT`. */
const explicitTag = 0xa0
/** Appendix B.3: the diversifier of a MAC's key. */
const macPurpose = 3
/** Hashes between two looks at the event loop: a millisecond's worth. */
const hashesPerTurn = 1_000

/** What the MAC is made by, and the block of its hash in bytes (v in appendix B.2). */
const digests: Readonly<Record<string, { readonly name: string; readonly block: number }>> =
  byObjectId({
    "1.3.14.3.2.26": { name: "sha1", block: 64 },
    "2.16.840.1.101.3.4.2.1": { name: "sha256", block: 64 },
    "2.16.840.1.101.3.4.2.2": { name: "sha384", block: 128 },
    "2.16.840.1.101.3.4.2.3": { name: "sha512", block: 128 },
  })

/**
 * The PKCS#8 of the one key that the file holds, under PBES2; certificates in it are left alone,
 * and so are parts that are encrypted as a whole, which is where writers put certificates.
 *
 * @throws anything at all for what is none, or under another passphrase: HsmError
 * MALFORMED_REQUEST, field `/material`, for a file without a MAC, for algorithms that are not
 * here, for too many iterations, and for none or several keys.
 */
export async function openPkcs12(bytes: Uint8Array, passphrase: string): Promise<SecretBytes> {
  const [outer, ...more] = readDer(bytes, materialField)
  const [found, authSafe, macData, ...rest] = sequence(outer)
  if (more.length + rest.length > 0 || derUnsigned(found, materialField) !== version) {
    throw malformed(materialField, "is no PKCS#12")
  }
  const contents = dataOf(authSafe)
  if (contents === undefined) throw malformed(materialField, "is a PKCS#12 that is signed")
  await checkMac(contents, macData, passphrase)
  const [shrouded, ...others] = firstSequence(contents).flatMap(shroudedKeys)
  if (shrouded === undefined || others.length > 0) {
    throw malformed(materialField, "is a PKCS#12 of no key or of several")
  }
  return await decryptPkcs8(shrouded, passphrase)
}

/** Before anything inside is looked at. @throws {@link HsmError} MALFORMED_REQUEST */
async function checkMac(
  contents: Uint8Array,
  macData: DerElement | undefined,
  passphrase: string,
): Promise<void> {
  if (macData === undefined) throw malformed(materialField, "is a PKCS#12 without a MAC")
  const [digestInfo, salt, count] = sequence(macData)
  const [algorithm, mac] = sequence(digestInfo)
  const digest = digests[objectId(sequence(algorithm)[0])]
  const iterations = count === undefined ? 1 : iterationCount(count)
  if (digest === undefined || iterations === undefined) {
    throw malformed(materialField, "is a PKCS#12 with another MAC, or has too many iterations")
  }
  using key = await macKey(passphrase, octets(salt), iterations, digest)
  const made = key.lend((secret) => createHmac(digest.name, secret).update(contents).digest())
  const given = octets(mac)
  if (made.length !== given.length || !timingSafeEqual(made, given)) throw new Error("another MAC")
}

/** RFC 7292 appendix B.2, of which a key as long as the hash needs the first block alone. */
export async function macKey(
  passphrase: string,
  salt: Uint8Array,
  iterations: number,
  digest: { readonly name: string; readonly block: number },
): Promise<SecretBytes> {
  const diversifier = new Uint8Array(digest.block).fill(macPurpose)
  using password = new SecretBytes(filled(bmpString(passphrase), digest.block))
  let hash = password.lend((secret) =>
    createHash(digest.name)
      .update(diversifier)
      .update(filled(salt, digest.block))
      .update(secret)
      .digest(),
  )
  for (let made = 1; made < iterations; made++) {
    const next = createHash(digest.name).update(hash).digest()
    hash.fill(0)
    hash = next
    if (made % hashesPerTurn === 0) await setImmediate()
  }
  return new SecretBytes(hash)
}

/** Repeated until whole blocks are full; nothing stays nothing. */
function filled(bytes: Uint8Array, block: number): Buffer<ArrayBuffer> {
  return Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes)
}

/** Appendix B.1: UTF-16, its high bytes first, with two bytes of zero at the end. */
function bmpString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "utf16le").swap16()
}

/** What a ContentInfo of type data holds; undefined for one of another type. */
function dataOf(contentInfo: DerElement | undefined): Uint8Array | undefined {
  const [type, content] = sequence(contentInfo)
  return objectId(type) === dataId ? octets(explicit(content)) : undefined
}

/** The encrypted keys of one safe. */
function shroudedKeys(contentInfo: DerElement): Uint8Array[] {
  const contents = dataOf(contentInfo)
  if (contents === undefined) return []
  return firstSequence(contents).flatMap((bag) => {
    const [type, value] = sequence(bag)
    if (objectId(type) !== shroudedKeyBagId) return []
    return [derContent(value, explicitTag, materialField)]
  })
}

function explicit(element: DerElement | undefined): DerElement | undefined {
  return readDer(derContent(element, explicitTag, materialField), materialField)[0]
}

function firstSequence(bytes: Uint8Array): DerElement[] {
  return sequence(readDer(bytes, materialField)[0])
}
