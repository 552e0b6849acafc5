-- When a recompute last ended; 1970 where none ever did.
SELECT toUnixTimestamp64Milli(max(at)) AS at
FROM recomputes
WHERE finished
