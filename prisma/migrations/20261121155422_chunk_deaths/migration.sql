-- AlterTable
ALTER TABLE "chunks" ADD COLUMN     "deaths" INTEGER NOT NULL DEFAULT 0;
