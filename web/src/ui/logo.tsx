/** The mark: a musical repeat sign, which is what a reprise is written with. */
export function Logo({ size = 28 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="var(--reprise-brand)" />
      <g fill="var(--reprise-on-brand)">
        <circle cx="9.5" cy="12.2" r="2.2" />
        <circle cx="9.5" cy="19.8" r="2.2" />
        <rect x="14.4" y="7" width="2.2" height="18" rx="1.1" />
        <rect x="19" y="7" width="5" height="18" rx="1.6" />
      </g>
    </svg>
  )
}
