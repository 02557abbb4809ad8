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
  /** How failures of the destination are told; as they are when absent. */
  readonly tell?: (error: unknown) => unknown
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
  command: ReencryptCommand,
): Promise<ReencryptResult> {
  const { source, destination } = command
  if (context.dryRun === true) return await tryBoth(ports, context, command)
  const { plaintext, ...opened } = await decrypt(ports, context, source)
  try {
    const sealed = await sealTo(ports, context, command, { ...destination, plaintext })
    return { source: opened, destination: sealed }
  } finally {
    plaintext.fill(0)
  }
}

/** Asks for both decisions; the first that denies is told. */
async function tryBoth(ports: Ports, context: Context, command: ReencryptCommand): Promise<never> {
  const { source, destination } = command
  try {
    await decrypt(ports, context, source)
  } catch (error) {
    if (!(error instanceof HsmError) || error.code !== "DRY_RUN") throw error
  }
  await sealTo(ports, context, command, { ...destination, plaintext: new Uint8Array(0) })
  throw new HsmError("INTERNAL", "a dry run did something")
}

async function sealTo(
  ports: Ports,
  context: Context,
  { tell = (error) => error }: ReencryptCommand,
  command: EncryptCommand,
): Promise<EncryptResult> {
  return await encrypt(ports, context, command).catch((error: unknown) => {
    throw tell(error)
  })
}
