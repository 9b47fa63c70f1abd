#!/usr/bin/env node
// Speaks as whisper-cli of whisper.cpp does (its examples/cli/README.md): the options it knows, its progress on
// stderr, its files. What it "hears" is told by the model file: words, or how it is to fail.
import { readFileSync, writeFileSync } from 'node:fs'

const KNOWN = { '-m': 1, '-f': 1, '-l': 1, '-t': 1, '-of': 1, '-pp': 0, '-ovtt': 0, '-oj': 0 }
const args = process.argv.slice(2)
if (args.includes('--help')) {
  console.log('usage: whisper-cli [options] file0 file1 ...\n  -ovtt, --output-vtt\n  -pp, --print-progress')
  process.exit(0)
}
const given = {}
for (let i = 0; i < args.length; i++) {
  const values = KNOWN[args[i]]
  if (values === undefined) {
    console.error(`error: unknown argument: ${args[i]}`)
    process.exit(1)
  }
  given[args[i]] = values === 1 ? args[++i] : true
}
const model = readFileSync(given['-m'], 'utf8').trim()
const wav = readFileSync(given['-f'])
const [channels, rate, bits] = [wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)]
if (wav.toString('latin1', 0, 4) !== 'RIFF' || channels !== 1 || rate !== 16000 || bits !== 16) {
  console.error(`error: WAV file must be 16 kHz mono, is ${rate} ${channels} ${bits}`)
  process.exit(1)
}
console.error('whisper_print_progress_callback: progress =  50%')
if (model === 'hangs') setInterval(() => undefined, 1000)
else if (model === 'fails') {
  console.error('error: failed to process audio')
  process.exit(10)
} else {
  const seconds = (wav.byteLength - 44) / 32000
  const end = `00:00:${seconds.toFixed(3).padStart(6, '0')}`
  writeFileSync(`${given['-of']}.vtt`, `WEBVTT\n\n00:00:00.000 --> ${end}\n ${model} <in ${given['-l']}>\n\n`)
  writeFileSync(
    `${given['-of']}.json`,
    JSON.stringify({ result: { language: given['-l'] === 'auto' ? 'de' : given['-l'] } }),
  )
  console.error('whisper_print_progress_callback: progress = 100%')
}
