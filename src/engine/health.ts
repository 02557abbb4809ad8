/** Whether the engine works at this moment, shown on a key that nobody else ever has. */

import { provider } from "./open-keys.ts"
import { randomBytes } from "./random.ts"

const message = new Uint8Array(32)

/** Seals and opens one message. */
export async function sealsAndOpens(): Promise<boolean> {
  const { material } = await provider.keys.AES_256.generate()
  using own = material
  const key = provider.keys.AES_256.open(own, undefined)
  const { AES_GCM: row } = provider.encryption
  const about = { iv: randomBytes(row.ivBytes), aad: new Uint8Array() }
  const ciphertext = row.seal(key, { ...about, plaintext: message })
  const opened = await row.open(key, { ...about, ciphertext })
  return opened.every((byte) => byte === 0) && opened.length === message.length
}
