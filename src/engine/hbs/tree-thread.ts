/** Makes one tree off the event loop: a thread that lives as long as that takes. */

import { parentPort, workerData } from "node:worker_threads"
import { addon } from "../native/loaded.ts"
import { scripts } from "./chains.ts"
import { makeUpper } from "./merkle.ts"
import { treeHash, type TreeOrder } from "./scheme.ts"

// What tree-maker.ts has put there.
const order = workerData as TreeOrder
const nodes = makeUpper(treeHash(addon ?? scripts, order))
parentPort?.postMessage(nodes, [nodes.buffer as ArrayBuffer])
