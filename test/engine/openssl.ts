/** Another implementation to agree with: the OpenSSL command line of the system. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after } from "node:test"

const folder = mkdtempSync(join(tmpdir(), "keyhold-openssl-"))
after(() => rmSync(folder, { recursive: true }))
const found = spawnSync("openssl", ["version"]).status === 0
if (!found && process.env["CI"] !== undefined) throw new Error("install openssl")

/** For `test(name, { skip }, ...)`. */
export const skip = found ? false : "the Debian package openssl is missing"
/** 32 bytes: whole blocks of every cipher. */
export const message = new TextEncoder().encode("another implementation agrees..\n")
export const messageFile = file("message", message)

/** Writes a file that lives as long as the test does; answers its path. */
export function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes, { mode: 0o600 })
  return path
}

/** Runs one command of OpenSSL. */
export function run(args: readonly string[]): {
  readonly ok: boolean
  readonly stdout: Uint8Array
  readonly stderr: string
} {
  const { status, stdout, stderr } = spawnSync("openssl", args)
  return { ok: status === 0, stdout: Uint8Array.from(stdout), stderr: String(stderr) }
}
