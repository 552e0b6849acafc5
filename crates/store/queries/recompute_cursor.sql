SELECT after
FROM recomputes FINAL
WHERE scope = {scope:String} AND generation = {generation:UInt32} AND NOT finished
