-- AlterTable
ALTER TABLE "channels" ADD COLUMN     "unheard_encoder" JSONB;

-- AlterTable
ALTER TABLE "recordings" ADD COLUMN     "pauses" JSONB NOT NULL DEFAULT '[]';
