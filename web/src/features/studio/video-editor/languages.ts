/** Languages to choose from, in the words of whoever looks: code and name. */
const CODES =
  'ar bg bn ca cs da de el en es et eu fa fi fil fr gl he hi hr hu id it ja ko lt lv ms nb nl pl pt pt-BR ro ru sk sl sr sv sw ta th tr uk ur vi zh-Hans zh-Hant'.split(
    ' ',
  )

export const LANGUAGES: { readonly value: string; readonly label: string }[] = CODES.map((value) => ({
  value,
  label: nameOf(value),
})).toSorted((a, b) => a.label.localeCompare(b.label))

function nameOf(code: string): string {
  const name = new Intl.DisplayNames(['en'], { type: 'language' }).of(code) ?? code
  return name.charAt(0).toUpperCase() + name.slice(1)
}
