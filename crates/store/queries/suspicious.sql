-- Cases closed in the period whose figures may rest on a trick, a row a case and kind: findings of the kinds asked for,
-- and batch_close (as batch_closings.sql).
SELECT
    *,
    arrayJoin(arrayFilter(
        kind -> has({kinds:Array(String)}, kind),
        arrayDistinct(arrayConcat(
            arrayMap(kind -> toString(kind), finding_kinds),
            if(in_batch, ['batch_close'], []))))) AS suspected
FROM closings_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64}, zone = {zone:String}, batch_at_least = {batch_at_least:UInt32})
WHERE hasAny(finding_kinds, {kinds:Array(String)}) OR (in_batch AND has({kinds:Array(String)}, 'batch_close'))
