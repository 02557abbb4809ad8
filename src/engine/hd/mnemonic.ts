/** Mnemonics of BIP 39, in English: words that stand for a seed, with a checksum. */

import { mnemonicToEntropy } from "@scure/bip39"
import { wordlist } from "@scure/bip39/wordlists/english.js"
import { pbkdf2 } from "node:crypto"
import { promisify } from "node:util"
import { limits } from "../../domain/limits.ts"
import { malformed } from "../malformed.ts"

const stretch = promisify(pbkdf2)

/** What was written down: words, and the passphrase beside them. */
export interface Mnemonic {
  readonly words: string
  readonly passphrase: string
}

/**
 * Reads 12 to 24 words of the English list.
 *
 * @throws HsmError MALFORMED_REQUEST: a word that is not of the list, another number of words, a
 * checksum that does not fit.
 */
export function readMnemonic(bytes: Uint8Array, passphrase: string | undefined): Mnemonic {
  if (bytes.length > limits.mnemonicLengthMax) throw notMnemonic()
  const words = Buffer.from(bytes).toString("latin1").trim().split(/\s+/).join(" ")
  if (!/^[a-z ]+$/.test(words)) throw notMnemonic()
  return { words, passphrase: passphrase ?? "" }
}

/** BIP 39, "Generating the mnemonic", backwards: 16 to 32 bytes. */
export function entropyOf({ words }: Mnemonic): Uint8Array {
  try {
    return mnemonicToEntropy(words, wordlist)
  } catch {
    throw notMnemonic()
  }
}

/** BIP 39, "From mnemonic to seed": 64 bytes. */
export async function seedOf(mnemonic: Mnemonic): Promise<Uint8Array> {
  entropyOf(mnemonic).fill(0)
  const salt = `mnemonic${mnemonic.passphrase}`.normalize("NFKD")
  const seed = await stretch(mnemonic.words, salt, 2048, 64, "sha512")
  const copy = Uint8Array.from(seed)
  seed.fill(0)
  return copy
}

/** One answer for all: which word is wrong is the caller's to find out. */
function notMnemonic(): Error {
  return malformed("/material", "is no mnemonic of 12 to 24 English words, or its checksum is off")
}
