/**
 * The engine's tests and vectors once more, on node:crypto alone: what runs where no compiler is.
 * The other suites run on the addon where it was built.
 */
import { importFiles, testFiles } from "../../tools/suites.ts"

process.env["KEYHOLD_NATIVE"] = "off"
const ofEngine = [...testFiles("unit"), ...testFiles("vectors")].filter((file) =>
  /^test\/(vectors\/)?engine\//.test(file),
)
await importFiles(ofEngine.filter((file) => !file.startsWith("test/engine/native")))
