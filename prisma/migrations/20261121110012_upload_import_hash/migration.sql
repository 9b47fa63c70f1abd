-- AlterTable
ALTER TABLE "uploads" ADD COLUMN     "import_hash" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "uploads_channel_id_import_hash_key" ON "uploads"("channel_id", "import_hash");
