/** What readers of key files share: how DER names algorithms, and the fields that they stand in. */

import {
  derContent,
  derElements,
  derTags,
  derUnsigned,
  writeDer,
  writeDerObjectId,
  type DerElement,
} from "../codec/der.ts"
import { limits } from "../domain/limits.ts"

/** What readers of key files complain about. */
export const materialField = "/material"

/** The elements of a SEQUENCE. @throws CodecError */
export function sequence(element: DerElement | undefined): DerElement[] {
  return derElements(element, materialField)
}

/** @throws CodecError */
export function octets(element: DerElement | undefined): Uint8Array {
  return derContent(element, derTags.octetString, materialField)
}

/** How often a passphrase is hashed; undefined: never, or too often. @throws CodecError */
export function iterationCount(element: DerElement | undefined): number | undefined {
  const count = Number(derUnsigned(element, materialField))
  return count < 1 || count > limits.fileIterationsMax ? undefined : count
}

/** As {@link encodedId} writes it. @throws CodecError */
export function objectId(element: DerElement | undefined): string {
  return writeDer(derTags.objectId, derContent(element, derTags.objectId, materialField)).toHex()
}

/** An object identifier in dots, as what {@link objectId} reads is compared with. */
export function encodedId(dotted: string): string {
  return writeDerObjectId(dotted).toHex()
}

/** A table by object identifiers in dots, to be asked with what {@link objectId} reads. */
export function byObjectId<T>(rows: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const entries = Object.entries(rows).map(([id, row]) => [encodedId(id), row])
  return Object.fromEntries(entries) as Record<string, T>
}
