/** The certificate and key of the RTMPS port, read and checked once at the start. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContext } from 'node:tls'
import { AppError, describeError } from '../kernel/errors.ts'

export interface TlsFiles {
  /** PEM: the server's certificate first, then those that vouch for it. */
  readonly certFile: string
  /** PEM, without a passphrase. */
  readonly keyFile: string
}

export interface TlsIdentity {
  readonly context: SecureContext
  readonly expiresAt: Date
}

/** Throws AppError `bad-setting` that names RTMPS_CERT or RTMPS_KEY, the file, and what is wrong with it. */
export async function readTlsIdentity({ certFile, keyFile }: TlsFiles): Promise<TlsIdentity> {
  const cert = await readSetting('RTMPS_CERT', certFile)
  const key = await readSetting('RTMPS_KEY', keyFile)
  const certificate = parse('RTMPS_CERT', certFile, 'a certificate', () => new X509Certificate(cert))
  const privateKey: KeyObject = parse('RTMPS_KEY', keyFile, 'a private key without a passphrase', () =>
    createPrivateKey(key),
  )
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new AppError(
      'bad-setting',
      `RTMPS_KEY: ${keyFile} does not belong to the certificate in ${certFile} (RTMPS_CERT).`,
    )
  }
  const context = parse('RTMPS_CERT', certFile, 'a certificate that can be used', () =>
    createSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
  )
  return { context, expiresAt: new Date(certificate.validTo) }
}

async function readSetting(setting: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'this user may not read it'
          : code === 'EISDIR'
            ? 'it is a folder'
            : describeError(cause)
    throw new AppError('bad-setting', `${setting}: cannot read ${file}: ${why}.`, { cause })
  }
}

function parse<T>(setting: string, file: string, what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new AppError('bad-setting', `${setting}: ${file} is not ${what} in PEM form.`, { cause })
  }
}
