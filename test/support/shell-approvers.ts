/** People who have nothing but `curl` and `openssl`: their private keys are files of openssl's. */

import { execFile, execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

import type { Fields } from "./rest-client.ts"

const execute = promisify(execFile)

export interface ShellReply {
  readonly status: number
  readonly json: Fields
}

export interface Shell {
  /** Runs openssl in the folder of the keys. */
  openssl(...args: readonly string[]): Buffer
  /** Writes a file that openssl is to read. */
  write(name: string, content: Uint8Array | string): void
  /** SPKI DER, base64. */
  publicKeyOf(who: string): string
  /** A signature over `bytes`, base64. */
  signed(who: string, bytes: Uint8Array): string
  /** What openssl says about a signature by the public key in a PEM file. */
  verified(publicKey: string, signature: Uint8Array, bytes: Uint8Array): string
  remove(): void
}

/** A folder with a P-256 key for each of `people`. */
export function shellOf(people: readonly string[]): Shell {
  const folder = mkdtempSync(join(tmpdir(), "keyhold-shell-"))
  const openssl: Shell["openssl"] = (...args) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] })
  const write: Shell["write"] = (name, content) => writeFileSync(join(folder, name), content)
  for (const who of people) {
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${who}.key`)
  }
  return {
    openssl,
    write,
    publicKeyOf: (who) =>
      openssl("pkey", "-in", `${who}.key`, "-pubout", "-outform", "DER").toString("base64"),
    signed(who, bytes) {
      write("signed", bytes)
      return openssl("dgst", "-sha256", "-sign", `${who}.key`, "signed").toString("base64")
    },
    verified(publicKey, signature, bytes) {
      write("payload", bytes)
      write("sig", signature)
      return String(
        openssl("dgst", "-sha256", "-verify", publicKey, "-signature", "sig", "payload"),
      )
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}

/** Runs curl, while the node answers in this process; without a token, with no credential. */
export async function curl(
  caFile: string,
  [method, url]: readonly [method: string, url: string],
  { token, body }: { readonly token?: string | undefined; readonly body?: object | undefined },
): Promise<ShellReply> {
  const args = ["-s", "--cacert", caFile, "-X", method, "-w", "\n%{http_code}"]
  if (token !== undefined) args.push("-H", `Authorization: Bearer ${token}`)
  if (body !== undefined) {
    args.push("-H", "Content-Type: application/json", "-d", JSON.stringify(body))
  }
  const { stdout: text } = await execute("curl", [...args, url])
  const at = text.lastIndexOf("\n")
  return { status: Number(text.slice(at + 1)), json: JSON.parse(text.slice(0, at)) as Fields }
}
