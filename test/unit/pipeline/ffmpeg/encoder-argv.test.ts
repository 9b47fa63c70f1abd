/** What each encoder is told, whole: golden, since no hardware encodes where these tests run. */
import { describe, expect, it } from 'vitest'
import {
  deviceOptions,
  encoderOptions,
  type HardwareEncoder,
  SOFTWARE,
  SOFTWARE_BESIDE_HARDWARE,
  uploadFilter,
} from '../../../../src/pipeline/ffmpeg/encoder-argv.ts'
import { planLadder } from '../../../../src/pipeline/ladder.ts'

const ladder = planLadder({ width: 1280, height: 720, frameRate: 30 }, 'planned', ['h264', 'hevc', 'av1'])
const rung = (name: string) => {
  const found = ladder.find((of) => of.name === name)
  if (!found) throw new Error(name)
  return found
}
const told = (name: string, encoder: Parameters<typeof encoderOptions>[1], threads = 2) =>
  encoderOptions(rung(name), encoder, threads).join(' ')
const by = (hardware: HardwareEncoder) => ({ by: 'hardware', hardware }) as const
const KEYFRAMES = '-g 100000 -keyint_min 1 -sc_threshold 0'
const BT709 = '-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv'

describe('hardware is told', () => {
  it.each([
    [
      { kind: 'nvenc' },
      '-c:v h264_nvenc -preset p4 -rc vbr -cq 23 -b:v 0 -maxrate 2800000 -bufsize 5600000 -profile:v high -bf 0 -level:v 3.1 -pix_fmt yuv420p -forced-idr 1 -no-scenecut 1',
    ],
    [
      { kind: 'vaapi', device: '/dev/dri/renderD128' },
      '-c:v h264_vaapi -rc_mode VBR -b:v 2100000 -maxrate 2800000 -bufsize 5600000 -profile:v high -bf 0 -level:v 31',
    ],
    [
      { kind: 'qsv' },
      '-c:v h264_qsv -preset medium -b:v 2100000 -maxrate 2800000 -bufsize 5600000 -profile:v high -bf 0 -level:v 31 -pix_fmt nv12 -forced_idr 1 -look_ahead 0',
    ],
    [
      { kind: 'videotoolbox' },
      '-c:v h264_videotoolbox -b:v 2100000 -maxrate 2800000 -bufsize 5600000 -profile:v high -bf 0 -level:v 3.1 -pix_fmt nv12 -allow_sw 0 -realtime 0',
    ],
  ] as const)('%j', (hardware, words) => {
    expect(told('720p', by(hardware))).toBe(`${words} ${KEYFRAMES} ${BT709}`)
  })

  it('where the pictures go, when they have to be carried there', () => {
    expect(deviceOptions({ kind: 'vaapi', device: '/dev/dri/renderD129' })).toEqual([
      ...['-init_hw_device', 'vaapi=hw:/dev/dri/renderD129', '-filter_hw_device', 'hw'],
    ])
    expect(uploadFilter(by({ kind: 'vaapi' }))).toBe(',format=nv12,hwupload')
    expect(deviceOptions({ kind: 'qsv' })).toEqual(['-init_hw_device', 'qsv=hw', '-filter_hw_device', 'hw'])
    expect([
      deviceOptions({ kind: 'nvenc' }),
      uploadFilter(by({ kind: 'nvenc' })),
      uploadFilter(SOFTWARE),
    ]).toEqual([...[[], '', '']])
  })
})

describe('software is told', () => {
  it('to keep its parameter sets apart where hardware began', () => {
    expect(told('720p', SOFTWARE)).toContain('-x264-params open-gop=0 ')
    expect(told('720p', SOFTWARE_BESIDE_HARDWARE)).toContain('-x264-params open-gop=0:sps-id=1 ')
  })

  it('of HEVC, one configuration for any number of threads, named hvc1', () => {
    expect(told('720p-hevc', SOFTWARE)).toBe(
      `-c:v libx265 -preset veryfast -threads 2 -crf 27 -maxrate 1820000 -bufsize 3640000 -profile:v main -pix_fmt yuv420p -tag:v hvc1 -forced-idr 1 -x265-params level-idc=3.1:high-tier=0:open-gop=0:scenecut=0:keyint=100000:min-keyint=1:info=0:repeat-headers=0:wpp=0:pools=2:frame-threads=2:log-level=error ${BT709}`,
    )
  })

  it('of AV1, keyframes where they are asked for', () => {
    expect(told('720p-av1', SOFTWARE)).toBe(
      `-c:v libaom-av1 -usage realtime -cpu-used 8 -row-mt 1 -threads 2 -crf 35 -b:v 1155000 -maxrate 1540000 -bufsize 3080000 -pix_fmt yuv420p -g 100000 ${BT709}`,
    )
  })
})
