/** Tags: pairs in AWS's lists, one map in ours. */

import { limits } from "../../domain/limits.ts"
import { Fault } from "./fault.ts"

interface Tag {
  readonly TagKey: string
  readonly TagValue: string
}

/** @throws {@link Fault} TagException for a key that occurs twice, or that AWS keeps. */
export function readTags(tags: readonly Tag[]): Readonly<Record<string, string>> {
  const names = tags.map(({ TagKey }) => TagKey)
  if (new Set(names).size !== names.length) throw new Fault("TagException", "Duplicate tag keys")
  for (const name of names) {
    if (name.toLowerCase().startsWith("aws:")) {
      throw new Fault("TagException", "Tags beginning with aws: are reserved")
    }
  }
  if (tags.length > limits.tagsMax) throw tooManyTags()
  return Object.fromEntries(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]))
}

export function tooManyTags(): Fault {
  return new Fault("TagException", "Too many tags")
}
