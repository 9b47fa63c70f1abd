/** Run by itself, to be killed: says that it begins, salvages a part, and goes. */
import { writeSync } from 'node:fs'
import { salvagePart } from '../../src/recording/salvage.ts'

const [file = '', index = ''] = process.argv.slice(2)
writeSync(1, 'begins\n')
await salvagePart(file, index)
