/** The vectors suite: one process for all of its files (see tools/suites.ts). */
import { importSuite } from "../../tools/suites.ts"

await importSuite("vectors")
