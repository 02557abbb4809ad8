/** How key material comes to be: made here, or brought along; either way tested before use. */

import {
  defaultMechanism,
  keyAlgorithm,
  type KeyAlgorithmId,
  type MechanismId,
  type MechanismRow,
} from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import type { Permit } from "../domain/policy.ts"
import { decryptPkcs8 } from "./encrypted-pkcs8.ts"
import { readJwk } from "./jwk.ts"
import { malformed } from "./malformed.ts"
import { provider, type OpenKey } from "./open-keys.ts"
import { openPkcs12 } from "./pkcs12.ts"
import { usualParameters } from "./provider.ts"
import type {
  AgreementId,
  EncryptionId,
  ImportedMaterial,
  KemId,
  Material,
  MaterialFormat,
  SignatureId,
} from "./provider.ts"
import { dealing, randomBytes } from "./random.ts"
import { SecretBytes } from "./secret-bytes.ts"
import { isSlowToMake, slowLane } from "./slow-lane.ts"

/**
 * Makes a new key, a pair in the slow lane when a caller asks for it, under his permit. A pair is
 * used once, both ways, before anyone gets it (the pairwise consistency
 * test of FIPS 140-3, section 10.3.5 of its implementation guidance).
 *
 * @throws {@link HsmError} INTERNAL when that test or the random source's fails.
 */
export async function generateMaterial(
  algorithm: KeyAlgorithmId,
  permit?: Permit,
): Promise<Material> {
  if (permit === undefined || !isSlowToMake(algorithm)) return await makeTested(algorithm)
  return await slowLane.run(permit, () => makeTested(algorithm))
}

/** Deals out `count` new keys, as {@link generateMaterial} makes them; secret ones of one draw. */
export function generating(
  algorithm: KeyAlgorithmId,
  count: number,
  permit: Permit,
): () => Material | Promise<Material> {
  const { secretBytes } = provider.keys[algorithm]
  if (secretBytes === undefined) return () => generateMaterial(algorithm, permit)
  const deal = dealing({ bytes: randomBytes }, count * secretBytes)
  return () => ({ material: new SecretBytes(deal(secretBytes)) })
}

async function makeTested(algorithm: KeyAlgorithmId): Promise<Material> {
  const made = await provider.keys[algorithm].generate()
  if (await isConsistent(algorithm, made)) return made
  made.material[Symbol.dispose]()
  throw new HsmError("INTERNAL", `a new pair of ${algorithm} failed its consistency test`)
}

/**
 * Reads a key that was made elsewhere; it is stored in our own encoding.
 *
 * @param format - `raw` for secret keys and seeds; `pkcs8` (DER) for pairs; `spki` (DER) for the
 * public half of a pair alone; `jwk` (JSON) for any of these; `pkcs12` for the pair of
 * a file under a passphrase; `mnemonic` for seeds, as text, with its passphrase.
 * @param passphrase - of a mnemonic, a PKCS#12 or an encrypted PKCS#8.
 * @throws {@link HsmError} MALFORMED_REQUEST, field `/material` or `/format`: another size, curve
 * or type; numbers that are weak or do not belong together; a point that is not on the curve; DER
 * that is not canonical (SPKI) or not whole (PKCS#8); a key of zeros.
 */
export async function importMaterial(
  algorithm: KeyAlgorithmId,
  format: MaterialFormat,
  bytes: Uint8Array,
  passphrase?: string,
): Promise<ImportedMaterial> {
  if (format === "jwk") return await importJwk(algorithm, bytes)
  if (format === "pkcs12") return await importEncrypted(algorithm, format, bytes, passphrase ?? "")
  const read = provider.keys[algorithm].import[format]
  if (read === undefined)
    throw malformed("/format", `a key of ${algorithm} is not given as ${format}`)
  if (passphrase !== undefined && format !== "mnemonic" && format !== "pkcs8") {
    throw malformed("/passphrase", "only a mnemonic, PKCS#8 and PKCS#12 have a passphrase")
  }
  if (passphrase !== undefined && format === "pkcs8") {
    return await importEncrypted(algorithm, format, bytes, passphrase)
  }
  const imported = await refusingAlike(format, algorithm, async () => read(bytes, passphrase))
  if (await isConsistent(algorithm, imported)) return imported
  imported.material?.[Symbol.dispose]()
  throw malformed("/material", "the two halves do not belong together")
}

/** By format; what comes out is PKCS#8. */
const openers = { pkcs8: decryptPkcs8, pkcs12: openPkcs12 } as const

async function importEncrypted(
  algorithm: KeyAlgorithmId,
  format: keyof typeof openers,
  bytes: Uint8Array,
  passphrase: string,
): Promise<ImportedMaterial> {
  const open = openers[format]
  using opened = await refusingAlike(format, algorithm, () => open(bytes, passphrase))
  return await opened.lend((inner) => importMaterial(algorithm, "pkcs8", inner))
}

async function importJwk(algorithm: KeyAlgorithmId, bytes: Uint8Array): Promise<ImportedMaterial> {
  const jwk = await refusingAlike("jwk", algorithm, async () => readJwk(bytes))
  using material = jwk.material
  if (provider.keys[algorithm].import[jwk.format] === undefined) {
    throw malformed("/material", `is no JWK of ${algorithm}`)
  }
  return await material.lend((inner) => importMaterial(algorithm, jwk.format, inner))
}

/** What OpenSSL says about a key it cannot read is neither stable nor for the caller. */
async function refusingAlike<T>(
  format: MaterialFormat,
  algorithm: KeyAlgorithmId,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof HsmError) throw error
    throw malformed("/material", `is no ${format} key of ${algorithm}`)
  }
}

/** True when what one half does, the other undoes; and for secret keys and public halves alone. */
async function isConsistent(algorithm: KeyAlgorithmId, given: ImportedMaterial): Promise<boolean> {
  if (keyAlgorithm(algorithm).form !== "pair" || given.material === undefined) return true
  const key = provider.keys[algorithm].open(given.material, undefined)
  try {
    for (const [kind, isKindConsistent] of consistencyTests) {
      const mechanism = defaultMechanism(algorithm, kind)
      // A pair that signs has shown that its halves belong together: agreeing would show no more.
      const isShown = kind === "agreement" && defaultMechanism(algorithm, "signature") !== undefined
      if (mechanism === undefined || isShown) continue
      if (!(await isKindConsistent(key, mechanism))) return false
    }
    return true
  } catch {
    return false
  }
}

type ConsistencyTest = (key: OpenKey, mechanism: MechanismId) => Promise<boolean>

const none = new Uint8Array()

/** By what a pair is good for; the mechanism is of that kind. */
const consistencyTests: readonly (readonly [MechanismRow["kind"], ConsistencyTest])[] = [
  [
    "signature",
    async (key, mechanism) => {
      const probe = randomBytes(32)
      const row = provider.signature[mechanism as SignatureId]
      // A stateful key's first index is spent on this: its record begins with the next.
      const parameters = { ...usualParameters, index: 0 }
      const made = await row.sign(key, probe, parameters)
      return row.verify(key, probe, made, parameters)
    },
  ],
  [
    "encryption",
    async (key, mechanism) => {
      const probe = randomBytes(32)
      const row = provider.encryption[mechanism as EncryptionId]
      const ciphertext = row.seal(key, { iv: none, aad: none, plaintext: probe })
      return same(await row.open(key, { iv: none, aad: none, ciphertext }), probe)
    },
  ],
  [
    "kem",
    async (key, mechanism) => {
      const row = provider.kem[mechanism as KemId]
      const { sharedSecret, ciphertext } = row.encapsulate(key)
      return same(await row.decapsulate(key, ciphertext), sharedSecret)
    },
  ],
  [
    "agreement",
    async (key, mechanism) => {
      const row = provider.agreement[mechanism as AgreementId]
      const keys = provider.keys[key.algorithm]
      using made = (await keys.generate()).material
      const other = keys.open(made, undefined)
      return same(await row.agree(key, other), await row.agree(other, key))
    },
  ],
]

/** Values that are thrown away. */
function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.toHex() === other.toHex()
}
