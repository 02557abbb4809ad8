/** Files whose writing is durable when it resolves. */

import { mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises"
import { dirname, join } from "node:path"

import type { RandomSource } from "../domain/ports.ts"
import type { RootFiles } from "../records/epochs.ts"

/** Replaces a file atomically: written beside it, synced, renamed, folder synced. Mode 0600. */
export async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  const beside = `${path}.new`
  {
    await using file = await open(beside, "w", 0o600)
    await file.writeFile(content)
    await file.sync()
  }
  await rename(beside, path)
  await syncFolder(dirname(path))
}

/** The file's content; undefined when there is none. */
export async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
}

/** Makes a folder that only its owner may enter. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r")
  await folder.sync()
}

const rootName = /^(\d+)\.root$/
/** A root that is being destroyed: under its own name, a crash would leave noise to be loaded. */
const dyingName = /^\d+\.dying$/

/** The node's folder of sealed epoch roots, one small file each. */
export function rootFiles(folder: string, random: RandomSource): RootFiles {
  const pathOf = (epoch: number): string => join(folder, `${epoch}.root`)
  const erase = async (path: string): Promise<void> => {
    await overwrite(path, random)
    await unlink(path)
    await syncFolder(folder)
  }
  return {
    async list() {
      const names = await readdir(folder)
      for (const name of names) if (dyingName.test(name)) await erase(join(folder, name))
      return names
        .map((name) => rootName.exec(name)?.[1])
        .filter((digits) => digits !== undefined)
        .map(Number)
        .toSorted((a, b) => a - b)
    },
    read: (epoch) => readFile(pathOf(epoch)),
    write: (epoch, sealed) => writeDurably(pathOf(epoch), sealed),
    async destroy(epoch) {
      const dying = join(folder, `${epoch}.dying`)
      await rename(pathOf(epoch), dying)
      await syncFolder(folder)
      await erase(dying)
    },
  }
}

/**
 * Best effort on journalling file systems and flash, which may keep the old blocks: the content was
 * sealed under the cluster master key besides.
 */
async function overwrite(path: string, random: RandomSource): Promise<void> {
  await using file = await open(path, "r+")
  const { size } = await file.stat()
  await file.write(random.bytes(size), 0, size, 0)
  await file.sync()
}
