/**
 * Encrypts a folder, file by file, and restores it bit for bit.
 *
 *     node tools/run.mjs examples/encrypt-tree/main.ts [folder]
 *
 * Each file becomes a `.kh` file under a data key of its own, which the key `documents` wraps. Its
 * path in the folder is bound to it, so a file that is moved or renamed there does not open.
 */

import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { Keyhold, KeyholdError, type ByteSource } from "@keyhold/sdk"

const key = "documents"

const source = process.argv[2] ?? join(import.meta.dirname, "../../docs")
const work = await mkdtemp(join(tmpdir(), "keyhold-tree-"))
const [sealed, restored] = [join(work, "sealed"), join(work, "restored")]
const kh = Keyhold.fromEnvironment()
try {
  await makeKey()
  const files = await listFiles(source)
  for (const file of files) await sealFile(file)
  for (const file of files) await openFile(file)

  const before = await fingerprint(source)
  assert.deepEqual(await fingerprint(restored), before)
  assert.notDeepEqual(await fingerprint(sealed), before)
  console.log(`${files.length} files were encrypted and restored, bit for bit`)

  await showThatMovedFilesDoNotOpen(files)
} finally {
  kh.close()
  await rm(work, { recursive: true })
}

/** Makes the key unless an earlier run has. */
async function makeKey(): Promise<void> {
  try {
    await kh.keys.create({ name: key, algorithm: "AES_256" })
  } catch (error) {
    if (!(error instanceof KeyholdError && error.code === "NAME_TAKEN")) throw error
  }
}

/** Paths of all files below a folder, relative to it, in a stable order. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted()
}

async function sealFile(path: string): Promise<void> {
  const content = createReadStream(join(source, path))
  const { mode } = await stat(join(source, path))
  const target = join(sealed, `${path}.kh`)
  await write(kh.encryptStream(content, { key, aad: Buffer.from(path) }), target)
  await chmod(target, mode)
}

async function openFile(path: string): Promise<void> {
  const content = createReadStream(join(sealed, `${path}.kh`))
  const { mode } = await stat(join(sealed, `${path}.kh`))
  const target = join(restored, path)
  await write(kh.decryptStream(content, { aad: Buffer.from(path) }), target)
  await chmod(target, mode)
}

/** A file appears under its name only when it is complete. */
async function write(content: ByteSource, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await pipeline(Readable.from(content), createWriteStream(`${path}.part`))
  await rename(`${path}.part`, path)
}

/** Path, mode and SHA-256 of every file. */
async function fingerprint(folder: string): Promise<string[]> {
  const lines = []
  for (const path of await listFiles(folder)) {
    const digest = createHash("sha256")
      .update(await readFile(join(folder, path)))
      .digest("hex")
    const { mode } = await stat(join(folder, path))
    lines.push(`${path} ${mode.toString(8)} ${digest}`)
  }
  return lines
}

async function showThatMovedFilesDoNotOpen([first]: readonly string[]): Promise<void> {
  if (first === undefined) return
  const moved = kh.decryptStream(createReadStream(join(sealed, `${first}.kh`)), {
    aad: Buffer.from(`elsewhere/${first}`),
  })
  await assert.rejects(moved.next(), { code: "DECRYPTION_FAILED" })
  console.log("under another path, a file does not open")
}
