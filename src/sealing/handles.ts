/** Engine handles for those who may hold a key but not look into it. */

export { closeHandle, openHandle, type KeyHandle, type KeyToOpen } from "../engine/key-handle.ts"
export type { SecretBytes } from "../engine/secret-bytes.ts"
