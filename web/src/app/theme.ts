/** Colours and shapes. Pine is the accent; live red is for what is on air and nothing else. */
import { createTheme, type MantineColorsTuple } from '@mantine/core'

const pine: MantineColorsTuple = [
  '#eaf6f2',
  '#d6ebe4',
  '#aad8c8',
  '#7bc4aa',
  '#55b391',
  '#3da980',
  '#2b9a74',
  '#17805f',
  '#0b6e57',
  '#06543f',
]
const live: MantineColorsTuple = [
  '#fff0f0',
  '#fbdcdc',
  '#f4b3b4',
  '#ee898b',
  '#e9666a',
  '#e55055',
  '#d93a41',
  '#c42b33',
  '#b0232c',
  '#991a24',
]
/** Mantine's dark surfaces, with a breath of green. */
const dark: MantineColorsTuple = [
  '#d5dbd9',
  '#b3bcb9',
  '#8c9894',
  '#5d6a66',
  '#3a4542',
  '#2c3633',
  '#232b29',
  '#1a2120',
  '#141a19',
  '#0e1312',
]

export const theme = createTheme({
  primaryColor: 'pine',
  primaryShade: { light: 8, dark: 7 },
  colors: { pine, live, dark },
  autoContrast: true,
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily:
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: '650' },
  respectReducedMotion: true,
})
