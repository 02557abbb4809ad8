/** Key material in files: raw, DER or PEM. */

import type { ImportRequest } from "@keyhold/sdk"
import { CliError } from "./failure.ts"
import { parseBase64, readAll, type StandardInput } from "./input.ts"

export const materialFormats = ["raw", "pkcs8", "pkcs12", "spki", "jwk", "mnemonic"] as const
type MaterialFormat = (typeof materialFormats)[number]

/** A PKCS#8 key of RSA-4096 has 2.4 KB. */
const materialBytesMax = 8 * 1024

/** Labels of RFC 7468. */
const pemFormats: Readonly<Record<string, MaterialFormat>> = {
  "PRIVATE KEY": "pkcs8",
  "ENCRYPTED PRIVATE KEY": "pkcs8",
  "PUBLIC KEY": "spki",
}

/**
 * Reads the material of an import.
 *
 * @param format - needed for what is no PEM.
 * @throws {@link CliError} USAGE
 */
export async function readMaterial(
  path: string | undefined,
  stdin: StandardInput,
  format: MaterialFormat | undefined,
): Promise<Pick<ImportRequest, "format" | "material">> {
  const limit = { bytesMax: 2 * materialBytesMax, hint: "this is no key" }
  const content = await readAll(path, stdin, limit)
  const pem = readPem(content)
  if (pem === undefined) {
    if (format === undefined) {
      throw new CliError("USAGE", "the format is missing", `--format ${materialFormats.join(", ")}`)
    }
    return { format, material: content }
  }
  const found = pemFormats[pem.label]
  if (found === undefined || (format !== undefined && format !== found)) {
    const hint = "openssl pkcs8 -topk8 -nocrypt turns other private keys into PKCS#8"
    throw new CliError("USAGE", `this PEM holds ${pem.label}`, hint)
  }
  return { format: found, material: pem.der }
}

/** What a PEM holds, alone in its file (RFC 7468); undefined when it is none. */
export function readPem(content: Buffer): { label: string; der: Uint8Array } | undefined {
  const [, label, text] =
    /^-----BEGIN ([A-Z ]+)-----\s([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/.exec(
      content.toString("latin1"),
    ) ?? []
  if (label === undefined || text === undefined) return undefined
  return { label, der: parseBase64(Buffer.from(text)) }
}

/** A mnemonic's passphrase: in a file, since what stands on a command line is seen by others. */
export async function readPassphrase(
  path: string | undefined,
  stdin: StandardInput,
): Promise<string | undefined> {
  if (path === undefined) return undefined
  const content = await readAll(path, stdin, { bytesMax: 1024, hint: "this is no passphrase" })
  return content.toString("utf8").split(/\r?\n/)[0] ?? ""
}
