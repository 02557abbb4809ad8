/** Names of AWS: key ids, aliases, ARNs; read strictly and written one way. */

import { CodecError } from "../../codec/error.ts"
import { hexOf, idOfHex, idOfUuid, uuidOf } from "../../codec/uuid.ts"
import { isId, type KeyId } from "../../domain/ids.ts"
import { sealedAs, type KeyRecord } from "../../domain/key.ts"
import { Fault, invalid } from "./fault.ts"

/** Where a request arrives: the account that it acts in, and the region of its signature. */
export interface Place {
  readonly account: string
  readonly region: string
}

/** A key or an alias as a request names it; `account` and `region` as an ARN says. */
export type KeyName = Place & {
  /** As it was written, or the ARN that it stands for: for messages. */
  readonly shown: string
  readonly isArn: boolean
} & (NamedKey | { readonly alias: string })

interface NamedKey {
  readonly id: KeyId
  readonly isMultiRegion: boolean
  /** It is written as `/api/v1` writes it, which has one form for all. */
  readonly isOurs?: true
}

const arnPattern = /^arn:aws:kms:(?<region>[a-z0-9-]*):(?<account>[0-9]{12}):(?<rest>.+)$/
export const aliasPrefix = "alias/"
/** Kept for AWS's own services. */
export const reservedAliasPrefix = "alias/aws/"
const multiRegionPrefix = "mrk-"

/**
 * Reads a `KeyId`: a key's id or ARN, an alias or its ARN, or the id that `/api/v1` shows.
 *
 * @throws {@link Fault} NotFoundException when it is none of these, or of another region.
 */
export function readKeyName(text: string, place: Place): KeyName {
  if (text.startsWith("arn:")) return readArn(text, place)
  if (text.startsWith(aliasPrefix)) {
    const shown = aliasArn(place, text)
    return { ...place, alias: text.slice(aliasPrefix.length), shown, isArn: false }
  }
  const found = readId(text)
  if (found === undefined) throw new Fault("NotFoundException", `Invalid keyId '${text}'`)
  return { ...place, ...found, shown: keyArn(place, found), isArn: false }
}

function readArn(text: string, place: Place): KeyName {
  const { region, account, rest = "" } = arnPattern.exec(text)?.groups ?? {}
  if (region === undefined || account === undefined) {
    throw new Fault("NotFoundException", `Invalid arn ${text}`)
  }
  if (region !== place.region) throw new Fault("NotFoundException", `Invalid arn ${place.region}`)
  const common = { region, account, shown: text, isArn: true }
  if (rest.startsWith(aliasPrefix)) return { ...common, alias: rest.slice(aliasPrefix.length) }
  const found = rest.startsWith("key/") ? readId(rest.slice("key/".length)) : undefined
  if (found === undefined) throw new Fault("NotFoundException", `Invalid arn ${text}`)
  return { ...common, ...found }
}

function readId(text: string): NamedKey | undefined {
  try {
    if (isId(text)) return { id: text as KeyId, isMultiRegion: false, isOurs: true }
    const isMultiRegion = text.startsWith(multiRegionPrefix)
    const id = isMultiRegion ? idOfHex(text.slice(multiRegionPrefix.length)) : idOfUuid(text)
    return { id: id as KeyId, isMultiRegion } // The written form of an id.
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}

/** How AWS spells a key of ours: all members of a family alike. */
export function spelled(key: Pick<KeyRecord, "id" | "family">): NamedKey {
  return { id: sealedAs(key), isMultiRegion: key.family !== undefined }
}

/** A key's id in AWS's spelling. */
export function keyIdText({ id, isMultiRegion }: NamedKey): string {
  return isMultiRegion ? multiRegionPrefix + hexOf(id) : uuidOf(id)
}

export function keyArn({ region, account }: Place, key: NamedKey): string {
  return `arn:aws:kms:${region}:${account}:key/${keyIdText(key)}`
}

/** @param alias - with its prefix. */
export function aliasArn({ region, account }: Place, alias: string): string {
  return `arn:aws:kms:${region}:${account}:${alias}`
}

/**
 * Reads an `AliasName` that is to be made or changed.
 *
 * @throws {@link Fault} ValidationException, NotAuthorized for those that AWS keeps.
 */
export function readAliasName(text: string): string {
  if (!text.startsWith(aliasPrefix)) {
    throw invalid(
      'Alias must start with the prefix "alias/". Please see ' +
        "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
    )
  }
  if (text === aliasPrefix || text.includes(":")) {
    throw new Fault("InvalidAliasNameException", `${text} contains invalid characters for an alias`)
  }
  return text
}
