/**
 * Cardano's keys: BIP32-Ed25519 (Khovratovich and Law) from a root of CIP-3's Icarus. An extended
 * key is kL || kR: a scalar, and what nonces are drawn from. The point arithmetic is JavaScript's.
 */

import { createHmac, pbkdf2 } from "node:crypto"
import { promisify } from "node:util"
import { hardenedOffset, type DerivationPath } from "../../domain/derivation.ts"
import { publicOf } from "../noble/ed25519-extended.ts"
import { wipe, type ExtendedKey } from "./slip10.ts"

const stretch = promisify(pbkdf2)
const half = 32

/** kL, kR and the chain code of the root: what is stored. */
export const rootBytes = 3 * half

/** CIP-3, Icarus: from a mnemonic's entropy, and a passphrase as UTF-8. */
export async function icarusRoot(entropy: Uint8Array, passphrase: string): Promise<Uint8Array> {
  const root = await stretch(passphrase, entropy, 4096, rootBytes, "sha512")
  root[0] = (root[0] ?? 0) & 0xf8
  root[31] = ((root[31] ?? 0) & 0x1f) | 0x40
  const copy = Uint8Array.from(root)
  root.fill(0)
  return copy
}

/** True for what {@link icarusRoot} makes: any child's scalar then fits as well. */
export function isRoot(root: Uint8Array): boolean {
  const [low = 1, high = 0] = [root[0], root[31]]
  return root.length === rootBytes && (low & 7) === 0 && (high & 0xe0) === 0x40
}

/** The key that a path leads to. */
export function deriveCardano(root: Uint8Array, path: DerivationPath): ExtendedKey {
  let key: ExtendedKey = { secret: root.slice(0, 2 * half), chainCode: root.slice(2 * half) }
  for (const index of path) {
    const next = child(key, index)
    wipe(key)
    key = next
  }
  return key
}

/** Section V-B: Z is added to the parent, the chain code comes from a hash of its own. */
function child({ secret, chainCode }: ExtendedKey, index: number): ExtendedKey {
  const isHardened = index >= hardenedOffset
  const base = isHardened ? secret : publicOf(secret)
  const data = new Uint8Array(1 + base.length + 4)
  data.set(base, 1)
  new DataView(data.buffer).setUint32(1 + base.length, index, true)
  const draw = (tag: number): Uint8Array => {
    data[0] = tag
    return Uint8Array.from(createHmac("sha512", chainCode).update(data).digest())
  }
  const z = draw(isHardened ? 0 : 2)
  const next = draw(isHardened ? 1 : 3)
  const made = new Uint8Array(2 * half)
  made.set(addScaled(secret.subarray(0, half), z.subarray(0, 28), 8))
  made.set(addScaled(secret.subarray(half), z.subarray(half), 1), half)
  for (const spent of [data, z]) spent.fill(0)
  return { secret: made, chainCode: next.slice(half) }
}

/** number + factor * addend mod 2^256, little-endian, without a branch on the numbers. */
function addScaled(number: Uint8Array, addend: Uint8Array, factor: number): Uint8Array {
  let carry = 0
  return number.map((digit, at) => {
    const sum = digit + (addend[at] ?? 0) * factor + carry
    carry = sum >> 8
    return sum
  })
}
