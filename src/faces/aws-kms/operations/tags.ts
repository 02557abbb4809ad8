/** Operations on tags. */

import { HsmError } from "../../../domain/errors.ts"
import { describeKey } from "../../../service/read-key.ts"
import { updateKey } from "../../../service/update-key.ts"
import * as members from "../members.ts"
import { operation, type Operation } from "../operation.ts"
import { pageCommand, renderPage } from "../pages.ts"
import { list, need } from "../shapes.ts"
import { readTags, tooManyTags } from "../tags.ts"
import { onKey } from "../target.ts"

export const tagOperations = {
  TagResource: operation(
    { KeyId: members.neededKeyId, Tags: need(members.tags) },
    async (call, { KeyId, Tags }) =>
      await onKey(call, KeyId, async ({ address: key }) => {
        const addTags = readTags(Tags)
        await updateKey(call.ports, call.context, { key, addTags }).catch(tellTooMany)
        return undefined
      }),
  ),
  UntagResource: operation(
    { KeyId: members.neededKeyId, TagKeys: need(list(members.tagKey)) },
    async (call, { KeyId, TagKeys: removeTags }) =>
      await onKey(call, KeyId, async ({ address: key }) => {
        await updateKey(call.ports, call.context, { key, removeTags })
        return undefined
      }),
  ),
  ListResourceTags: operation(
    { KeyId: members.neededKeyId, Limit: members.limit, Marker: members.marker },
    async (call, { KeyId, ...page }) => {
      const { limit, after } = pageCommand(call, page, { most: 50, usual: 50 })
      return await onKey(call, KeyId, async ({ address: key }) => {
        const { tags } = await describeKey(call.ports, call.context, { key })
        const rest = Object.entries(tags)
          .toSorted(([left], [right]) => (left < right ? -1 : 1))
          .filter(([name]) => after === undefined || name > after)
        const items = rest.slice(0, limit)
        const next = rest.length > limit ? items.at(-1)?.[0] : undefined
        return renderPage(
          call,
          { items, next },
          { as: "Tags", render: ([TagKey, TagValue]) => ({ TagKey, TagValue }) },
        )
      })
    },
  ),
} as const satisfies Record<string, Operation>

function tellTooMany(error: unknown): never {
  const isAboutTags = error instanceof HsmError && error.detail.field === "/tags"
  throw isAboutTags ? tooManyTags() : error
}
