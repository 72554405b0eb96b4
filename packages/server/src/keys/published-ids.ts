/** Ids of the published test vectors: their secrets are known to everybody. */
const PUBLISHED_IDS = ['0000000000000000', 'zzzzzzzzzzzzzzzz', '000g40r40m30e209']

/** SHA-256 of the secrets of the published test vectors. */
const PUBLISHED_SHA256S = new Set([
  '1370d019d0635f8f974e15562fba7e90ec6e7e77b1c240cd05d546c85783797d',
  '346bb7ee09fef02bf0ab4a5f3a2e450f509138a050d1037ed4bd2b0aad70623e',
  '39c78a3a7131c19a90af0e27bb00f7acfbdb1de4d323e3b7f038a2619bc9f5ea',
  '3f9e185ccc18c78d3635a3927117b980a0015fbc3baac6c8484e3cf8ed739fc9',
  '4d66f1ec22f7e7446a4804a1e2862c7cc3a3209b06d2f73e0729c9b97157f385',
  '5f19f20c6bc4284822901ea69c8025993de345b472a6541d76c32dddb9c2da5c',
  '9f33117687290f075af97207e3345028391b77b10c3901fcc28871e314bf5666',
  'ab3b0f3e31298d9a01c367f558863a535b9116917564be212451f65ce7af86b6',
  'd3cf7965347efe060097b4fd893a8e1d18726d6d324441ba6043101ae095e189',
  'e2d4140882c618b41957305738562b13781e4a7d35e5c6faa4f1f43be6162646',
  'e8bee067c29fee05a4807a9676fee139ca5b8c158385d36d0f356d416ed77c11',
  'ed385ecfac74de72117c9d61d44a828df9fefd0f44cf7aa926b3cbe504e284e7',
  'feded4f78965f26dcfbd764fe2a5ca6225abbee7e6606450155e64eec02a29bf',
])

export function isPublishedSha256(sha256: string): boolean {
  return PUBLISHED_SHA256S.has(sha256)
}

export function isPublishedId(id: string): boolean {
  return PUBLISHED_IDS.includes(id)
}
