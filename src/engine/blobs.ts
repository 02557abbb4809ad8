/** The cipher of blobs that is in use: the addon's where it was built, else node:crypto's. */

import type { BlobCipher } from "./blob-cipher.ts"
import { nativeBlobs } from "./native/blobs.ts"
import { addon } from "./native/loaded.ts"
import { nodeBlobs } from "./node/blobs.ts"

// By itself: the log's thread seals too, and has no use for the tables of all algorithms.
export const blobCipher: BlobCipher = addon === undefined ? nodeBlobs : nativeBlobs(addon)
