-- How many cases are still to be derived anew, for a progress bar.
SELECT count() AS cases
FROM cases FINAL
WHERE case_no > {after:String}
  AND ({department:String} = '' OR department = {department:String})
  AND ({item:String} = '' OR item = {item:String})
