import { describe, expect, it } from 'vitest'
import { encodeAudioChunk } from '../../../../src/pipeline/ffmpeg/audio-argv.ts'
import { parseDialect } from '../../../../src/pipeline/ffmpeg/command.ts'
import { ALLOW_LISTS, inputUrl } from '../../../../src/pipeline/ffmpeg/hostile-input.ts'
import {
  isGoodPicture,
  judgeSamples,
  SAMPLE_HEIGHT,
  SAMPLE_WIDTH,
  takePosterCandidates,
} from '../../../../src/pipeline/ffmpeg/poster-argv.ts'
import { encodeMeasuredChunk, encodePlannedChunk } from '../../../../src/pipeline/ffmpeg/video-argv.ts'
import { ENCODED_AUDIO, planLadder, type Rung } from '../../../../src/pipeline/ladder.ts'

const dialect = { passthrough: ['-fps_mode', 'passthrough'], toneMapping: true }
const rungs = planLadder({ width: 1280, height: 720, frameRate: 30 }, 'measured')
const target = {
  rungs: rungs.slice(0, 2),
  outputOf: (rung: Rung) => `/tmp/a/${rung.name}.mp4`,
  threads: 2,
  dialect,
}

describe('a chunk of a measured timeline', () => {
  const command = encodeMeasuredChunk({
    ...target,
    inputPath: '/tmp/a/input.mp4',
    picture: { width: 1280, height: 720, matrix: '' },
    boundaries: [0, 2.002, 4.004],
  })

  it('is read once, under the allow-lists', () => {
    expect(command.inputs).toEqual([
      { url: 'file:/tmp/a/input.mp4', options: ['-threads', '2', ...ALLOW_LISTS] },
    ])
  })

  it('is decoded once and scaled for each rung, SD and HD colours told apart', () => {
    expect(command.filterGraph).toBe(
      [
        '[0:v:0]split=2[s0][s1]',
        '[s0]scale=854:480:flags=bicubic:in_color_matrix=bt709:out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1[v0]',
        '[s1]scale=640:360:flags=bicubic:in_color_matrix=bt709:out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1[v1]',
      ].join(';'),
    )
  })

  it('is encoded with keyframes where segments begin and nowhere else', () => {
    expect(command.outputs[0]).toEqual({
      path: '/tmp/a/480p.mp4',
      options: [
        ...['-map', '[v0]', '-map_metadata', '-1', '-map_chapters', '-1'],
        ...[
          '-c:v',
          'libx264',
          '-preset',
          'veryfast',
          '-threads',
          '2',
          '-crf',
          '24',
          '-maxrate',
          '1401000',
          '-bufsize',
          '2802000',
        ],
        ...['-profile:v', 'high', '-level:v', '3.1', '-pix_fmt', 'yuv420p'],
        ...['-g', '100000', '-keyint_min', '1', '-sc_threshold', '0', '-forced-idr', '1'],
        ...[
          '-x264-params',
          'open-gop=0',
          '-color_primaries',
          'bt709',
          '-color_trc',
          'bt709',
          '-colorspace',
          'bt709',
          '-color_range',
          'tv',
        ],
        ...['-force_key_frames', '0.000000,2.000000,4.002000'],
        ...['-fps_mode', 'passthrough', '-enc_time_base', '-1'],
        ...[
          '-video_track_timescale',
          '90000',
          '-movflags',
          '+frag_keyframe+empty_moov+default_base_moof',
          '-f',
          'mp4',
        ],
      ],
    })
  })

  it('of more than 60 frames a second leaves out every other one, counted from each segment’s first (pain 30)', () => {
    const fast = planLadder({ width: 1280, height: 720, frameRate: 120 }, 'measured')
    const halved = encodeMeasuredChunk({
      ...target,
      rungs: fast.slice(0, 1),
      inputPath: '/i',
      picture: { width: 1280, height: 720, matrix: 'bt709' },
      boundaries: [0, 2, 4],
      segmentFrames: [241, 240, 12],
    })
    expect(halved.filterGraph).toMatch(
      /^\[0:v:0\]select='not\(mod\(n-if\(gte\(n,481\),481,if\(gte\(n,241\),241,0\)\),2\)\)',split=1\[s0\];/,
    )
  })

  it('ends where the next segment only lent its keyframe', () => {
    const cut = encodeMeasuredChunk({
      ...target,
      inputPath: '/i',
      picture: { width: 1280, height: 720, matrix: 'bt709' },
      boundaries: [0],
      cutAt: 8,
    })
    expect(cut.filterGraph).toMatch(/^\[0:v:0\]trim=end=7\.998000,split=2\[s0\]\[s1\];/)
  })

  it('whose shape is not the ladder’s is fitted with bars', () => {
    const turned = encodeMeasuredChunk({
      ...target,
      inputPath: '/i',
      picture: { width: 720, height: 1280, matrix: 'smpte170m' },
      boundaries: [0],
    })
    expect(turned.filterGraph).toContain(
      '[s0]scale=270:480:flags=bicubic:in_color_matrix=smpte170m:out_color_matrix=bt709:out_range=tv,format=yuv420p,pad=854:480:(ow-iw)/2:(oh-ih)/2,setsar=1[v0]',
    )
  })
})

describe('a chunk of a planned timeline', () => {
  const chunk = {
    ...target,
    inputPath: '/u/source.webm',
    streamIndex: 1,
    picture: { width: 1280, height: 720, matrix: 'bt709' },
    interlaced: false,
    hdr: false,
    rate: { num: 30_000, den: 1001 },
    firstFrame: 240,
    segmentFrames: [120, 30],
    prerollSeconds: 1,
  }

  it('begins to decode before it, and takes as many frames as planned', () => {
    const command = encodePlannedChunk(chunk)
    // 30 frames before frame 240 at 29.97.
    expect(command.inputs[0]?.options.slice(-3)).toEqual(['-noaccurate_seek', '-ss', '7.007000'])
    expect(command.filterGraph).toMatch(
      /^\[0:1\]fps=30000\/1001,tpad=stop=-1:stop_mode=clone,fps=30000\/1001:start_time=1\.001000,trim=end_frame=150,split=2/,
    )
    expect(command.outputs[0]?.options.join(' ')).toContain('-force_key_frames 0.999000,5.003000 ')
  })

  it('at the beginning does not seek', () => {
    const command = encodePlannedChunk({ ...chunk, firstFrame: 0 })
    expect(command.inputs[0]?.options).not.toContain('-ss')
    expect(command.filterGraph).toContain('start_time=0.000000')
  })

  it('is deinterlaced, and brought to SDR where ffmpeg can', () => {
    expect(encodePlannedChunk({ ...chunk, interlaced: true }).filterGraph).toMatch(
      /^\[0:1\]yadif=deint=interlaced,fps=/,
    )
    expect(encodePlannedChunk({ ...chunk, hdr: true }).filterGraph).toContain(
      'setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=',
    )
    expect(
      encodePlannedChunk({ ...chunk, hdr: true, dialect: { ...dialect, toneMapping: false } }).filterGraph,
    ).not.toContain('tonemap')
  })
})

describe('a chunk of sound', () => {
  const chunk = {
    input: { path: '/u/a.mkv', streamIndex: 2 },
    settings: ENCODED_AUDIO,
    startSeconds: 8,
    endSeconds: 16,
    outputPath: '/tmp/a.mp4',
  }

  it('lies on the grid of AAC frames, with some before and after', () => {
    const { command, zeroSeconds } = encodeAudioChunk(chunk)
    // Frame 375 begins at 8 s; four before it.
    expect(zeroSeconds).toBeCloseTo((371 * 1024) / 48_000, 9)
    expect(command.inputs[0]?.options.slice(-2)).toEqual(['-ss', '6'])
    const offset = 371 * 1024 - 6 * 48_000
    expect(command.filterGraph).toContain(
      `atrim=start_sample=${offset}:end_sample=${offset + (750 + 2 - 371) * 1024}`,
    )
  })

  it('at the beginning has no room before it', () => {
    const { command, zeroSeconds } = encodeAudioChunk({ ...chunk, startSeconds: 0 })
    expect(zeroSeconds).toBe(0)
    expect(command.inputs[0]?.options).not.toContain('-ss')
    expect(command.filterGraph).toContain('atrim=start_sample=0:')
    expect(command.filterGraph).not.toContain('adelay')
  })

  it('is silent where there is no sound at all', () => {
    const { command } = encodeAudioChunk({ ...chunk, input: undefined })
    expect(command.inputs).toEqual([])
    expect(command.filterGraph).toMatch(/^anullsrc=channel_layout=stereo:sample_rate=48000,/)
  })

  it('is made louder, and its peaks pressed down, without being moved', () => {
    const { command } = encodeAudioChunk({
      ...chunk,
      settings: { ...ENCODED_AUDIO, gainDb: 4.5, limited: true },
    })
    expect(command.filterGraph).toMatch(/volume=4\.50dB,apad,alimiter=[^,]*attack=5:/)
    expect(command.filterGraph).toContain(`atrim=start_sample=${371 * 1024 - 6 * 48_000 + 240}:`)
  })

  it('of one channel has one', () => {
    const settings = { ...ENCODED_AUDIO, channels: 1, originSeconds: -0.01 } as const
    const { command } = encodeAudioChunk({ ...chunk, startSeconds: 0, settings })
    expect(command.filterGraph).toContain('channel_layouts=mono,adelay=480S,apad')
  })

  it('is silent where the timeline begins before the file', () => {
    const { command } = encodeAudioChunk({
      ...chunk,
      startSeconds: 0,
      settings: { ...ENCODED_AUDIO, originSeconds: -0.08 },
    })
    expect(command.filterGraph).toContain('adelay=3840S|3840S,apad,atrim=start_sample=0:')
  })

  it('is taken later where the timeline begins after the file', () => {
    const { command } = encodeAudioChunk({ ...chunk, settings: { ...ENCODED_AUDIO, originSeconds: 1.5 } })
    expect(command.inputs[0]?.options.slice(-2)).toEqual(['-ss', '8'])
    expect(command.filterGraph).toContain(`atrim=start_sample=${371 * 1024 + 72_000 - 8 * 48_000}:`)
  })
})

describe('a poster', () => {
  it('is taken with a thumbnail to judge it by', () => {
    const command = takePosterCandidates({
      inputPath: '/i.mp4',
      stream: 'v:0',
      width: 1280,
      height: 720,
      dialect,
      keyframesOnly: true,
      atMost: 1,
      outputDir: '/tmp/p',
    })
    expect(command.inputs[0]?.options.slice(-3)).toEqual(['-an', '-skip_frame', 'nokey'])
    expect(command.outputs.map(({ path }) => path)).toEqual(['/tmp/p/%d.jpg', '/tmp/p/samples.gray'])
  })

  it('of HDR is brought to SDR like the rungs (pain 31)', () => {
    const hdr = {
      width: 1280,
      height: 720,
      matrix: 'bt2020nc',
      transfer: 'arib-std-b67',
      primaries: 'bt2020',
    }
    const job = { inputPath: '/i.mp4', stream: '0', width: 1280, height: 720, keyframesOnly: false }
    const rest = { atMost: 1, outputDir: '/tmp/p', hdr }
    expect(takePosterCandidates({ ...job, ...rest, dialect }).filterGraph).toMatch(
      /^\[0:0\]setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc,zscale=.*tonemap=.*split/,
    )
    const old = { ...dialect, toneMapping: false }
    expect(takePosterCandidates({ ...job, ...rest, dialect: old }).filterGraph).not.toContain('tonemap')
  })

  it.each([
    ['black', () => 0, false],
    ['nearly black', (i: number) => (i % 50 === 0 ? 60 : 2), false],
    ['white', () => 255, false],
    ['one colour', () => 128, false],
    ['a picture', (i: number) => (i * 7) % 200, true],
  ])('%s is judged by its brightness', (_, value, good) => {
    const size = SAMPLE_WIDTH * SAMPLE_HEIGHT
    const [sample, ...others] = judgeSamples(Uint8Array.from({ length: size + 5 }, (_x, i) => value(i)))
    expect(others).toEqual([])
    expect(sample && isGoodPicture(sample)).toBe(good)
  })
})

describe('what differs between builds of ffmpeg', () => {
  it.each([
    ['ffmpeg version 5.1.9-0+deb12u1 Copyright', '-fps_mode'],
    ['ffmpeg version 7.1 Copyright', '-fps_mode'],
    ['ffmpeg version n6.0 Copyright', '-fps_mode'],
    ['ffmpeg version 5.0.1 Copyright', '-vsync'],
    ['ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright', '-vsync'],
    ['ffmpeg version N-47683-g0e8eb07980-static https://johnvansickle.com/ffmpeg/', '-vsync'],
    ['ffmpeg version N-115000-gabc Copyright', '-fps_mode'],
  ])('%s takes %s', (version, option) => {
    expect(parseDialect(version, '').passthrough[0]).toBe(option)
  })

  it('includes what it can do about HDR', () => {
    const filters =
      ' .S. tonemap           V->V       Conversion\n ..C zscale            V->V       Apply resizing\n'
    expect(parseDialect('', filters).toneMapping).toBe(true)
    expect(parseDialect('', ' .. scale V->V').toneMapping).toBe(false)
  })
})

it('takes only absolute paths for inputs', () => {
  expect(inputUrl('/a b/c:d.mp4')).toBe('file:/a b/c:d.mp4')
  expect(() => inputUrl('-i')).toThrow()
  expect(() => inputUrl('http://x/')).toThrow()
})
