/** Languages of captions: as files name them (ISO 639-2, three letters) and as the web does (RFC 5646). */

/** "eng" → "en", "pt_br" → "pt-BR"; "und" for what is none. */
export function normaliseLanguage(given: string): string {
  try {
    const [language = 'und'] = Intl.getCanonicalLocales(given.trim().replaceAll('_', '-'))
    return language
  } catch {
    return 'und'
  }
}

/** In its own words: "Deutsch", "English". */
export function languageName(language: string): string {
  if (language === 'und') return 'Unknown language'
  try {
    const name = new Intl.DisplayNames([language, 'en'], { type: 'language' }).of(language) ?? language
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1)
  } catch {
    return language
  }
}
