/**
 * Loads the addon, if it was built and nobody else could have put it there. What is loaded here
 * runs with every key in reach: a file or folder that another user may write to is refused.
 */

import { lstatSync, realpathSync, type Stats } from "node:fs"
import { constants } from "node:os"
import { dirname } from "node:path"
import process from "node:process"
import type { Addon } from "./addon.ts"
import { addonPath } from "./location.mjs"

const writableByGroup = 0o020
const writableByAnyone = 0o002
const sticky = 0o1000

/**
 * The addon; undefined when `KEYHOLD_NATIVE` is `off`, when there is none for these sources and
 * this Node, or when its place is not safe.
 *
 * @throws Error of the dynamic linker when the file is no addon of this Node.
 */
export function loadAddon(path: string = addonPath(process.versions.node)): Addon | undefined {
  if (process.env["KEYHOLD_NATIVE"] === "off") return undefined
  const place = safePlace(path)
  if (place === undefined) return undefined
  const module = { exports: {} }
  process.dlopen(module, place, constants.dlopen.RTLD_NOW)
  // The addon's C files define what it exports, and a test holds them to the interface.
  return module.exports as Addon
}

/**
 * Where `path` leads, if that is a regular file in a folder, both ours or root's and writable by
 * their owner alone. Above them whoever may rename a folder may replace it: nobody else may write
 * there either, but for sticky folders, where only an owner renames.
 */
export function safePlace(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  const place = realpathSync(path)
  const file = lstatSync(place)
  const [folder = "/", ...above] = foldersAbove(place)
  const safe = file.isFile() && isPrivate(file) && isPrivate(lstatSync(folder))
  return safe && above.every((one) => isShared(lstatSync(one))) ? place : undefined
}

function isPrivate(found: Stats): boolean {
  return isOurs(found) && (found.mode & (writableByGroup | writableByAnyone)) === 0
}

/** A group may share a clone: it may replace Node as well. */
function isShared(found: Stats): boolean {
  return isOurs(found) && ((found.mode & writableByAnyone) === 0 || (found.mode & sticky) !== 0)
}

function isOurs({ uid }: Stats): boolean {
  return uid === 0 || uid === process.getuid?.()
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path)
  return folder === path ? [] : [folder, ...foldersAbove(folder)]
}
