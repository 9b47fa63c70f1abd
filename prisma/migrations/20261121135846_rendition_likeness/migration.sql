-- AlterTable
ALTER TABLE "chunks" ADD COLUMN     "frames" INTEGER,
ADD COLUMN     "ssim" DOUBLE PRECISION;

-- AlterTable
ALTER TABLE "renditions" ADD COLUMN     "frames" INTEGER,
ADD COLUMN     "lowest_ssim" DOUBLE PRECISION,
ADD COLUMN     "ssim" DOUBLE PRECISION;
