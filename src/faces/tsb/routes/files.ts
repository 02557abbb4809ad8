/** Files: encrypted to a key on an elliptic curve, and opened with it. */

import { decryptFile, encryptFile } from "../../../service/files.ts"
import { list, bytes, need, object, password, text } from "../../shapes.ts"
import { Download, upload, type Operation } from "../operation.ts"
import { refusePassword } from "./keys.ts"
import { refuseUnserved } from "./use.ts"

const mediaType = "application/octet-stream"

export const fileRoutes = {
  "POST /fileEncrypt": upload(
    "SignedFileEncryptRequestDto",
    {
      fileEncryptRequest: need(object({ encryptKeyName: need(text), keyPassword: password })),
    },
    async ({ ports, context }, { fileEncryptRequest: input }, { name, content }) => {
      refusePassword(input.keyPassword)
      const command = { key: input.encryptKeyName, file: content }
      const file = await encryptFile(ports, context, command)
      return new Download(mediaType, `${name}.encrypted`, file)
    },
  ),
  "POST /synchronousFileDecrypt": upload(
    "SignedFileDecryptRequestDto",
    {
      fileDecryptRequest: need(
        object({
          decryptKeyName: need(text),
          keyPassword: password,
          signedApprovals: list(bytes),
        }),
      ),
    },
    async ({ ports, context }, { fileDecryptRequest: input }, { name, content }) => {
      refuseUnserved(input)
      const command = { key: input.decryptKeyName, file: content }
      const file = await decryptFile(ports, context, command)
      return new Download(mediaType, name.replace(/\.encrypted$/, ""), file)
    },
  ),
} as const satisfies Record<string, Operation>
