-- Trigrams for search as you type, and search that does not mind accents. Both are trusted extensions:
-- whoever may create in the database may create them (PostgreSQL 13 and later).
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
