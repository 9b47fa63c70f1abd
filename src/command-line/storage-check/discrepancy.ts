/** Where the storage folder and the catalogue do not agree, and what can be done about it. */
export interface Discrepancy {
  /** Such as "recording 0198…/3.flv". */
  readonly subject: string
  readonly text: string
  /** `note`: nothing is lost by it, such as what a crash left behind. */
  readonly state: 'note' | 'bad'
  /** Absent: nothing that a program should do by itself; `text` says what a person can. */
  readonly repair?: {
    /** What will be done, to be asked for: "remove it". */
    readonly what: string
    readonly run: () => Promise<void>
  }
}
