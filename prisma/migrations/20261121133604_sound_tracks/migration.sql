-- AlterTable
ALTER TABLE "renditions" ADD COLUMN     "channels" INTEGER,
ADD COLUMN     "label" TEXT,
ADD COLUMN     "language" TEXT;

-- AlterTable
ALTER TABLE "videos" ADD COLUMN     "has_waveform" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "loudness" JSONB;
