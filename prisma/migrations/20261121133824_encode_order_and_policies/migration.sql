-- CreateEnum
CREATE TYPE "RenditionPolicy" AS ENUM ('eager', 'lazy');

-- AlterEnum
ALTER TYPE "ChunkState" ADD VALUE 'deferred';

-- AlterTable
ALTER TABLE "channels" ADD COLUMN     "encode_turn_at" TIMESTAMPTZ(6),
ADD COLUMN     "rendition_keep_days" INTEGER,
ADD COLUMN     "rendition_policy" "RenditionPolicy";

-- AlterTable
ALTER TABLE "chunks" ADD COLUMN     "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "lead" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "log" TEXT,
ADD COLUMN     "progress" DOUBLE PRECISION NOT NULL DEFAULT 0,
ADD COLUMN     "retry_at" TIMESTAMPTZ(3),
ADD COLUMN     "speed" DOUBLE PRECISION,
ADD COLUMN     "started_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "renditions" ADD COLUMN     "evicted_at" TIMESTAMPTZ(3),
ADD COLUMN     "last_viewed_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "queue_pauses" (
    "kind" TEXT NOT NULL,
    "paused_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "paused_by" TEXT,

    CONSTRAINT "queue_pauses_pkey" PRIMARY KEY ("kind")
);

-- CreateIndex
CREATE INDEX "chunks_state_video_id_lead_index_idx" ON "chunks"("state", "video_id", "lead", "index");

-- CreateIndex
CREATE INDEX "chunks_created_at_id_idx" ON "chunks"("created_at", "id");


-- Of what is there: the sound, and the smallest H.264 rung of each video.
UPDATE chunks SET lead = true FROM renditions r
 WHERE r.id = chunks.rendition_id AND (r.kind = 'audio' OR r.id = (
   SELECT l.id FROM renditions l
    WHERE l.video_id = r.video_id AND l.kind = 'video' AND coalesce(l.settings->>'codec', 'h264') = 'h264'
    ORDER BY l.width * l.height, l.id LIMIT 1));
