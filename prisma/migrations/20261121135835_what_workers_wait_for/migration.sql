-- AlterTable
ALTER TABLE "workers" ADD COLUMN     "held" JSONB NOT NULL DEFAULT '{}';
