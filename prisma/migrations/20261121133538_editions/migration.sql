-- AlterTable
ALTER TABLE "videos" ADD COLUMN     "edition_of" TEXT,
ADD COLUMN     "shown_edition" TEXT,
ADD COLUMN     "superseded_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE UNIQUE INDEX "videos_shown_edition_key" ON "videos"("shown_edition");

-- CreateIndex
CREATE INDEX "videos_edition_of_idx" ON "videos"("edition_of");

-- AddForeignKey
ALTER TABLE "videos" ADD CONSTRAINT "videos_edition_of_fkey" FOREIGN KEY ("edition_of") REFERENCES "videos"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "videos" ADD CONSTRAINT "videos_shown_edition_fkey" FOREIGN KEY ("shown_edition") REFERENCES "videos"("id") ON DELETE SET NULL ON UPDATE CASCADE;


-- What changes in an edition is told of its video too.
CREATE OR REPLACE FUNCTION notify_video_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('reprise_catalogue', 'v ' || coalesce(NEW.id, OLD.id));
  IF coalesce(NEW.edition_of, OLD.edition_of) IS NOT NULL THEN
    PERFORM pg_notify('reprise_catalogue', 'v ' || coalesce(NEW.edition_of, OLD.edition_of));
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION notify_part_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('reprise_catalogue', 'v ' || coalesce(NEW.video_id, OLD.video_id));
  PERFORM pg_notify('reprise_catalogue', 'v ' || v.edition_of) FROM videos v
    WHERE v.id = coalesce(NEW.video_id, OLD.video_id) AND v.edition_of IS NOT NULL;
  RETURN NULL;
END $$;
