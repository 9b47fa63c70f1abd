-- AlterTable
ALTER TABLE "channels" ADD COLUMN     "quota_bytes" BIGINT;

-- AlterTable
ALTER TABLE "stream_keys" ADD COLUMN     "expires_at" TIMESTAMPTZ(3);
