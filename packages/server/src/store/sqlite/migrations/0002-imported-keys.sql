-- 0002: secrets that were issued elsewhere, found by their digest or by a tag. Only adds: breaks nothing.

-- First characters of the string, where its owner gave them.
ALTER TABLE secrets ADD COLUMN start TEXT;
-- With argon2id: a PHC prefix (parameters and salt), and the 16 bits by which the few candidates are found.
ALTER TABLE secrets ADD COLUMN kdf TEXT CHECK ((kdf IS NULL) = (hash_class = 'hmac'));
ALTER TABLE secrets ADD COLUMN tag INTEGER CHECK ((tag IS NULL) = (hash_class = 'hmac'));

CREATE UNIQUE INDEX secrets_imported_digest ON secrets (digest)
  WHERE minted_by = 'import' AND hash_class = 'hmac';
CREATE INDEX secrets_imported_tag ON secrets (tag) WHERE tag IS NOT NULL;
