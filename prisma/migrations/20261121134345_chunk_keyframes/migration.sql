-- AlterTable
ALTER TABLE "chunks" ADD COLUMN     "keyframes" INTEGER[] DEFAULT ARRAY[]::INTEGER[];
