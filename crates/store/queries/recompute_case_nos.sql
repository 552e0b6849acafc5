-- The next cases that are, or once were, of a department or an item; an empty text asks for all. Without FINAL, so
-- that a page is read in order and not every case behind it merged.
SELECT DISTINCT case_no
FROM cases
WHERE case_no > {after:String}
  AND ({department:String} = '' OR department = {department:String})
  AND ({item:String} = '' OR item = {item:String})
ORDER BY case_no
LIMIT {most:UInt32}
