-- Cases closed in the period whose figures may rest on a trick, a row a case and kind: findings of the kinds asked for,
-- and batch_close (as batch_closings.sql).
SELECT
    case_no,
    arrayJoin(arrayFilter(
        kind -> has({kinds:Array(String)}, kind),
        arrayDistinct(arrayConcat(
            arrayMap(kind -> toString(kind), finding_kinds),
            if(in_a_minute >= {batch_at_least:UInt32}, ['batch_close'], []))))) AS kind
FROM closings_in_period(since_ms = {from_ms:Int64}, until_ms = {to_ms:Int64}, zone = {zone:String})
