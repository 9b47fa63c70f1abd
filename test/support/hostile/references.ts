/**
 * Files that look like videos and ask their reader to open something else: an address, or another file of
 * the machine. `target` is a URL or an absolute path, as the construction needs it.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { ffmpeg } from '../ffmpeg.ts'

export interface Targets {
  /** `http://127.0.0.1:…/…`: must never be asked for. */
  readonly url: string
  /** Absolute path of a video of an unmistakable size: must never be opened. */
  readonly file: string
}

export interface HostileReference {
  readonly title: string
  readonly name: string
  /** `plain`: a small ordinary MP4 with its table of contents at the end, to build upon. */
  readonly bytes: (
    targets: Targets,
    plain: { readonly mp4: Buffer; readonly folder: string },
  ) => Promise<Buffer> | Buffer
  /** It is a video by itself: it may be taken, for its own pictures. */
  readonly isVideo?: true
}

const text = (title: string, name: string, write: (targets: Targets) => string): HostileReference => ({
  title,
  name,
  bytes: (targets) => Buffer.from(write(targets), 'latin1'),
})

const playlist = (entry: string) =>
  `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:4.0,\n${entry}\n#EXT-X-ENDLIST\n`

export const REFERENCES: readonly HostileReference[] = [
  ...['mp4', 'avi', 'mov', 'mkv', 'ts'].map((ending) =>
    text(`an HLS playlist named .${ending}`, `playlist.${ending}`, ({ url }) => playlist(url)),
  ),
  text('an HLS playlist of a file', 'local.mp4', ({ file }) => playlist(`file://${file}`)),
  text('an HLS playlist of a bare path', 'bare.mp4', ({ file }) => playlist(file)),
  text('an HLS playlist by concat', 'concat-url.mp4', ({ url, file }) =>
    playlist(`concat:${url}|file:${file}`),
  ),
  text('an HLS playlist by subfile', 'subfile.mp4', ({ file }) =>
    playlist(`subfile,,start,0,end,1000,,:${file}`),
  ),
  text('an HLS playlist by crypto', 'crypto.mp4', ({ file }) => playlist(`crypto:${file}`)),
  text('an HLS playlist in a data URL', 'data.mp4', ({ url }) =>
    playlist(`data:application/vnd.apple.mpegurl;base64,${Buffer.from(playlist(url)).toString('base64')}`),
  ),
  text('an HLS playlist with a key elsewhere', 'key.mp4', ({ url }) =>
    playlist(url).replace('#EXTINF', `#EXT-X-KEY:METHOD=AES-128,URI="${url}"\n#EXTINF`),
  ),
  text(
    'an HLS playlist of playlists',
    'variants.mp4',
    ({ url }) => `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${url}\n`,
  ),
  {
    title: 'an HLS playlist behind an ID3 tag',
    name: 'id3.mp3',
    bytes: ({ url }) =>
      Buffer.concat([
        Buffer.from('ID3\x04\x00\x00\x00\x00\x00\x0aXXXXXXXXXX', 'latin1'),
        Buffer.from(playlist(url)),
      ]),
  },
  {
    title: 'an HLS playlist behind spaces',
    name: 'spaces.mp4',
    bytes: ({ url }) => Buffer.from(`\n\n   ${playlist(url)}`),
  },
  text('an ffmpeg script', 'script.mp4', ({ file }) => `ffconcat version 1.0\nfile '${file}'\n`),
  text(
    'a DASH manifest',
    'dash.mp4',
    ({ url }) =>
      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${url}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
  ),
  text(
    'a session description',
    'session.mp4',
    () =>
      `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
  ),
  text(
    'an SVG with a picture elsewhere',
    'drawing.mp4',
    ({ url }) =>
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="${url}" width="1" height="1"/></svg>`,
  ),
  text('a reference of Windows Media', 'reference.wmv', ({ url }) => `[Reference]\nRef1=${url}\n`),
  text('an ASX', 'list.asf', ({ url }) => `<asx version="3.0"><entry><ref href="${url}"/></entry></asx>`),
  text('a SMIL presentation', 'smil.mov', ({ url }) => `<smil><body><video src="${url}"/></body></smil>`),
  text(
    'a QuickTime link',
    'link.mov',
    ({ url }) =>
      `<?xml version="1.0"?><?quicktime type="application/x-quicktime-media-link"?><embed src="${url}"/>`,
  ),
  text('a playlist of Winamp', 'list.mp4', ({ url }) => `[playlist]\nFile1=${url}\nNumberOfEntries=1\n`),
  text('an address of RTSP', 'rtsp.mp4', ({ url }) => `RTSPtext\r\n${url.replace('http', 'rtsp')}\r\n`),
  text('a shortcut to an address', 'shortcut.mp4', ({ url }) => `[InternetShortcut]\r\nURL=${url}\r\n`),
  text(
    'a shortcut of Windows',
    'link.mp4',
    ({ file }) => `L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46${file}`,
  ),
  text(
    'an edit decision list',
    'edl.mp4',
    ({ file }) =>
      `TITLE: x\n001  AX  V  C  00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\n* FROM CLIP NAME: ${file}\n`,
  ),
  text(
    'an index of VobSub',
    'vobsub.mp4',
    ({ file }) =>
      `# VobSub index file, v7 (do not modify this line!)\nsize: 720x480\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 000000000\n${file}\n`,
  ),
  text(
    'subtitles with a style that names a file',
    'style.mp4',
    ({ url }) => `WEBVTT\n\nSTYLE\n::cue { background-image: url(${url}) }\n\n00:00.000 --> 00:01.000\nx\n`,
  ),
  text(
    'subtitles of SubStation',
    'ass.mp4',
    ({ file }) =>
      `[Script Info]\nVideo File: ${file}\n\n[Events]\nDialogue: 0,0:00:00.00,0:00:01.00,x,,0,0,0,,x\n`,
  ),
  text('a chapter file of ffmpeg', 'meta.mp4', ({ file }) => `;FFMETADATA1\ntitle=${file}\n`),
  text('a script of AviSynth', 'script.avi', ({ file }) => `AviSource("${file}")\n`),
  { title: 'an AVI whose subtitles are a playlist', name: 'gab2.avi', isVideo: true, bytes: writeGab2 },
  {
    title: 'a MOV whose pictures lie at an address',
    name: 'dref-url.mov',
    isVideo: true,
    bytes: ({ url }, { mp4 }) => refer(mp4, 'url ', Buffer.from(`${url}\0`)),
  },
  {
    title: 'a MOV whose pictures lie in a file',
    name: 'dref-file.mov',
    isVideo: true,
    bytes: ({ file }, { mp4 }) => refer(mp4, 'url ', Buffer.from(`file://${file}\0`)),
  },
  {
    title: 'a MOV with an alias to a file',
    name: 'dref-alias.mov',
    isVideo: true,
    bytes: ({ file }, { mp4 }) => refer(mp4, 'alis', alias(file)),
  },
  { title: 'a Matroska that goes on in another file', name: 'linked.mkv', isVideo: true, bytes: writeLinked },
  { title: 'a Matroska with a playlist attached', name: 'attached.mkv', isVideo: true, bytes: writeAttached },
]

/** RIFF with one stream of text, whose single piece is subtitles "GAB2" that are a playlist, beside one of pictures. */
function writeGab2({ url }: Targets): Buffer {
  const list = Buffer.from(playlist(url))
  const name = Buffer.from('x\0', 'utf16le')
  const head = Buffer.alloc(11)
  head.write('GAB2\0', 'latin1')
  head.writeUInt16LE(2, 5)
  head.writeUInt32LE(name.byteLength, 7)
  const kind = Buffer.alloc(6)
  kind.writeUInt16LE(4, 0)
  kind.writeUInt32LE(list.byteLength, 2)
  const subtitles = Buffer.concat([head, name, kind, list])
  const avih = Buffer.alloc(56)
  avih.writeUInt32LE(40_000, 0)
  avih.writeUInt32LE(1, 16)
  avih.writeUInt32LE(2, 24)
  const strh = (type: string, handler: string) => {
    const header = Buffer.alloc(56)
    header.write(type + handler, 'latin1')
    header.writeUInt32LE(1, 20)
    header.writeUInt32LE(25, 24)
    header.writeUInt32LE(1, 32)
    return chunk('strh', header)
  }
  const bitmap = Buffer.alloc(40)
  bitmap.writeUInt32LE(40, 0)
  bitmap.writeUInt32LE(16, 4)
  bitmap.writeUInt32LE(16, 8)
  bitmap.writeUInt16LE(1, 12)
  bitmap.writeUInt16LE(24, 14)
  return chunk(
    'RIFF',
    Buffer.concat([
      Buffer.from('AVI '),
      chunk(
        'LIST',
        Buffer.concat([
          Buffer.from('hdrl'),
          chunk('avih', avih),
          chunk('LIST', Buffer.concat([Buffer.from('strl'), strh('vids', 'DIB '), chunk('strf', bitmap)])),
          chunk(
            'LIST',
            Buffer.concat([Buffer.from('strl'), strh('txts', '\0\0\0\0'), chunk('strf', Buffer.alloc(0))]),
          ),
        ]),
      ),
      chunk(
        'LIST',
        Buffer.concat([
          Buffer.from('movi'),
          chunk('01tx', subtitles),
          chunk('00db', Buffer.alloc(16 * 16 * 3, 200)),
        ]),
      ),
    ]),
  )
}

function chunk(type: string, body: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(body.byteLength)
  return Buffer.concat([Buffer.from(type, 'latin1'), size, body, Buffer.alloc(body.byteLength % 2)])
}

/** Exchanges the entry of the first data reference (ISO/IEC 14496-12 §8.7.2): the samples lie elsewhere. */
function refer(mp4: Buffer, type: 'url ' | 'alis', location: Buffer): Buffer {
  const at = mp4.indexOf('dref', 0, 'latin1') - 4
  const old = mp4.readUInt32BE(at + 16)
  const entry = Buffer.concat([Buffer.alloc(12), location])
  entry.writeUInt32BE(entry.byteLength, 0)
  entry.write(type, 4, 'latin1')
  const grown = entry.byteLength - old
  const result = Buffer.concat([mp4.subarray(0, at + 16), entry, mp4.subarray(at + 16 + old)])
  for (const box of ['moov', 'trak', 'mdia', 'minf', 'dinf', 'dref']) {
    const start = result.lastIndexOf(box, at + 4, 'latin1') - 4
    result.writeUInt32BE(result.readUInt32BE(start) + grown, start)
  }
  return result
}

/** An alias record as the Finder wrote it, with the path in its list of tags (type 18: POSIX path). */
function alias(file: string): Buffer {
  const path = Buffer.from(file)
  const record = Buffer.alloc(150)
  record.writeUInt16BE(2, 4)
  record[10] = 1
  record.write('M', 11)
  record.writeUInt16BE(1, 130)
  record.writeUInt16BE(0, 132)
  const tag = Buffer.alloc(4)
  tag.writeInt16BE(18, 0)
  tag.writeUInt16BE(path.byteLength, 2)
  const end = Buffer.from([0xff, 0xff, 0, 0])
  return Buffer.concat([record, tag, path, Buffer.alloc(path.byteLength % 2), end])
}

/** The title becomes the element that names the next file (0x3E83BB, NextFilename), filled up with a Void. */
async function writeLinked({ file }: Targets, { folder }: { readonly folder: string }): Promise<Buffer> {
  const title = 'x'.repeat(240)
  const made = `${folder}/to-link.mkv`
  await ffmpeg(
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=64x36:r=5:d=1',
    '-c:v',
    'mpeg4',
    '-metadata',
    `title=${title}`,
    made,
  )
  const bytes = await readFile(made)
  const body = bytes.indexOf(title)
  const id = bytes.lastIndexOf(Buffer.from([0x7b, 0xa9]), body)
  const length = body + title.length - id
  const name = Buffer.from(file)
  const next = Buffer.concat([Buffer.from([0x3e, 0x83, 0xbb, 0x80 | name.byteLength]), name])
  const rest = length - next.byteLength - 3
  Buffer.concat([next, Buffer.from([0xec, 0x40 | (rest >> 8), rest & 0xff]), Buffer.alloc(rest)]).copy(
    bytes,
    id,
  )
  return bytes
}

async function writeAttached({ url }: Targets, { folder }: { readonly folder: string }): Promise<Buffer> {
  await writeFile(`${folder}/attached.m3u8`, playlist(url))
  const made = `${folder}/to-attach.mkv`
  await ffmpeg(
    ...[
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=64x36:r=5:d=1',
      '-c:v',
      'mpeg4',
      '-attach',
      `${folder}/attached.m3u8`,
    ],
    ...['-metadata:s:t', 'mimetype=application/vnd.apple.mpegurl', made],
  )
  return readFile(made)
}
