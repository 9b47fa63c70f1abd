/** Bitrate and frame rate of the last five minutes, as lines. */
import { Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Broadcast } from '../../../../../src/delivery/contract/broadcasts.ts'
import { healthHistoryQuery } from '../../../api/broadcasts.ts'
import { formatBitrate, formatFrameRate } from '../../../ui/format-amount.ts'
import classes from './health-chart.module.css'
import { chartPoints, chartSpanMs, type HealthSample, withSample } from './health-samples.ts'

const BOX = { width: 600, height: 90 }

/** `now`: drawn anew as it passes. */
export function HealthChart({ broadcast, now }: { readonly broadcast: Broadcast; readonly now: number }) {
  const { id, health } = broadcast
  const { data } = useQuery(healthHistoryQuery(id))
  const [samples, setSamples] = useState<readonly HealthSample[]>([])
  useEffect(() => {
    if (data !== undefined) setSamples((since) => [...data.items, ...since])
  }, [data])
  // Each event brings a new object.
  useEffect(() => setSamples((before) => withSample(before, health, Date.now())), [health])

  const spanMs = chartSpanMs(samples, now)
  const minutes = Math.ceil(spanMs / 60_000)
  const peak = Math.max(...samples.map(({ bitsPerSecond }) => bitsPerSecond), 1)
  const fastest = Math.max(...samples.map(({ frameRate }) => frameRate), 1)
  const line = (most: number, value: (sample: HealthSample) => number) =>
    chartPoints(
      samples.map((sample) => ({ at: sample.at, value: value(sample) })),
      most * 1.1,
      BOX,
      now,
      spanMs,
    )
  const bitrate = line(peak, ({ bitsPerSecond }) => bitsPerSecond)
  const words = `Bitrate up to ${formatBitrate(peak)}, up to ${formatFrameRate(fastest)} frames a second`
  return (
    <figure className={classes.figure} data-testid="health-chart" data-samples={samples.length}>
      <svg
        viewBox={`0 0 ${BOX.width} ${BOX.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`The last minutes. ${words}.`}
        className={classes.chart}
      >
        <title>{words}</title>
        <polyline className={classes.bitrate} points={bitrate} />
        <polyline className={classes.frameRate} points={line(fastest, ({ frameRate }) => frameRate)} />
      </svg>
      <Group component="figcaption" justify="space-between" gap="xs">
        <Group gap="md">
          <Text size="xs" c="dimmed" className={classes.bitrateKey ?? ''}>
            Bitrate
          </Text>
          <Text size="xs" c="dimmed" className={classes.frameRateKey ?? ''}>
            Frame rate
          </Text>
        </Group>
        <Text size="xs" c="dimmed">
          {minutes === 1 ? 'last minute' : `last ${minutes} minutes`}
        </Text>
      </Group>
    </figure>
  )
}
