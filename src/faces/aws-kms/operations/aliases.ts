/** Operations on aliases. */

import { HsmError } from "../../../domain/errors.ts"
import { createAlias, deleteAlias, listAliases, moveAlias } from "../../../service/kms/aliases.ts"
import { aliasNotFound } from "../errors.ts"
import { Fault, invalid } from "../fault.ts"
import * as members from "../members.ts"
import {
  aliasArn,
  aliasPrefix,
  keyIdText,
  spelled,
  readAliasName,
  reservedAliasPrefix,
  type Place,
} from "../names.ts"
import { operation, type Call, type Operation } from "../operation.ts"
import { pageCommand, renderPage } from "../pages.ts"
import { renderTime } from "../render.ts"
import { onKey } from "../target.ts"

const named = { AliasName: members.aliasName, TargetKeyId: members.neededKeyId }

export const aliasOperations = {
  CreateAlias: operation(named, async (call, input) => {
    const alias = readOwnAlias(input.AliasName)
    await onTarget(call, input.TargetKeyId, async (key) => {
      const command = { region: call.place.region, alias, key }
      await createAlias(call.ports, call.context, command).catch((error: unknown) => {
        if (!isCode(error, "NAME_TAKEN")) throw error
        const text = `An alias with the name ${arnOf(call.place, alias)} already exists`
        throw new Fault("AlreadyExistsException", text)
      })
    })
    return undefined
  }),
  UpdateAlias: operation(named, async (call, input) => {
    const alias = readOwnAlias(input.AliasName)
    await onTarget(call, input.TargetKeyId, async (key) => {
      const command = { region: call.place.region, alias, key }
      await moveAlias(call.ports, call.context, command).catch(tellAbsent(call, alias))
    })
    return undefined
  }),
  DeleteAlias: operation({ AliasName: members.aliasName }, async (call, { AliasName }) => {
    const alias = readOwnAlias(AliasName)
    const command = { region: call.place.region, alias }
    await deleteAlias(call.ports, call.context, command).catch(tellAbsent(call, alias))
    return undefined
  }),
  ListAliases: operation(
    { KeyId: members.keyId, Limit: members.limit, Marker: members.marker },
    async (call, { KeyId, ...page }) => {
      const command = {
        ...pageCommand(call, page, { most: 100, usual: 50 }),
        region: call.place.region,
      }
      const found =
        KeyId === undefined
          ? await listAliases(call.ports, call.context, command)
          : await onTarget(call, KeyId, (key) =>
              listAliases(call.ports, call.context, { ...command, key }),
            )
      return renderPage(call, found, {
        as: "Aliases",
        render: ({ alias: { name, createdAt, updatedAt }, key }) => ({
          AliasName: aliasPrefix + name,
          AliasArn: arnOf(call.place, name),
          TargetKeyId: keyIdText(spelled(key)),
          CreationDate: renderTime(createdAt),
          LastUpdatedDate: renderTime(updatedAt),
        }),
      })
    },
  ),
} as const satisfies Record<string, Operation>

/** A key of the own account, by its id or ARN: an alias is no target of an alias. */
async function onTarget<T>(
  call: Call,
  text: string,
  run: (key: Parameters<typeof createAlias>[2]["key"]) => Promise<T>,
): Promise<T> {
  return await onKey(call, text, async ({ address, name }) => {
    if ("alias" in name) throw invalid("Aliases must refer to keys. Not aliases")
    return await run(address)
  })
}

/** Without its prefix. */
function readOwnAlias(text: string): string {
  if (text.startsWith(reservedAliasPrefix)) {
    const reserved = `The alias prefix ${reservedAliasPrefix} is reserved for AWS managed keys.`
    throw new Fault("InvalidAliasNameException", reserved)
  }
  return readAliasName(text).slice(aliasPrefix.length)
}

function arnOf(place: Place, alias: string): string {
  return aliasArn(place, aliasPrefix + alias)
}

function tellAbsent(call: Call, alias: string): (error: unknown) => never {
  return (error) => {
    throw isCode(error, "NOT_FOUND") ? aliasNotFound(call.place, alias) : error
  }
}

function isCode(error: unknown, code: HsmError["code"]): boolean {
  return error instanceof HsmError && error.code === code
}
