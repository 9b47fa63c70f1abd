-- CreateEnum
CREATE TYPE "CaptionKind" AS ENUM ('subtitles', 'captions');

-- CreateEnum
CREATE TYPE "CaptionOrigin" AS ENUM ('upload', 'embedded', 'broadcast', 'speech');

-- AlterTable
ALTER TABLE "videos" ADD COLUMN     "chapters" JSONB,
ADD COLUMN     "closed_captions" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "poster_name" TEXT,
ADD COLUMN     "preview_name" TEXT,
ADD COLUMN     "source_chapters" JSONB,
ADD COLUMN     "storyboard_sheets" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "poster_choices" (
    "video_id" TEXT NOT NULL,
    "seconds" DOUBLE PRECISION,
    "picture" BYTEA,

    CONSTRAINT "poster_choices_pkey" PRIMARY KEY ("video_id")
);

-- CreateTable
CREATE TABLE "storyboard_sheets" (
    "video_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "columns" INTEGER NOT NULL,
    "tile_width" INTEGER NOT NULL,
    "tile_height" INTEGER NOT NULL,
    "starts" DOUBLE PRECISION[],
    "end_seconds" DOUBLE PRECISION NOT NULL,
    "samples" BYTEA NOT NULL,

    CONSTRAINT "storyboard_sheets_pkey" PRIMARY KEY ("video_id","number")
);

-- CreateTable
CREATE TABLE "captions" (
    "id" TEXT NOT NULL,
    "video_id" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" "CaptionKind" NOT NULL DEFAULT 'subtitles',
    "origin" "CaptionOrigin" NOT NULL DEFAULT 'upload',
    "source" TEXT NOT NULL,
    "is_default" BOOLEAN NOT NULL DEFAULT false,
    "version" INTEGER NOT NULL DEFAULT 1,
    "cues" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "captions_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "captions_video_id_origin_source_key" ON "captions"("video_id", "origin", "source");

-- AddForeignKey
ALTER TABLE "poster_choices" ADD CONSTRAINT "poster_choices_video_id_fkey" FOREIGN KEY ("video_id") REFERENCES "videos"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "storyboard_sheets" ADD CONSTRAINT "storyboard_sheets_video_id_fkey" FOREIGN KEY ("video_id") REFERENCES "videos"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "captions" ADD CONSTRAINT "captions_video_id_fkey" FOREIGN KEY ("video_id") REFERENCES "videos"("id") ON DELETE CASCADE ON UPDATE CASCADE;
