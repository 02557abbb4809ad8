/**
 * Moves a ciphertext to another key, or to its key's current version; the plaintext stays inside.
 */

import { HsmError } from "../domain/errors.ts"
import type { Context, DecryptCommand, DecryptResult, EncryptCommand } from "./commands.ts"
import type { EncryptResult } from "./commands.ts"
import { decrypt, encrypt } from "./encrypt.ts"
import type { Ports } from "./ports.ts"

export interface ReencryptCommand {
  readonly source: DecryptCommand
  readonly destination: Omit<EncryptCommand, "plaintext">
}

export interface ReencryptResult {
  readonly source: Omit<DecryptResult, "plaintext">
  readonly destination: EncryptResult
}

/**
 * Decrypts and encrypts again. Both keys have to allow it, each for its part.
 *
 * @throws HsmError as `decrypt` and `encrypt`.
 */
export async function reencrypt(
  ports: Ports,
  context: Context,
  { source, destination }: ReencryptCommand,
): Promise<ReencryptResult> {
  if (context.dryRun === true) return await tryBoth(ports, context, { source, destination })
  const { plaintext, ...opened } = await decrypt(ports, context, source)
  try {
    const sealed = await encrypt(ports, context, { ...destination, plaintext })
    return { source: opened, destination: sealed }
  } finally {
    plaintext.fill(0)
  }
}

/** Asks for both decisions; the first that denies is told. */
async function tryBoth(
  ports: Ports,
  context: Context,
  { source, destination }: ReencryptCommand,
): Promise<never> {
  try {
    await decrypt(ports, context, source)
  } catch (error) {
    if (!(error instanceof HsmError) || error.code !== "DRY_RUN") throw error
  }
  await encrypt(ports, context, { ...destination, plaintext: new Uint8Array(0) })
  throw new HsmError("INTERNAL", "a dry run did something")
}
