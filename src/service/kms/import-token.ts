/**
 * Import tokens (docs/formats/import-token.md): which public key some material was wrapped under,
 * for which key, how, and until when. Nobody else makes one: it ends with a keyed hash.
 */

import { timingSafeEqual } from "node:crypto"

import { parseMechanism, type MechanismId } from "../../domain/algorithms.ts"
import { HsmError } from "../../domain/errors.ts"
import { instant, parseId, type Instant, type KeyId } from "../../domain/ids.ts"
import type { KeyRecord } from "../../domain/key.ts"
import type { Ports } from "../ports.ts"

/** What a token says. */
export interface ImportTicket {
  readonly wrappingKey: KeyId
  readonly mechanism: MechanismId
  readonly expiresAt: Instant
}

/** A token for a key of that partition. */
export function makeImportToken(
  ports: Pick<Ports, "records">,
  key: Pick<KeyRecord, "id" | "partition">,
  { wrappingKey, mechanism, expiresAt }: ImportTicket,
): Uint8Array {
  const said = ["kit1", key.id, wrappingKey, mechanism, expiresAt].join(".")
  return Buffer.from(`${said}.${macOf(ports, key, said).toHex()}`)
}

/**
 * Reads a token that was made for that key.
 *
 * @throws HsmError with the field `/importToken`: MALFORMED_REQUEST for every other one, KEY_STATE
 * when its time is over.
 */
export function readImportToken(
  ports: Pick<Ports, "records">,
  key: Pick<KeyRecord, "id" | "partition">,
  { token, now }: { readonly token: Uint8Array; readonly now: Instant },
): ImportTicket {
  const text = Buffer.from(token).toString("latin1")
  const said = text.slice(0, Math.max(text.lastIndexOf("."), 0))
  const made = Buffer.from(`${said}.${macOf(ports, key, said).toHex()}`, "latin1")
  if (made.length !== token.length || !timingSafeEqual(made, token)) throw badToken()
  const [, of, by = "", how = "", until] = said.split(".")
  const [wrappingKey, mechanism] = [parseId<KeyId>(by), parseMechanism(how)]
  if (of !== key.id || wrappingKey === undefined || mechanism === undefined) throw badToken()
  const expiresAt = instant(Number(until))
  if (now >= expiresAt) throw lateToken()
  return { wrappingKey, mechanism, expiresAt }
}

/** The token is none of ours, or not for this key, or has been used. */
export function badToken(): HsmError {
  return new HsmError("MALFORMED_REQUEST", "the import token does not serve this key", about)
}

/** Its time is over. */
export function lateToken(): HsmError {
  return new HsmError("KEY_STATE", "the import token has expired", about)
}

const about = { field: "/importToken" }

/** Under a key of the partition: another account's token is none. */
function macOf(
  { records }: Pick<Ports, "records">,
  { partition }: Pick<KeyRecord, "partition">,
  said: string,
): Uint8Array {
  return records.keyholder.hashName(partition, "import-token", said)
}
